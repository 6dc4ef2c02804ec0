package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"tocsin/adapters/broadcast"
	"tocsin/internal/adapter"
)

// Renewal is the body of POST /recipients/broadcast/{id}/token.
type Renewal struct {
	Expires time.Time     `json:"expires,omitzero"` // of the new token; zero = until it is withdrawn
	Grace   time.Duration `json:"grace"`            // how long the old ones stay good
}

// Pinned is the body of POST /recipients/broadcast/{id}/certs.
type Pinned struct {
	PEM     string    `json:"pem"`
	Expires time.Time `json:"expires,omitzero"` // zero = with the certificate
}

// renewStation gives a station a new token.
func (a *App) renewStation(r *http.Request) (any, error) {
	var in Renewal
	var token string
	err := a.changeStation(r, &in, func(rec adapter.Recipient) (out adapter.Recipient, err error) {
		out, token, err = broadcast.Renew(rec, in.Expires, in.Grace)
		return out, err
	})
	return Secret{ID: r.PathValue("id"), Secret: token}, err
}

// pinCertificate lets a station enter with a client certificate too.
func (a *App) pinCertificate(r *http.Request) (any, error) {
	var in Pinned
	err := a.changeStation(r, &in, func(rec adapter.Recipient) (adapter.Recipient, error) {
		return broadcast.Pin(rec, []byte(in.PEM), in.Expires)
	})
	return struct{}{}, err
}

// changeStation reads the request into in and stores what change makes of the station.
func (a *App) changeStation(r *http.Request, in any, change func(adapter.Recipient) (adapter.Recipient, error)) error {
	if err := json.NewDecoder(r.Body).Decode(in); err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	rec, ok := a.Registry.Get(broadcast.Name, r.PathValue("id"))
	if !ok {
		return fmt.Errorf("there is no station %q; `tocsin recipients list broadcast` shows them", r.PathValue("id"))
	}
	rec, err := change(rec)
	if err != nil {
		return err
	}
	return a.Registry.Put(r.Context(), rec)
}

// newStation registers a broadcaster; its token ends when in says so.
func newStation(in NewRecipient) (adapter.Recipient, string, error) {
	rec, token, err := broadcast.NewStation(in.Name, in.Areas, in.Lang)
	if err == nil && !in.Expires.IsZero() {
		rec, err = broadcast.Limit(rec, in.Expires)
	}
	return rec, token, err
}
