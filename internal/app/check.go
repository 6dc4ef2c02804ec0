package app

import (
	"errors"
	"slices"
	"strings"

	"tocsin/adapters"
	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/config"
	"tocsin/internal/region"
)

// checkParts finds channels that cannot be cut: whose recipients are few, and have names.
func checkParts(c config.Config) (bad alert.Invalid) {
	for _, d := range adapters.All() {
		if c.Parts[d.Name] != 0 && d.Pack == nil {
			bad.Add("parts."+d.Name, "unknown", "Take it out: only a channel of citizens' devices is cut into parts.")
		}
	}
	return bad
}

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
	bad = append(bad, checkParts(c)...)
	_, err = auth.NewPasskeys(new(auth.Book), c.PublicURL) // asked for the address alone
	if c.ReleasePasskey == string(casework.PasskeyRequired) && errors.Is(err, auth.ErrNoPasskeys) {
		bad.Add("release_passkey", "address", "Browsers make no passkeys for this public_url: give it a host name and https, or take required out.")
	}
	slices.SortStableFunc(bad, func(a, b alert.Fault) int { return strings.Compare(a.Field, b.Field) })
	return bad.Err()
}
