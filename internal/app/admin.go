package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"tocsin/adapters"
	"tocsin/adapters/broadcast"
	"tocsin/adapters/sms"
	"tocsin/adapters/website"
	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/linktest"
)

// The operator's commands talk to the running server over a socket in its data
// folder: who may read the folder is the operator, and the one server that
// holds the stream stays its only writer.

// SocketPath is the operator's socket in a data folder.
func SocketPath(data string) string { return filepath.Join(data, "operator.sock") }

const (
	maxAdminBody = 64 << 20 // an import of phone numbers; everything else is far smaller
	importChunk  = 1000
)

// serveAdmin opens the socket. A stale one of a killed server is replaced: the folder's lock is ours.
func (a *App) serveAdmin(ctx context.Context) error {
	path := SocketPath(a.Config.Data)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("operator's socket: %w", err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return fmt.Errorf("operator's socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("operator's socket: %w", err)
	}
	s := &http.Server{Handler: a.adminHandler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.Serve(l) }() // ends with Close below
	a.onStop("operator's socket", func(context.Context) error { return s.Close() })
	return nil
}

func (a *App) adminHandler() http.Handler {
	mux := adminMux{http.NewServeMux(), a}
	mux.HandleFunc("GET /officers", reply(func(*http.Request) (any, error) { return a.Officers.List(), nil }))
	mux.HandleFunc("POST /officers", reply(a.addOfficer))
	mux.HandleFunc("POST /officers/{id}/token", reply(func(r *http.Request) (any, error) {
		token, err := a.Officers.NewToken(r.Context(), r.PathValue("id"))
		return Secret{ID: r.PathValue("id"), Secret: token}, err
	}))
	mux.HandleFunc("DELETE /officers/{id}", reply(func(r *http.Request) (any, error) {
		return struct{}{}, a.Officers.Revoke(r.Context(), r.PathValue("id"))
	}))
	a.signInHandlers(mux)
	mux.HandleFunc("GET /recipients/{channel}", reply(a.listRecipients))
	mux.HandleFunc("POST /recipients/{channel}", reply(a.addRecipients))
	mux.HandleFunc("POST /recipients/website/{id}/ping", reply(a.ping))
	mux.HandleFunc("POST /recipients/broadcast/{id}/token", reply(a.renewStation))
	mux.HandleFunc("POST /recipients/broadcast/{id}/certs", reply(a.pinCertificate))
	mux.HandleFunc("DELETE /recipients/{channel}/{id}", reply(func(r *http.Request) (any, error) {
		channel, id := r.PathValue("channel"), r.PathValue("id")
		return struct{}{}, errors.Join(a.Registry.Remove(r.Context(), channel, id),
			a.Registry.Remove(r.Context(), sms.Name, secondID(channel, id)))
	}))
	a.exerciseRoutes(mux)
	mux.HandleFunc("GET /push-health", reply(a.servePushHealth))
	mux.HandleFunc("GET /link-tests", reply(a.linkTests))
	mux.HandleFunc("POST /link-tests", reply(a.sendLinkTest))
	mux.HandleFunc("GET /cases/{id}/record", reply(func(r *http.Request) (any, error) {
		raw, err := a.Cases.RawRecord(r.Context(), r.PathValue("id"))
		if err == nil {
			err = casework.VerifyRecord(raw)
		}
		if err != nil {
			return nil, err
		}
		events := make([]json.RawMessage, len(raw)) // byte for byte: the hashes are over them
		for i, b := range raw {
			events[i] = b
		}
		return events, nil
	}))
	mux.HandleFunc("GET /audit", a.exportAudit)
	mux.HandleFunc("GET /cases/{id}/report", reply(a.serveReport))
	return mux.mux
}

// reply turns a function into a handler: its value as JSON, its error as a line of text.
func reply(f func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxAdminBody)
		v, err := f(r)
		if err != nil {
			code := http.StatusInternalServerError
			if _, bad := errors.AsType[alert.Invalid](err); bad {
				code = http.StatusUnprocessableEntity
			}
			if errors.Is(err, casework.ErrNotFound) {
				code = http.StatusNotFound
			}
			if errors.Is(err, linktest.ErrNotNow) {
				code = http.StatusConflict
			}
			http.Error(w, err.Error(), code)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v) // the operator's connection broke: he sees it
	}
}

// NewOfficer is the body of POST /officers.
type NewOfficer struct {
	auth.Officer
	Password string `json:"password"`
}

// Secret is what the operator is shown once.
type Secret struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
	// Creds is a station's NATS credentials file, when it was to have one.
	Creds string `json:"creds,omitempty"`
}

// NewRecipient is one recipient to add: a station (name), a partner (name,
// endpoint) or a phone (number).
type NewRecipient struct {
	Name     string     `json:"name,omitempty"`
	Endpoint string     `json:"endpoint,omitempty"`
	Number   string     `json:"number,omitempty"`
	Phone    string     `json:"phone,omitempty"` // a station's second way: told by SMS when the feed stays unconfirmed
	Areas    []string   `json:"areas"`
	Lang     alert.Lang `json:"lang"`
	NATS     bool       `json:"nats,omitempty"`   // a station's: direct NATS as well
	Expires  time.Time  `json:"expires,omitzero"` // of a station's token
}

func (a *App) addOfficer(r *http.Request) (any, error) {
	var o NewOfficer
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		return nil, fmt.Errorf("read officer: %w", err)
	}
	return o.Officer, a.AddOfficer(r.Context(), o.Officer, o.Password)
}

// AddOfficer makes an account. An editor's station must be a registered one, so
// that a misspelt id shows now and not on the night of an alert.
func (a *App) AddOfficer(ctx context.Context, o auth.Officer, password string) error {
	if _, ok := a.Registry.Get(broadcast.Name, o.Station); o.Station != "" && !ok {
		return alert.Invalid{{
			Field: "station", Code: "unknown",
			Text: "There is no such station; `tocsin recipients list broadcast` shows them.",
		}}
	}
	if _, unknown := a.Atlas.Areas(o.Areas); len(unknown) > 0 {
		return unknown
	}
	return a.Officers.Add(ctx, o, password)
}

// listRecipients gives ids, names and areas; addresses stay where they are.
func (a *App) listRecipients(r *http.Request) (any, error) {
	all := a.Registry.All(r.PathValue("channel"))
	for i := range all {
		all[i].Address = nil
	}
	return all, nil
}

// addRecipients takes a sequence of JSON values and answers with their ids and secrets, in order.
func (a *App) addRecipients(r *http.Request) (any, error) {
	dec := json.NewDecoder(r.Body)
	var all []NewRecipient
	for n := 1; ; n++ {
		var in NewRecipient
		if err := dec.Decode(&in); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("recipient %d: %w", n, err)
		}
		all = append(all, in)
	}
	return a.AddRecipients(r.Context(), r.PathValue("channel"), all)
}

// AddRecipients registers many at once and gives their ids and secrets, in order.
func (a *App) AddRecipients(ctx context.Context, channel string, all []NewRecipient) ([]Secret, error) {
	made := make([]adapter.Recipient, len(all))
	secrets := make([]Secret, len(all))
	for i, in := range all {
		rec, secret, err := a.newRecipient(channel, in)
		if err == nil && in.NATS {
			rec, secrets[i].Creds, err = a.withNATS(rec)
		}
		if err != nil {
			return nil, fmt.Errorf("recipient %d: %w", i+1, err)
		}
		made[i], secrets[i].ID, secrets[i].Secret = rec, rec.ID, secret
		if in.Phone == "" {
			continue
		}
		second, err := a.secondWay(rec, in.Phone)
		if err != nil {
			return nil, fmt.Errorf("recipient %d: %w", i+1, err)
		}
		made = append(made, second)
	}
	for chunk := range slices.Chunk(made, importChunk) {
		if err := a.Registry.PutAll(ctx, chunk); err != nil {
			return nil, err
		}
	}
	return secrets, nil
}

// ping sends a partner a signed ping, so that a broken endpoint is known before any alert.
func (a *App) ping(r *http.Request) (any, error) {
	who, ok := a.Registry.Get(website.Name, r.PathValue("id"))
	if !ok {
		return nil, fmt.Errorf("there is no partner %q; `tocsin recipients list website` shows them", r.PathValue("id"))
	}
	for _, c := range a.channels {
		if w, ok := c.Adapter.(*website.Website); ok {
			return struct{}{}, w.Ping(r.Context(), who)
		}
	}
	return nil, errors.New("the website channel is off; name it under \"channels\" in the configuration")
}

func (a *App) newRecipient(channel string, in NewRecipient) (adapter.Recipient, string, error) {
	switch channel {
	case broadcast.Name:
		return newStation(in)
	case "website":
		return website.NewPartner(in.Name, in.Endpoint, in.Areas, in.Lang, a.Config.AllowLoopback)
	case "sms":
		salt, err := sms.Salt(keyDir(a.Config))
		if err != nil {
			return adapter.Recipient{}, "", err
		}
		rec, err := sms.NewRecipient(in.Number, a.Config.Country, in.Areas, in.Lang, salt)
		return rec, "", err
	default:
		return adapter.Recipient{}, "", fmt.Errorf("recipients of %q are not added by hand: citizens subscribe themselves", channel)
	}
}

// ChannelNames lists every driver's name.
func ChannelNames() []string {
	var names []string
	for _, d := range adapters.All() {
		names = append(names, d.Name)
	}
	return names
}
