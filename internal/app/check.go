package app

import (
	"errors"
	"slices"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/config"
	"tocsin/internal/region"
)

// Check finds every fault of c for which a server would not start, at once and
// without starting anything: those that config.Config.Check sees, areas that this
// server does not know, and passkeys that no browser makes. The settings of a channel
// are judged when it is opened.
func Check(c config.Config) error {
	err := c.Check(ChannelNames())
	bad, ok := errors.AsType[alert.Invalid](err)
	if err != nil && !ok {
		return err
	}
	atlas, err := region.Open(RegionDir(c.Data))
	if err != nil {
		return err
	}
	bad = append(bad, atlas.CheckGroups("area_groups", c.AreaGroups)...)
	_, err = auth.NewPasskeys(nil, c.PublicURL)
	if c.ReleasePasskey == string(casework.PasskeyRequired) && errors.Is(err, auth.ErrNoPasskeys) {
		bad.Add("release_passkey", "address", "Browsers make no passkeys for this public_url: give it a host name and https, or take required out.")
	}
	slices.SortStableFunc(bad, func(a, b alert.Fault) int { return strings.Compare(a.Field, b.Field) })
	return bad.Err()
}
