package app

import (
	"fmt"

	"tocsin/adapters/broadcast"
	"tocsin/adapters/sms"
	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// secondID is the id of the telephone that is a station's second way: made from
// the station's, so that it goes with it, and no citizen's number has it.
func secondID(channel, id string) string {
	if channel != broadcast.Name {
		return ""
	}
	return "second-" + id
}

// secondWay is the telephone of a station, told by SMS when the station does not confirm on the feed.
func (a *App) secondWay(station adapter.Recipient, phone string) (adapter.Recipient, error) {
	var faults alert.Invalid
	if station.Channel != broadcast.Name {
		faults.Add("phone", "unknown", "Only a broadcaster has a second way; leave the telephone out.")
		return adapter.Recipient{}, faults
	}
	if _, on := a.Config.Channels[sms.Name]; !on {
		faults.Add("phone", "channel", `The channel "sms" is off, so nobody could be told there; name it under "channels", or leave the telephone out.`)
		return adapter.Recipient{}, faults
	}
	salt, err := sms.Salt(keyDir(a.Config))
	if err != nil {
		return adapter.Recipient{}, err
	}
	r, err := sms.NewRecipient(phone, a.Config.Country, station.Areas, station.Lang, salt)
	if err != nil {
		return adapter.Recipient{}, fmt.Errorf("the station's telephone: %w", err)
	}
	r.ID = secondID(station.Channel, station.ID)
	r.Name = station.Name + " (telephone)"
	r.Second = adapter.Second{Channel: station.Channel, ID: station.ID}
	return r, nil
}
