package app

import (
	"context"
	"errors"
	"net/http"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/linktest"
)

// startLinkTests reads the results so far, and keeps the schedule of the channel whose lines are tested.
func (a *App) startLinkTests(ctx context.Context) error {
	channel := ""
	for _, c := range a.channels {
		if c.Driver.Asks.LinkTest {
			channel = c.Driver.Name
		}
	}
	if channel == "" {
		return nil // no channel has stations
	}
	c := a.Config
	book := linktest.NewBook(a.Stream.Ledger(), channel, a.log)
	err := a.fold(ctx, map[string]func(context.Context, func()) error{"link tests": book.Run})
	if err != nil {
		return err
	}
	day, hour, minute, zone := c.Slot()
	a.LinkTests = linktest.New(linktest.Deps{
		Alerts: a.Stream.Alerts(), Book: book, Sign: a.sign, Areas: a.Atlas.Areas,
		Stations: func() []adapter.Recipient { return a.Registry.All(channel) },
		Newest: func() (time.Time, bool) {
			if live := a.Current.Live(); len(live) > 0 {
				return live[0].Published, true
			}
			return time.Time{}, false
		},
		Policy: linktest.Policy{
			Realm: c.Realm, Agency: c.Agency, Sender: c.Sender, PublicURL: c.PublicURL, Country: c.Country,
			Off: c.LinkTest.Off, Schedule: linktest.Schedule{Day: day, Hour: hour, Minute: minute, Zone: zone},
		},
		Log: a.log,
	})
	a.loop("link tests", a.LinkTests.Run)
	return nil
}

// standings is how the lines of all stations fared.
func (a *App) standings() []linktest.Standing {
	if a.LinkTests == nil {
		return nil
	}
	return a.LinkTests.Book.Table(a.LinkTests.Stations(), time.Now())
}

// LinkTestAnswer is the answer to POST and GET /link-tests on the operator's socket.
type LinkTestAnswer struct {
	Identifier string              `json:"identifier,omitempty"` // of the test just sent
	Next       time.Time           `json:"next,omitzero"`        // by the schedule
	Stations   []linktest.Standing `json:"stations"`
}

var errNoStations = errors.New(`there are no stations here: the channel "broadcast" is off; name it under "channels" in the configuration`)

func (a *App) linkTests(*http.Request) (any, error) {
	if a.LinkTests == nil {
		return nil, errNoStations
	}
	out := LinkTestAnswer{Stations: a.standings()}
	if p := a.LinkTests.Policy; !p.Off {
		out.Next = p.Schedule.Next(time.Now())
	}
	return out, nil
}

// sendLinkTest sends a test at once. The results come with the receipts.
func (a *App) sendLinkTest(r *http.Request) (any, error) {
	if a.LinkTests == nil {
		return nil, errNoStations
	}
	id, err := a.LinkTests.Now(r.Context())
	return LinkTestAnswer{Identifier: id, Stations: []linktest.Standing{}}, err
}
