// Package page is the receiver's status page: how the lines stand, what is live,
// what is still to be told to the police, and the buttons to tell it. It is for
// the machine it runs on. There is no login; what protects it is that it listens
// on loopback, that the Host header must be loopback too (a stranger's name that
// resolves to 127.0.0.1 is refused), and that forms of other sites are refused.
//
//	GET  /             the page
//	GET  /status.json  receive.Status, for the station's own monitoring
//	POST /say          one receipt: identifier, revision, state, by, channel, at, reason
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/receive"
)

//go:embed page.html page.css page.js
var files embed.FS

// Source is the receiver that the page shows.
type Source interface {
	Status() receive.Status
	Report(receive.Receipt) error
}

// maxForm bounds a posted form: the words of a receipt have some hundred bytes.
const maxForm = 16 << 10

// csp lets the page load its own two files and nothing else.
const csp = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

type site struct {
	from Source
	tmpl *template.Template
}

// New is the page of r.
func New(r Source) http.Handler {
	s := &site{r, template.Must(template.New("page.html").Funcs(words).ParseFS(files, "page.html"))}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.show)
	mux.HandleFunc("GET /status.json", s.json)
	mux.HandleFunc("POST /say", s.say)
	for _, name := range []string{"page.css", "page.js"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, files, name)
		})
	}
	return guard(http.NewCrossOriginProtection().Handler(mux))
}

// guard refuses what does not come from this machine under its own name, and
// sets the headers of every answer.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if host != "localhost" && (err != nil || !ip.IsLoopback()) {
			http.Error(w, "this page answers to localhost and 127.0.0.1 alone", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next.ServeHTTP(w, r)
	})
}

// view is what the template shows.
type view struct {
	receive.Status
	By    string     // who pressed a button last, so that the name is typed once
	Done  string     // what was just noted
	Fault *fault     // what is wrong with the form
	Now   time.Time  // of this machine
	Mark  string     // changes with the news, for the script
	Form  url.Values // as posted, when it was refused
}

// fault is one mistake in a form.
type fault struct{ Field, Text, Identifier string }

func (s *site) show(w http.ResponseWriter, r *http.Request) {
	v := view{By: name(r)}
	if state := stateWords[r.URL.Query().Get("noted")]; state != "" {
		v.Done = state
	}
	s.render(w, http.StatusOK, v)
}

func (s *site) render(w http.ResponseWriter, status int, v view) {
	v.Status, v.Now = s.from.Status(), time.Now()
	v.Mark = mark(v.Status)
	var b bytes.Buffer
	if err := s.tmpl.Execute(&b, v); err != nil {
		http.Error(w, "the page cannot be shown; status.json still can", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

func (s *site) json(w http.ResponseWriter, _ *http.Request) {
	status := s.from.Status()
	data, err := json.MarshalIndent(status, "", "\t")
	if err != nil {
		http.Error(w, "the status cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("ETag", mark(status))
	_, _ = w.Write(append(data, '\n'))
}

// mark is a digest of what is news; the time and the last heartbeat move by themselves.
func mark(s receive.Status) string {
	s.At = time.Time{}
	s.Feeds, s.Alarms = slices.Clone(s.Feeds), slices.Clone(s.Alarms)
	for i := range s.Feeds {
		s.Feeds[i].Heard = time.Time{}
	}
	for i := range s.Alarms {
		s.Alarms[i].Last, s.Alarms[i].Times = time.Time{}, 0
	}
	data, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}

// say takes one pressed button. It is on the disk before it is answered.
func (s *site) say(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	f := r.PostForm
	rec, bad := receiptOf(f, time.Now())
	if bad == nil {
		if err := s.from.Report(rec); err != nil {
			bad = &fault{Field: "", Text: err.Error()}
			if errors.Is(err, receive.ErrUnknown) {
				bad.Text = "There is a newer revision of this alert, or it is no longer here. Look at it again."
			}
		}
	}
	if bad != nil {
		bad.Identifier = f.Get("identifier")
		s.render(w, http.StatusUnprocessableEntity, view{By: f.Get("by"), Fault: bad, Form: f})
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: "by", Value: url.QueryEscape(rec.By), Path: "/", MaxAge: 12 * 3600, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, "/?noted="+url.QueryEscape(rec.State), http.StatusSeeOther)
}

// receiptOf reads a form.
func receiptOf(f url.Values, now time.Time) (receive.Receipt, *fault) {
	get := func(field string) string { return strings.TrimSpace(f.Get(field)) }
	rec := receive.Receipt{
		Identifier: get("identifier"), State: get("state"), By: get("by"), Channel: get("channel"), Reason: get("reason"),
	}
	var err error
	if rec.Revision, err = strconv.Atoi(get("revision")); err != nil || stateWords[rec.State] == "" {
		return rec, &fault{Text: "The button is of an older page. Press it again."}
	}
	if (rec.State == "declined" || rec.State == "failed") && rec.Reason == "" {
		return rec, &fault{Field: "reason", Text: "Say why, in a sentence: the police see it."}
	}
	if at := get("at"); at != "" {
		clock, err := time.ParseInLocation("15:04", at, now.Location())
		if err != nil {
			return rec, &fault{Field: "at", Text: "Write the time as 20:15."}
		}
		rec.At = time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location()).UTC()
		if rec.At.After(now.Add(time.Minute)) {
			return rec, &fault{Field: "at", Text: "That time has not come yet. Press the button when it has been on air."}
		}
	}
	return rec, nil
}

// name is who pressed a button here last.
func name(r *http.Request) string {
	c, err := r.Cookie("by")
	if err != nil {
		return ""
	}
	by, err := url.QueryUnescape(c.Value)
	if err != nil {
		return ""
	}
	return by
}

// stateWords are the receipts in words.
var stateWords = map[string]string{
	"received": "Received", "seen": "Seen", "queued": "Queued for air", "on_air": "On air",
	"declined": "Declined", "failed": "Could not be aired", "removed": "Removed",
}

// words are the template's functions.
var words = template.FuncMap{
	"state": func(s string) string { return stateWords[s] },
	// clock leaves the date out where it is today's.
	"clock": func(t, now time.Time) string {
		t = t.Local()
		if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
			return t.Format("15:04:05")
		}
		return t.Format("2 Jan 15:04")
	},
	"host": func(address string) string {
		u, err := url.Parse(address)
		if err != nil {
			return address
		}
		return u.Host
	},
	"ago": func(t, now time.Time) string {
		return fmt.Sprintf("%d s ago", max(0, int(now.Sub(t).Seconds())))
	},
	"days": func(n *int) int { return *n },
	"iso":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
}
