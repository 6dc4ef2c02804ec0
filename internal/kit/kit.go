// Package kit makes what a station puts on air of a revision, ready to use:
// slides in three shapes, a poster, a teletext page and the spoken words as
// sound, in each language of the alert.
//
// A kit is made once, when an alert is submitted, and never at release: a
// release takes milliseconds, and the approver sees the very bytes that go out.
// What cannot be made is left out with a warning; it never holds up an alert.
//
// Text may be in any script. It is shaped and ordered by go-text/typesetting;
// a script that no font here has is a warning, never a row of empty boxes. No
// text leaves its place: it first gets smaller, then ends in an ellipsis.
package kit

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/internal/alert"
)

// Version goes into the key of a kit's content: a change of what is drawn makes
// a new kit of the same facts.
const Version = "1"

// The kinds of items, as alert.Media names them.
const (
	KindSlide    = "slide"
	KindTall     = "slide_tall"
	KindSquare   = "slide_square"
	KindPoster   = "poster"
	KindAudio    = "audio"
	KindTeletext = "teletext"
)

// The bounds of one kit: they protect the officer who waits, the store, and the
// lines over which a hundred stations fetch it at once.
const (
	MaxTime   = 30 * time.Second
	maxSlide  = 900 << 10
	maxPoster = 1500 << 10
	maxAudio  = 5 << 20 // two minutes
)

// Atlas draws areas: *region.Atlas.
type Atlas interface {
	Countries() []alert.Area
	Units(country string) []alert.Area
	Outline(code string) []alert.Polygon
}

// Options are what a studio works with.
type Options struct {
	Atlas  Atlas
	Fonts  string // folder of Noto fonts for scripts beyond Latin, Greek and Cyrillic; empty = none
	Espeak string // path of espeak-ng; empty = no sound
	// Time bounds the making of one kit, 0 = MaxTime: the officer waits for it.
	Time time.Duration
	Log  *slog.Logger // nil = discard
}

// Item is one finished file.
type Item struct {
	Kind string
	Lang alert.Lang
	Name string // what a screen reader says
	MIME string
	Ext  string // without a dot: jpg, pdf, wav, txt
	Data []byte
}

// Warning says what is missing in a kit, and how to have it next time.
type Warning struct {
	Kind string     `json:"kind"`
	Lang alert.Lang `json:"lang,omitempty"`
	Text string     `json:"text"`
}

// String is the warning as a list shows it, with its language.
func (w Warning) String() string {
	if w.Lang == "" {
		return w.Text
	}
	return w.Text + " (" + string(w.Lang) + ")"
}

// Studio makes kits. Any number of goroutines may use it; it makes one at a time.
type Studio struct {
	opt   Options
	fonts *fonts
	busy  chan struct{} // a kit's pictures take some 60 MB while they are drawn
}

// New makes a studio. It fails when the fonts cannot be read.
func New(o Options) (*Studio, error) {
	if o.Atlas == nil {
		return nil, errors.New("kit: no atlas")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Time == 0 {
		o.Time = MaxTime
	}
	f, err := loadFonts(o.Fonts)
	if err != nil {
		return nil, fmt.Errorf("kit: %w", err)
	}
	return &Studio{opt: o, fonts: f, busy: make(chan struct{}, 1)}, nil
}

// photo is a child's picture, decoded once for all sheets.
type photo struct {
	child int // index in the facts
	image image.Image
}

// job is the making of one kit.
type job struct {
	*Studio
	m      *alert.Message
	at     time.Time // of an update: when it was made up
	sheets map[alert.Lang]alert.Sheet
	shown  []photo // of children, at most maxShown
	chart  *chart

	formats []format // arranged for what this alert has
	bases   []*raster

	mu       sync.Mutex
	items    []Item
	warnings []Warning
}

// maxShown is how many photos a sheet has room for.
const maxShown = 4

// Make makes the kit of m, whose texts are written: the same message, photos and
// time give the same bytes. photos are JPEGs by token; at is the time that an
// update bears. Items come in the order of m's languages. The error is ctx's, or
// says that m cannot have a kit; what else goes wrong is a warning.
func (s *Studio) Make(ctx context.Context, m *alert.Message, photos map[string][]byte, at time.Time) ([]Item, []Warning, error) {
	within, cancel := context.WithTimeout(ctx, s.opt.Time)
	defer cancel()
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-within.Done():
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		return nil, nil, errors.New("kit: others are being made; there was no time for this one")
	}
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	j, err := s.begin(m, photos, at)
	if err != nil {
		return nil, nil, err
	}
	j.scenes()
	j.draw(within)
	if ctx.Err() == nil && within.Err() != nil {
		j.warn("", "", "The machine was too busy to make everything in time; the alert goes out without what is missing here.")
	}
	return j.sorted(), j.warnings, context.Cause(ctx)
}

// begin reads what all languages share.
func (s *Studio) begin(m *alert.Message, photos map[string][]byte, at time.Time) (*job, error) {
	if m.Facts == nil {
		return nil, errors.New("kit: the message has no facts")
	}
	j := &job{Studio: s, m: m, at: at, sheets: map[alert.Lang]alert.Sheet{}}
	for _, lang := range m.Languages {
		sheet, _, err := alert.NewSheet(m, lang)
		if err != nil {
			return nil, fmt.Errorf("kit: %w", err)
		}
		j.sheets[lang] = sheet
	}
	j.load(photos)
	j.chart = newChart(s.opt.Atlas, m)
	return j, nil
}

// scenes draws what the slides of all languages have in common.
func (j *job) scenes() {
	for _, f := range formats {
		f = j.arrange(f)
		j.formats = append(j.formats, f)
		j.bases = append(j.bases, j.base(f))
	}
}

// load decodes the children's photos.
func (j *job) load(photos map[string][]byte) {
	for i, c := range j.m.Facts.Children {
		if c.Photo == "" || len(j.shown) == maxShown {
			continue
		}
		img, err := decode(photos[c.Photo])
		if err != nil {
			j.warn("photo", "", "A photo could not be read; the slides are without it. Add the photo again.")
			continue
		}
		j.shown = append(j.shown, photo{i, prepared(img)})
	}
}

// draw makes all items, the languages side by side.
func (j *job) draw(ctx context.Context) {
	slots := make(chan struct{}, min(runtime.GOMAXPROCS(0), len(j.m.Languages)))
	var all sync.WaitGroup
	for _, lang := range j.m.Languages {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			j.language(ctx, lang)
		})
	}
	all.Wait()
}

// language makes the items of one language.
func (j *job) language(ctx context.Context, lang alert.Lang) {
	w := wordsOf[lang]
	a := &artist{setter: newSetter(j.fonts, string(lang))}
	names := map[string]string{KindSlide: w.slide, KindTall: w.tall, KindSquare: w.square}
	for i, f := range j.formats {
		j.make(ctx, Item{Kind: f.kind, Lang: lang, Name: names[f.kind], MIME: "image/jpeg", Ext: "jpg"}, a.setter, maxSlide,
			func() ([]byte, error) { return j.slide(a, f, j.bases[i], lang) })
	}
	j.make(ctx, Item{Kind: KindPoster, Lang: lang, Name: w.poster, MIME: "application/pdf", Ext: "pdf"}, a.setter, maxPoster,
		func() ([]byte, error) { return j.poster(a, j.arrange(a4), lang) })
	j.speak(ctx, lang)
	page := Item{Kind: KindTeletext, Lang: lang, Name: w.teletext, MIME: "text/plain", Ext: "txt"}
	j.make(ctx, page, nil, rows*columns*4, func() ([]byte, error) {
		text, whole := j.teletext(lang)
		if !whole {
			j.warn(KindTeletext, lang, w.teletext+": a name or a word in another script is left out; teletext does not have its letters.")
		}
		return text, nil
	})
}

// speak makes the sound, where there is a voice.
func (j *job) speak(ctx context.Context, lang alert.Lang) {
	name := wordsOf[lang].audio
	if j.opt.Espeak == "" {
		j.warn(KindAudio, lang, name+": no voice is installed here. Stations read the words themselves; have the operator install espeak-ng.")
		return
	}
	j.make(ctx, Item{Kind: KindAudio, Lang: lang, Name: name, MIME: "audio/wav", Ext: "wav"}, nil, maxAudio,
		func() ([]byte, error) { return j.audio(ctx, lang) })
}

// make makes one item and keeps it, or says why there is none.
func (j *job) make(ctx context.Context, it Item, s *setter, most int, do func() ([]byte, error)) {
	if ctx.Err() != nil {
		return
	}
	data, err := guarded(do)
	switch {
	case err != nil:
		j.opt.Log.Warn("an item of a kit could not be made", "kind", it.Kind, "lang", it.Lang, "err", err)
		j.warn(it.Kind, it.Lang, it.Name+": could not be made. The alert goes out without it.")
	case s != nil && len(s.missing) > 0:
		letters := slices.Sorted(maps.Keys(s.missing))
		j.warn(it.Kind, it.Lang, it.Name+": no font here has the letters "+string(letters[:min(len(letters), 8)])+
			". The alert goes out without it; have the operator install the Noto fonts.")
	case len(data) > most:
		j.warn(it.Kind, it.Lang, fmt.Sprintf("%s: %d bytes, more than the %d allowed. The alert goes out without it.", it.Name, len(data), most))
	default:
		it.Data = data
		j.mu.Lock()
		j.items = append(j.items, it)
		j.mu.Unlock()
	}
}

// guarded turns a panic of a font's or a picture's decoder into an error: a
// broken font must not end the server that sends the alert.
func guarded(do func() ([]byte, error)) (data []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return do()
}

func (j *job) warn(kind string, lang alert.Lang, text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.warnings = append(j.warnings, Warning{kind, lang, text})
}

// kinds in the order of a list.
var kinds = []string{KindSlide, KindTall, KindSquare, KindPoster, KindAudio, KindTeletext}

// sorted is the items by language, then kind, whoever was ready first.
func (j *job) sorted() []Item {
	place := func(lang alert.Lang, kind string) int {
		return slices.Index(j.m.Languages, lang)*len(kinds) + slices.Index(kinds, kind)
	}
	slices.SortFunc(j.items, func(a, b Item) int { return place(a.Lang, a.Kind) - place(b.Lang, b.Kind) })
	slices.SortFunc(j.warnings, func(a, b Warning) int {
		if n := place(a.Lang, a.Kind) - place(b.Lang, b.Kind); n != 0 {
			return n
		}
		return strings.Compare(a.Text, b.Text)
	})
	return j.items
}

// updated is the time that an update bears, in lang.
func (j *job) updated(lang alert.Lang) string {
	if j.m.MsgType != alert.TypeUpdate {
		return ""
	}
	// The zone was good for the sheet already.
	s, _ := alert.FormatTime(j.at, j.m.Facts.LastSeen.TimeZone, lang)
	return s
}
