package app

import (
	"path/filepath"

	"tocsin/internal/region"
)

// RegionDir is where a server's data folder holds States' own boundaries.
func RegionDir(data string) string { return filepath.Join(data, "regions") }

// openAtlas reads the areas and the groups of them. A group of the configuration
// that names an unknown area stops the start: an officer would choose it at night.
func (a *App) openAtlas() (err error) {
	if a.Atlas, err = region.Open(RegionDir(a.Config.Data)); err != nil {
		return err
	}
	if a.groups, err = a.Config.Groups(); err != nil {
		return err
	}
	return a.Atlas.CheckGroups("area_groups", a.Config.AreaGroups).Err()
}
