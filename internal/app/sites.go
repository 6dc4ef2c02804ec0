package app

import (
	"context"

	"tocsin/adapters/broadcast"
	"tocsin/adapters/website"
	"tocsin/internal/auth"
	"tocsin/internal/cap"
	"tocsin/internal/config"
	"tocsin/internal/console"
	"tocsin/internal/site"
)

// consoleDeps is what the officers' site stands on.
func (a *App) consoleDeps() console.Deps {
	c := a.Config
	return console.Deps{
		Casework: a.Cases, Accounts: a.Officers, Officer: auth.From,
		Ledger: Board{app: a}, Atlas: a.Atlas, Stations: stations{app: a}, Photos: a.Stream.Objects(),
		Realm: c.Realm, PublicURL: c.PublicURL, Languages: c.Languages, Country: c.Country,
		TimeZone: c.TimeZone, Authority: c.Authority, Log: a.log,
	}
}

// stations is who of the broadcasters is on the line.
type stations struct{ app *App }

// Stations lists every registered one.
func (s stations) Stations() []console.Station {
	for _, c := range s.app.channels {
		feed, ok := c.Adapter.(*broadcast.Feed)
		if !ok {
			continue
		}
		var out []console.Station
		for _, p := range feed.Stations() {
			out = append(out, console.Station{Name: p.Name, Connected: p.Connected, Since: p.Since})
		}
		return out
	}
	return nil
}

// PublicKeys are what others verify us with.
type PublicKeys struct {
	Certificate string // PEM, of the CAP signature
	Webhook     string // whpk_..., of webhooks
}

// Keys reads a configuration's public keys; keys that do not exist yet are made.
func Keys(c config.Config) (PublicKeys, error) {
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
	return secret, a.Registry.Put(ctx, made)
}

func (a *App) siteDeps() site.Deps { return site.Deps{} }
