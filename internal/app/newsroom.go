package app

import (
	"time"

	"tocsin/adapters/broadcast"
	"tocsin/internal/adapter"
	"tocsin/internal/linktest"
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
		Certificate: string(a.Signer.CertificatePEM()),
		Realm:       c.Realm, PublicURL: c.PublicURL, Authority: c.Authority, TimeZone: c.TimeZone, Languages: c.Languages,
		Log: a.log,
	}
	if feed := a.feed(); feed != nil {
		d.Tokens = feed
	}
	if a.LinkTests != nil {
		d.Tests = linkTests{book: a.LinkTests.Book}
	}
	return d
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

// linkTests is how each station's line fared in its tests.
type linkTests struct{ book *linktest.Book }

// Last is one station's standing.
func (l linkTests) Last(station string) (newsroom.LinkTest, bool) {
	s := l.book.Of(adapter.Recipient{ID: station}, time.Now())
	if s.Newest == nil {
		return newsroom.LinkTest{}, false
	}
	t := newsroom.LinkTest{At: s.Newest.Sent, Outcome: string(s.Outcome), Sound: s.Sound}
	if s.Newest.Millis >= 0 {
		t.Took = time.Duration(s.Newest.Millis) * time.Millisecond
	}
	if s.Good != nil {
		t.Good = s.Good.Sent
	}
	return t, true
}
