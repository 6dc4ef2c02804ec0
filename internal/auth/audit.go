package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"

	"tocsin/internal/audit"
	"tocsin/internal/stream"
)

// Recorder keeps the acts that are no event on an account: *audit.Log.
type Recorder interface {
	Note(ctx context.Context, ev audit.Event)
}

// RecordTo has sign-ins, refusals and ended sessions noted. Call it before the
// book is used; what changes accounts is taken from the log by Audited.
func (b *Book) RecordTo(r Recorder) { b.recorder = r }

type operatorKey struct{}

// AsOperator says that what is done with ctx is the operator's act, by the socket in the data folder.
func AsOperator(ctx context.Context) context.Context {
	return context.WithValue(ctx, operatorKey{}, true)
}

// actor is who acts in ctx: an officer, an editor, the operator, or the server itself.
func actor(ctx context.Context) string {
	if o, ok := ctx.Value(officerKey{}).(Officer); ok {
		return o.ID
	}
	if ctx.Value(operatorKey{}) != nil {
		return audit.Operator
	}
	return audit.System
}

// networkPart is a network as the audit record says it: a part of the address, so
// that nobody's own line is in it. "" = unknown.
func networkPart(network string) string {
	prefix, err := netip.ParsePrefix(network)
	if err != nil {
		return ""
	}
	bits := 24
	if prefix.Addr().Is6() {
		bits = 48
	}
	part, err := prefix.Addr().Prefix(bits)
	if err != nil {
		return ""
	}
	return part.String()
}

// note records an act. The caller must not hold the lock: it may take two seconds.
func (b *Book) note(ctx context.Context, kind, by, about, detail string) {
	if b.recorder != nil {
		from, _ := ctx.Value(networkKey{}).(string)
		b.recorder.Note(ctx, audit.Event{Kind: kind, By: by, About: about, Network: networkPart(from), Detail: detail})
	}
}

// noteRefused records a sign-in that was refused. A name that is nobody's is left
// out: people type passwords into the wrong box.
func (b *Book) noteRefused(ctx context.Context, id string, err error) {
	kind, detail := audit.SignInFailed, "password"
	throttled, isThrottled := errors.AsType[*ThrottledError](err)
	switch {
	case isThrottled && throttled != nil:
		kind, detail = audit.Throttled, ""
	case errors.Is(err, ErrSuspect):
		detail = "passkey, perhaps copied"
	case errors.Is(err, ErrPasskey), errors.Is(err, ErrLate):
		detail = "passkey"
	case !errors.Is(err, ErrCredentials):
		detail = ""
	}
	b.mu.RLock()
	known := b.accounts[id].officer.ID
	b.mu.RUnlock()
	b.note(ctx, kind, "", known, detail)
}

// Audited is the act that a record of the CASES log is, when it is one on an account.
func Audited(rec stream.Record) (audit.Event, bool) {
	id, ok := strings.CutPrefix(rec.Subject, subjectPrefix)
	var ev event
	if !ok || json.Unmarshal(rec.Data, &ev) != nil {
		return audit.Event{}, false
	}
	said := audit.Event{Kind: "officer_" + ev.Kind, At: ev.At, By: ev.By, About: id}
	switch ev.Kind {
	case kindSignedIn, kindSignedOut:
		said.Kind, said.By, said.About = ev.Kind, id, ""
		if ev.Way != nil {
			said.Network, said.Detail = networkPart(ev.Way.Network), string(ev.Way.By)
		}
	case kindCodeUsed: // a part of a sign-in or a release, which is recorded as such
		return audit.Event{}, false
	case kindPasskeyUsed: // likewise
		if !ev.Suspect {
			return audit.Event{}, false
		}
		said.Kind = "officer_passkey_suspect"
	case kindSetUp, kindRecoveryUsed, kindApp, kindPassword, kindPasskey: // perhaps before he was signed in
		if said.Detail = ev.Name; ev.By == audit.System {
			said.By = id
		}
	default:
		said.Detail = ev.tells()
	}
	return said, true
}

// rights is what o may do and where, in a line.
func (o Officer) rights() string {
	words := make([]string, len(o.Roles))
	for i, r := range o.Roles {
		words[i] = string(r)
	}
	text := strings.Join(words, ", ")
	switch {
	case o.Station != "":
		return text + " of " + o.Station
	case len(o.Areas) > 0:
		return text + " in " + strings.Join(o.Areas, " ")
	}
	return text + " everywhere"
}

// tells says what an event of a request is, for the audit record: the rights
// that are asked for, never the reason.
func (ev event) tells() string {
	switch {
	case ev.Kind == kindAsked && ev.Request != nil:
		text := string(ev.Request.Kind) + ": " + ev.Request.Officer.rights()
		if ev.Request.Before != nil {
			text += ", before: " + ev.Request.Before.rights()
		}
		return text
	case ev.Officer != nil && ev.Ref != "":
		return ev.Officer.rights() + ", confirmed by a second administrator"
	case ev.Officer != nil && ev.Kind == kindChanged:
		return ev.Officer.rights() + ", rights taken away by one administrator"
	case ev.Officer != nil:
		return ev.Officer.rights()
	case ev.Kind == kindReset && ev.By != audit.Operator:
		return "confirmed by a second administrator"
	}
	return ev.Name
}
