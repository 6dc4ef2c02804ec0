package app

import (
	"time"

	"tocsin/adapters/broadcast"
	"tocsin/internal/alert"
	"tocsin/internal/newsroom"
	"tocsin/internal/region"
)

// newsroomDeps is what the broadcasters' site stands on.
func (a *App) newsroomDeps() newsroom.Deps {
	c := a.Config
	d := newsroom.Deps{
		Accounts: a.Officers, Registry: a.Registry, Alerts: a.Current, Ledger: a.Ledger, Media: a.Stream.Objects(),
		Lines: lines{feed: a.feed()}, Match: region.Match,
		Verify:      func(document []byte) error { _, err := a.verify(document); return err },
		Repeat:      func(*alert.Message) (time.Duration, time.Time, bool) { return 0, time.Time{}, false },
		Certificate: string(a.Signer.CertificatePEM()),
		Realm:       c.Realm, PublicURL: c.PublicURL, Authority: c.Authority, TimeZone: c.TimeZone, Languages: c.Languages,
		Log: a.log,
	}
	if feed := a.feed(); feed != nil {
		d.Tokens, d.Repeat = feed, feed.Repeat
	}
	return d
}

// feed is the broadcasters' channel; nil when it is off.
func (a *App) feed() *broadcast.Feed {
	for _, c := range a.channels {
		if feed, ok := c.Adapter.(*broadcast.Feed); ok {
			return feed
		}
	}
	return nil
}

// lines is how each station's line is.
type lines struct{ feed *broadcast.Feed }

// Line is one station's.
func (l lines) Line(station string) newsroom.Line {
	if l.feed == nil {
		return newsroom.Line{}
	}
	for _, p := range l.feed.Stations() {
		if p.ID == station {
			return newsroom.Line{Receivers: p.Sessions, Since: p.Since}
		}
	}
	return newsroom.Line{}
}
