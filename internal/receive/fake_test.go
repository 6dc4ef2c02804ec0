package receive

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// feed is a feed by hand: a list of frames, and the protocol's answers.
type feed struct {
	t     testing.TB
	srv   *httptest.Server
	token string

	mu       sync.Mutex
	epoch    string
	log      []map[string]any // alert frames, seq = index+1; nil = erased
	conns    map[*websocket.Conn]*sync.Mutex
	resumes  []map[string]any
	receipts []map[string]any
	refuse   map[string]any // what to answer a receipt instead of receipt_ok
	beat     float64        // heartbeat_s; no heartbeats are sent but by hand
	hole     int            // seq that is left out once, live
	lie      bool           // cursor_ok false, whatever is asked
}

func newFeed(t testing.TB) *feed {
	f := &feed{t: t, token: "st-x.secret", epoch: "e1", conns: map[*websocket.Conn]*sync.Mutex{}, beat: 10}
	f.srv = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.srv.Close)
	return f
}

func (f *feed) serve(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+f.token {
		w.WriteHeader(401)
		return
	}
	up := websocket.Upgrader{Subprotocols: []string{subprotocol}}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	f.mu.Lock()
	f.conns[conn] = &sync.Mutex{}
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		delete(f.conns, conn)
		f.mu.Unlock()
		conn.Close()
	}()
	for {
		var m map[string]any
		if err := conn.ReadJSON(&m); err != nil {
			return
		}
		f.mu.Lock()
		switch m["type"] {
		case "resume":
			f.resumes = append(f.resumes, m)
			f.replay(conn, m)
		case "receipt":
			f.receipts = append(f.receipts, m)
			answer := map[string]any{"type": "receipt_ok", "identifier": m["identifier"], "revision": m["revision"], "state": m["state"]}
			maps.Copy(answer, f.refuse)
			f.write(conn, answer)
		}
		f.mu.Unlock()
	}
}

// write sends one frame; under f.mu.
func (f *feed) write(conn *websocket.Conn, v any) {
	_ = conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	_ = conn.WriteJSON(v)
}

// replay answers a resume; under f.mu.
func (f *feed) replay(conn *websocket.Conn, q map[string]any) {
	after, prev, ok, reason := 0, 0, true, ""
	cursor, _ := q["cursor"].(string)
	if cursor != "" {
		epoch, seq, _ := strings.Cut(cursor, "-")
		if epoch == f.epoch && !f.lie {
			_, _ = fmt.Sscan(seq, &after)
			prev = after
		} else {
			ok, reason = false, "foreign"
		}
	}
	f.write(conn, map[string]any{"type": "hello", "epoch": f.epoch, "head": len(f.log), "cursor_ok": ok, "reason": reason, "heartbeat_s": f.beat})
	for i := after; i < len(f.log); i++ {
		if f.log[i] != nil {
			f.write(conn, f.framed(i+1, prev, true))
			prev = i + 1
		}
	}
	f.write(conn, map[string]any{"type": "live", "head": len(f.log)})
}

func (f *feed) framed(seq, prev int, replay bool) map[string]any {
	out := map[string]any{"type": "alert", "seq": seq, "prev": prev, "replay": replay, "epoch": f.epoch}
	maps.Copy(out, f.log[seq-1])
	return out
}

// put appends an alert and sends it to everybody.
func (f *feed) put(frame map[string]any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, frame)
	seq := len(f.log)
	if seq == f.hole {
		return
	}
	for conn := range f.conns {
		f.write(conn, f.framed(seq, seq-1, false))
	}
}

// all sends v to everybody.
func (f *feed) all(v any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for conn := range f.conns {
		f.write(conn, v)
	}
}

// pulse sends a heartbeat that lists nothing new.
func (f *feed) pulse() {
	f.all(map[string]any{"type": "heartbeat", "epoch": f.epoch, "head": 0, "live": []any{}})
}

// states lists the receipts in short: "zoe.1 received".
func (f *feed) states() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := []string{}
	for _, r := range f.receipts {
		out = append(out, fmt.Sprintf("%v %v", r["identifier"], r["state"]))
	}
	return out
}

// seal stands for the signature: a document is genuine when it ends so.
const seal = "<!--sealed-->"

func sealed(doc []byte) error {
	if !bytes.HasSuffix(doc, []byte(seal)) {
		return errors.New("not sealed")
	}
	return nil
}

// picture is a photo that the signed document names.
type picture struct {
	url  string
	data []byte
}

// alertOf is an alert frame with its signed document.
func alertOf(caseID string, rev int, typ string, pics ...picture) map[string]any {
	esc := func(s string) string {
		var b bytes.Buffer
		_ = xml.EscapeText(&b, []byte(s))
		return b.String()
	}
	words := map[string]any{"headline": "Zoé <7> & co", "spoken": "Zoé,\nsept ans", "spoken_seconds": 3, "crawl": "Zoé 7", "radiotext": "Zoe"}
	if typ == "Cancel" {
		words = map[string]any{"headline": "Fin", "spoken": "Levée", "spoken_seconds": 1, "crawl": "Fin", "radiotext": "Fin"}
	}
	id := fmt.Sprintf("%s.%d", caseID, rev)
	expires := time.Now().Add(2 * time.Hour).Truncate(time.Second)
	sent := time.Now().UTC().Format(time.RFC3339)
	var res strings.Builder
	media := []map[string]any{}
	for _, p := range pics {
		s1, s256 := sha1.Sum(p.data), sha256.Sum256(p.data)
		fmt.Fprintf(&res, "<resource><mimeType>image/jpeg</mimeType><uri>%s</uri><digest>%x</digest></resource>", esc(p.url), s1)
		media = append(media, map[string]any{"kind": "photo", "url": p.url, "mime": "image/jpeg", "bytes": len(p.data), "sha256": hex.EncodeToString(s256[:])})
	}
	param := func(name, value string) string {
		return "<parameter><valueName>" + name + "</valueName><value>" + esc(value) + "</value></parameter>"
	}
	doc := `<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>` + id + `</identifier><sent>` + sent + `</sent><status>Actual</status><msgType>` + typ +
		`</msgType><incidents>` + caseID + `</incidents><info><language>fr</language><expires>` + expires.Format(time.RFC3339) + `</expires><headline>` + esc(words["headline"].(string)) + `</headline>` +
		param(paramCrawl, words["crawl"].(string)) + param(paramSpoken, words["spoken"].(string)) + param(paramRadio, words["radiotext"].(string)) +
		param(paramSeconds, fmt.Sprint(words["spoken_seconds"])) + param(paramRevision, fmt.Sprint(rev)) + res.String() + `</info></alert>` + seal
	sum := sha256.Sum256([]byte(doc))
	return map[string]any{
		"identifier": id, "case": caseID, "revision": rev, "msg_type": typ, "status": "Actual", "sent": sent,
		"expires": expires.Format(time.RFC3339), "languages": []string{"fr"}, "texts": map[string]any{"fr": words},
		"media": media, "cap": doc, "cap_sha256": hex.EncodeToString(sum[:]), "colour": "unknown fields are ignored",
	}
}

// change returns frame with some fields replaced, and cap_sha256 made right.
func change(frame map[string]any, fields map[string]any) map[string]any {
	out := map[string]any{}
	maps.Copy(out, frame)
	maps.Copy(out, fields)
	if _, given := fields["cap_sha256"]; !given {
		sum := sha256.Sum256([]byte(out["cap"].(string)))
		out["cap_sha256"] = hex.EncodeToString(sum[:])
	}
	return out
}

// running is a receiver at work.
type running struct {
	*Receiver
	t      testing.TB
	dir    string
	stop   func()
	mu     sync.Mutex
	revs   []string
	alarms []Alarm
}

// start runs a receiver on dir until stop or the test's end.
func start(t testing.TB, dir string, change func(*Options), feeds ...*feed) *running {
	t.Helper()
	x := &running{t: t, dir: dir}
	opt := Options{
		Token: "st-x.secret", Dir: dir, Verify: sealed,
		OnRevision: func(r Revision) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.revs = append(x.revs, fmt.Sprintf("%s-%d", r.Case, r.Revision))
		},
		OnAlarm: func(a Alarm) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.alarms = append(x.alarms, a)
		},
	}
	for _, f := range feeds {
		opt.Feeds = append(opt.Feeds, f.srv.URL)
	}
	if change != nil {
		change(&opt)
	}
	r, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	x.Receiver = r
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	x.stop = func() { cancel(); <-done }
	t.Cleanup(x.stop)
	return x
}

// until waits for something that has no event.
func (x *running) until(what string, ok func() bool) {
	x.t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.t.Fatalf("waited in vain until %s; revisions %v, alarms %v", what, x.revs, x.alarms)
		}
	}
}

func (x *running) got() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.revs)
}

func (x *running) alarmed(kind AlarmKind) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.ContainsFunc(x.alarms, func(a Alarm) bool { return a.Kind == kind })
}

// files lists what is below alerts.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(filepath.Join(dir, "alerts"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(filepath.Join(dir, "alerts"), path)
		out = append(out, rel)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func readManifest(t testing.TB, dir, name string) manifest {
	t.Helper()
	m, err := loadManifest(filepath.Join(dir, "alerts", name))
	if err != nil {
		t.Fatal(err)
	}
	return m
}
