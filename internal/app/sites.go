package app

import (
	"context"
	"strings"
	"time"

	"tocsin/adapters/broadcast"
	"tocsin/adapters/sms"
	"tocsin/adapters/website"
	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/cap"
	"tocsin/internal/config"
	"tocsin/internal/console"
	"tocsin/internal/kit"
	"tocsin/internal/site"
	"tocsin/internal/stream"
)

// consoleDeps is what the officers' site stands on.
func (a *App) consoleDeps() console.Deps {
	c := a.Config
	d := console.Deps{
		Office: a.Officers, Audit: a.Audit,
		Casework: a.Cases, Accounts: a.Officers, Officer: auth.From,
		Ledger: Board{app: a}, Atlas: a.Atlas, Stations: stations{app: a}, Photos: a.Stream.Objects(), Resend: a.resend,
		Realm: c.Realm, PublicURL: c.PublicURL, Languages: c.Languages, Country: c.Country,
		TimeZone: c.TimeZone, Authority: c.Authority, Groups: a.groups, Growth: c.GrowthSteps(), Presence: a.Nodes, Log: a.log,
		Teletext: kit.SketchTeletext,
	}
	if a.Exercises != nil {
		d.Exercises = a.Exercises
	}
	if a.Passkeys != nil {
		d.Passkeys = a.Passkeys
	}
	if a.SSO != nil {
		d.SSO = a.SSO
	}
	return d
}

// stations is who of the broadcasters is on the line.
type stations struct{ app *App }

// Stations lists every registered one.
func (s stations) Stations() []console.Station {
	feed := s.app.feed()
	if feed == nil {
		return nil
	}
	var out []console.Station
	now := time.Now()
	for _, p := range feed.Stations() {
		st := console.Station{ID: p.ID, Name: p.Name, Connected: p.Connected, Since: p.Since}
		_, st.Phone = s.app.Registry.Get(sms.Name, secondID(broadcast.Name, p.ID))
		if s.app.LinkTests != nil {
			st.Test = new(s.app.LinkTests.Book.Of(adapter.Recipient{ID: p.ID, Name: p.Name}, now))
		}
		out = append(out, st)
	}
	return out
}

// PublicKeys are what others verify us with.
type PublicKeys struct {
	Certificate string // PEM, of the CAP signature
	Webhook     string // whpk_..., of webhooks
}

// Keys reads a configuration's public keys; keys that do not exist yet are made, and
// the folder is its realm's from then on: a live server must not sign with a
// certificate that says drill.
func Keys(c config.Config) (PublicKeys, error) {
	if err := stream.Pin(logDir(c), c.Realm); err != nil {
		return PublicKeys{}, err
	}
	signer, err := cap.LoadOrCreateSigner(keyDir(c), c.Agency+" "+string(c.Realm))
	if err != nil {
		return PublicKeys{}, err
	}
	webhook, err := website.PublicKey(keyDir(c))
	if err != nil {
		return PublicKeys{}, err
	}
	return PublicKeys{Certificate: string(signer.CertificatePEM()), Webhook: webhook}, nil
}

// AddRecipient registers one recipient and gives its secret.
func (a *App) AddRecipient(ctx context.Context, channel string, in NewRecipient) (secret string, err error) {
	made, secret, err := a.newRecipient(channel, in)
	if err != nil {
		return "", err
	}
	if in.Phone != "" {
		second, err := a.secondWay(made, in.Phone)
		if err != nil {
			return "", err
		}
		if err := a.Registry.Put(ctx, second); err != nil {
			return "", err
		}
	}
	return secret, a.Registry.Put(ctx, made)
}

// siteDeps is what the citizens' site stands on.
func (a *App) siteDeps() (site.Deps, error) {
	c := a.Config
	keys, err := Keys(c)
	if err != nil {
		return site.Deps{}, err
	}
	_, push := c.Channels["webpush"]
	return site.Deps{
		Current: a.Current, Photos: a.Stream.Objects(), Atlas: a.Atlas, Verify: a.verify,
		Certificate: keys.Certificate, WebhookKey: keys.Webhook, FeedAddresses: []string{feedAddress(c.PublicURL)},
		PublicURL: c.PublicURL, Realm: c.Realm, Authority: c.Authority, Country: c.Country, TimeZone: c.TimeZone,
		Languages: c.Languages, PushEnabled: push, Log: a.log,
	}, nil
}

// verify checks a document that a visitor gives us against our own certificate.
func (a *App) verify(document []byte) (site.Verified, error) {
	doc, err := cap.Verify(document, a.Signer.Certificate())
	if err != nil {
		return site.Verified{}, err
	}
	return site.Verified{
		Identifier: doc.Identifier, Sender: doc.Sender, Sent: doc.Sent,
		Status: alert.Status(doc.Status), MsgType: alert.MsgType(doc.MsgType),
	}, nil
}

// feedAddress is the WebSocket address of the feed at a public address.
func feedAddress(public string) string {
	return "ws" + strings.TrimPrefix(strings.TrimSuffix(public, "/"), "http") + "/v1/feed"
}
