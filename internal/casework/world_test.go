package casework

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/stream"
)

// The officers of the stories.
var (
	anna  = auth.Officer{ID: "anna", Roles: []auth.Role{auth.Author}}
	ben   = auth.Officer{ID: "ben", Roles: []auth.Role{auth.Author, auth.Approver}}
	cleo  = auth.Officer{ID: "cleo", Roles: []auth.Role{auth.Approver}}
	dora  = auth.Officer{ID: "dora", Roles: []auth.Role{auth.Author, auth.Approver}}
	erik  = auth.Officer{ID: "erik", Roles: []auth.Role{auth.Author}}
	audit = auth.Officer{ID: "audit", Roles: []auth.Role{auth.Auditor, auth.Admin}}
)

var errPower = errors.New("power lost")

// plug is the power of one process: pulled at its nth write, before or after the write took effect.
type plug struct {
	mu     sync.Mutex
	writes int
	at     int  // 0 = never
	after  bool // the write took effect, its answer was lost
	dead   bool
}

func (p *plug) write(do func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return errPower
	}
	if p.writes++; p.writes != p.at {
		return do()
	}
	p.dead = true
	if p.after {
		_ = do()
	}
	return errPower
}

// memLog is a log in memory with the semantics of the real one.
type memLog struct {
	mu      sync.Mutex
	records []stream.Record
	history []stream.Record // with what a roll-up erased
	seq     uint64
	ids     map[string]uint64
	grown   chan struct{}
	refuse  error // for every append: a full disk
}

func newMemLog() *memLog { return &memLog{ids: map[string]uint64{}, grown: make(chan struct{})} }

func (l *memLog) Append(_ context.Context, en stream.Entry) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse != nil {
		return 0, l.refuse
	}
	if seq, ok := l.ids[en.ID]; ok {
		return seq, nil
	}
	if en.After != nil && *en.After != l.last(en.Subject).Seq {
		return 0, stream.ErrConflict
	}
	l.seq++
	rec := stream.Record{Seq: l.seq, Subject: en.Subject, ID: en.ID, Data: slices.Clone(en.Data), Time: time.Now()}
	if en.Rollup {
		l.records = slices.DeleteFunc(slices.Clone(l.records), func(r stream.Record) bool { return r.Subject == en.Subject })
	}
	l.records = append(l.records, rec)
	l.history = append(l.history, rec)
	l.ids[en.ID] = l.seq
	close(l.grown)
	l.grown = make(chan struct{})
	return l.seq, nil
}

// fail makes every append fail, or none.
func (l *memLog) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuse = err
}

func (l *memLog) last(subject string) stream.Record {
	for _, r := range slices.Backward(l.records) {
		if r.Subject == subject {
			return r
		}
	}
	return stream.Record{}
}

func (l *memLog) Last(_ context.Context, subject string) (stream.Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rec := l.last(subject)
	if rec.Seq == 0 {
		return rec, stream.ErrNone
	}
	return rec, nil
}

func (l *memLog) after(filter string, after uint64) ([]stream.Record, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []stream.Record
	for _, r := range l.records {
		if r.Seq > after && (r.Subject == filter || strings.HasSuffix(filter, ">") && strings.HasPrefix(r.Subject, strings.TrimSuffix(filter, ">"))) {
			found = append(found, r)
		}
	}
	return found, l.grown
}

func (l *memLog) Read(_ context.Context, filter string, after uint64) iter.Seq2[stream.Record, error] {
	return func(yield func(stream.Record, error) bool) {
		found, _ := l.after(filter, after)
		for _, r := range found {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (l *memLog) Follow(ctx context.Context, filter string, after uint64, fn func(stream.Record) error, _ func()) error {
	for {
		found, grown := l.after(filter, after)
		for _, r := range found {
			if err := fn(r); err != nil {
				return err
			}
			after = r.Seq
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grown:
		}
	}
}

// plugged is a log as one process reaches it.
type plugged struct {
	*memLog
	p *plug
}

func (l plugged) Append(ctx context.Context, en stream.Entry) (seq uint64, err error) {
	err = l.p.write(func() (err error) {
		seq, err = l.memLog.Append(ctx, en)
		return err
	})
	return seq, err
}

// memObjects is the object store; what was deleted is gone for ever.
type memObjects struct {
	mu   sync.Mutex
	data map[string][]byte // nil = deleted
	p    *plug
	keep error // Delete fails with it
}

func (o *memObjects) Put(_ context.Context, name string, data []byte) error {
	return o.p.write(func() error {
		o.mu.Lock()
		defer o.mu.Unlock()
		if have, ok := o.data[name]; ok && have == nil {
			return stream.ErrGone
		}
		o.data[name] = slices.Clone(data)
		return nil
	})
}

func (o *memObjects) Get(_ context.Context, name string) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	data, ok := o.data[name]
	if !ok {
		return nil, stream.ErrNone
	}
	if data == nil {
		return nil, stream.ErrGone
	}
	return data, nil
}

func (o *memObjects) Delete(_ context.Context, name string) error {
	return o.p.write(func() error {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.keep != nil {
			return o.keep
		}
		o.data[name] = nil
		return nil
	})
}

// fail makes every deletion fail, or none.
func (o *memObjects) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keep = err
}

// held lists the objects that are there.
func (o *memObjects) held() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var names []string
	for n, d := range o.data {
		if d != nil {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// world is the logs that outlive every process.
type world struct {
	cases, alerts *memLog
	objects       *memObjects
	log           bytes.Buffer
}

func newWorld() *world {
	return &world{cases: newMemLog(), alerts: newMemLog(), objects: &memObjects{data: map[string][]byte{}}}
}

// deps are a process's, on power p.
func (w *world) deps(p *plug) Deps {
	w.objects.p = p
	return Deps{
		Cases: plugged{w.cases, p}, Alerts: plugged{w.alerts, p}, Objects: w.objects,
		Sign: sign, Write: write, Intake: intake, Areas: gazetteer{}, Audience: audience{},
		Channels: []Channel{
			{Name: "sms", Title: "SMS", Render: func(m *alert.Message, l alert.Lang) (adapter.Payload, error) {
				return rendered("SMS", m.Texts[l].SMS, 306)
			}},
			{Name: "webpush", Title: "Push", Render: func(m *alert.Message, l alert.Lang) (adapter.Payload, error) {
				return rendered("Push body", m.Texts[l].PushBody, 180)
			}},
		},
		Policy: Policy{
			Realm: alert.Drill, Agency: "BEPOL", Sender: "alert@police.example", PublicURL: "https://alert.example",
			Status: alert.StatusExercise, MaxExpiry: 48 * time.Hour,
		},
		Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	}
}

// boot starts a process that never loses power.
func (w *world) boot(t testing.TB, change ...func(*Deps)) *Service {
	t.Helper()
	d := w.deps(&plug{})
	for _, c := range change {
		c(&d)
	}
	s, err := New(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rendered(name, text string, limit int) (adapter.Payload, error) {
	p := adapter.Part{Name: name, Text: text, Count: len([]rune(text)), Limit: limit, Unit: "characters"}
	if p.Count > limit {
		return adapter.Payload{Parts: []adapter.Part{p}}, errors.New("the text is too long; shorten the place")
	}
	return adapter.Payload{Parts: []adapter.Part{p}, Body: []byte(text)}, nil
}

func sign(m *alert.Message) ([]byte, error) {
	if err := m.Validate(m.Sent).Err(); err != nil {
		return nil, err
	}
	return []byte("<alert>" + m.Identifier + "</alert>"), nil
}

// write says about as much as the real texts do; of a withdrawal, nothing of the child.
func write(m *alert.Message) error {
	for _, l := range m.Languages {
		say := "The alert has ended."
		if m.Facts != nil {
			say = m.Facts.Children[0].GivenName + " is missing, last seen at " + m.Facts.LastSeen.Place
		}
		m.Texts[l] = alert.Texts{
			Headline: say, Description: say, Instruction: "Call.", Spoken: say, SpokenSeconds: 5, Crawl: say, RadioText: "Child missing",
			PushTitle: "Child missing", PushBody: say, SMS: say, Short90: "Child missing", Long360: say,
		}
	}
	return nil
}

type gazetteer struct{}

func (gazetteer) Areas(codes []string) (areas []alert.Area, v alert.Invalid) {
	for _, c := range codes {
		if c == "XX" {
			v.Add("areas", "unknown", "XX is no area.")
			continue
		}
		areas = append(areas, alert.Area{Code: c, Names: map[alert.Lang]string{alert.English: "Area " + c}})
	}
	return areas, v
}

type audience struct{}

func (audience) Count(channel string, areas []string) int { return len(channel) * 100 * len(areas) }

// intake takes what begins with "photo", in the manner of the real one.
func intake(r io.Reader) (Image, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return Image{}, err
	}
	if !bytes.HasPrefix(raw, []byte("photo")) {
		return Image{}, alert.Invalid{{Field: "photo", Code: "format", Text: "This is not a picture."}}
	}
	return Image{Full: raw, Small: raw[:5], Width: 800, Height: 600}, nil
}

// draft is facts that could go out now.
func draft() Draft {
	now := time.Now().UTC().Truncate(time.Second)
	return Draft{
		Facts: alert.Facts{
			Circumstances: alert.EndangeredRunaway,
			Children: []alert.Person{{
				GivenName: "Lina", Age: 9, Sex: alert.Female, HeightCM: 135, HairColour: alert.HairBrown, HairLength: alert.LengthLong,
				EyeColour: alert.EyesBlue, Clothing: []alert.Garment{{Item: alert.Jacket, Colour: alert.Red}},
			}},
			LastSeen:    alert.LastSeen{At: now.Add(-2 * time.Hour), TimeZone: "Europe/Brussels", Place: "Gare du Nord, Brussels"},
			Instruction: alert.InstructionCall,
			Contact:     alert.Contact{Phone: "+3225544000"},
			Areas:       []string{"BE-BRU", "BE-VAN"},
			Languages:   []alert.Lang{alert.French, alert.English},
			Expires:     now.Add(24 * time.Hour),
			Authority:   "Police fédérale",
		},
		Internal: Internal{Reference: "PV-1", Notes: "family name Petit"},
	}
}

// must is the value of a call that the story takes for granted.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// submitted is a case as anna wrote and submitted it.
func submitted(t testing.TB, s *Service) Case {
	t.Helper()
	c := must[Case](t)(s.Draft(t.Context(), anna, draft()))
	return must[Case](t)(s.Submit(t.Context(), anna, c.ID))
}

// released is a case that cleo released.
func released(t testing.TB, s *Service) Case {
	t.Helper()
	c := submitted(t, s)
	return must[Case](t)(s.Release(t.Context(), cleo, c.ID, c.Digest))
}

// withPhoto is a submitted case with a photo of the child.
func withPhoto(t testing.TB, s *Service) (c Case, token string) {
	t.Helper()
	c = must[Case](t)(s.Draft(t.Context(), anna, draft()))
	token = must[string](t)(s.AddPhoto(t.Context(), anna, c.ID, strings.NewReader("photo one")))
	c.Facts.Children[0].Photo = token
	must[Case](t)(s.Edit(t.Context(), anna, c.ID, c.Version, c.Draft))
	return must[Case](t)(s.Submit(t.Context(), anna, c.ID)), token
}

// published is what ever reached ALERTS for a case, roll-ups or not.
func (w *world) published(t testing.TB, id string) []*alert.Message {
	t.Helper()
	w.alerts.mu.Lock()
	defer w.alerts.mu.Unlock()
	var all []*alert.Message
	for _, r := range w.alerts.history {
		if path.Ext(r.Subject) == "."+id {
			all = append(all, message(t, r.Data))
		}
	}
	return all
}

// wantFaults wants exactly these fields at fault.
func wantFaults(t testing.TB, err error, fields ...string) {
	t.Helper()
	v, ok := errors.AsType[alert.Invalid](err)
	if !ok {
		t.Fatalf("error %v, want faults in %v", err, fields)
	}
	var got []string
	for _, f := range v {
		got = append(got, f.Field)
		if f.Code == "" || len(f.Text) < 10 {
			t.Errorf("fault %+v does not say what is wrong", f)
		}
	}
	slices.Sort(got)
	slices.Sort(fields)
	if slices.Compare(got, fields) != 0 {
		t.Errorf("faults in %v, want %v\n%v", got, fields, err)
	}
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, cmp.Or(want, errors.New("none")))
	}
}
