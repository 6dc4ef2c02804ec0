package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/seal"
	"tocsin/internal/sso"
)

// openOfficers opens the officers' book under the realm's sign-in key, with what
// the configuration asks of them, and prepares single sign-on.
func (a *App) openOfficers(ctx context.Context) error {
	c := a.Config
	key, err := seal.LoadOrCreate(keyDir(c))
	if err != nil {
		return err
	}
	with := []auth.Option{auth.WithKey(key)}
	if seal.Lost(keyDir(c)) {
		with = append(with, auth.KeyLost())
	}
	if c.RequireSecondFactor() {
		with = append(with, auth.RequireSecondFactor())
	}
	if a.Officers, err = auth.New(ctx, a.Stream.Cases(), with...); err != nil {
		return err
	}
	if !c.OIDC.On() {
		return nil
	}
	issuer, err := url.Parse(c.OIDC.Issuer)
	if err != nil {
		return fmt.Errorf("oidc.issuer: %w", err)
	}
	a.SSO = sso.New(sso.Options{
		Issuer: c.OIDC.Issuer, ClientID: c.OIDC.ClientID, Secret: c.OIDC.Secret,
		Claim: cmp.Or(c.OIDC.Claim, "preferred_username"), Label: cmp.Or(c.OIDC.Label, issuer.Host),
		Back: strings.TrimSuffix(c.PublicURL, "/") + "/console/sign-in/sso/back", Key: key,
	})
	return nil
}

// Invitation is a link that an officer sets up his sign-in with, once.
type Invitation struct {
	Link  string    `json:"link"`
	Until time.Time `json:"until"`
}

// invitation is the link of a token.
func (a *App) invitation(token string, until time.Time) Invitation {
	return Invitation{strings.TrimSuffix(a.Config.PublicURL, "/") + "/console/invitation/" + token, until}
}

func (a *App) signInHandlers(mux adminMux) {
	mux.HandleFunc("POST /invitations", reply(func(r *http.Request) (any, error) {
		var o auth.Officer
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			return nil, fmt.Errorf("read officer: %w", err)
		}
		if _, unknown := a.Atlas.Areas(o.Areas); len(unknown) > 0 {
			return nil, unknown
		}
		token, until, err := a.Officers.AddInvited(r.Context(), o)
		return a.invitation(token, until), err
	}))
	mux.HandleFunc("POST /officers/{id}/invitation", reply(func(r *http.Request) (any, error) {
		token, until, err := a.Officers.Invite(r.Context(), r.PathValue("id"))
		return a.invitation(token, until), err
	}))
	mux.HandleFunc("PUT /officers/{id}/sso", reply(func(r *http.Request) (any, error) {
		var name string
		if err := json.NewDecoder(r.Body).Decode(&name); err != nil {
			return nil, fmt.Errorf("read name: %w", err)
		}
		return struct{}{}, a.Officers.Link(r.Context(), r.PathValue("id"), name)
	}))
}
