package console

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/media"
	"tocsin/internal/stream"
)

// The sizes that a photo is tried at, in pixels.
const (
	trySide             = 640         // of the picture that is cut
	pushWide, pushHigh  = 360, 180    // a phone's notification shows twice as wide as high
	airWide, airHigh    = 288, 360    // a slide's photo stands 4 to 5
	photoForm           = "photo_cut" // what a fault of the numbers is about
	aspectFace          = "portrait"
	aspectSquare        = "square"
	aspectNone          = "whole"
	turnLeft, turnRight = "left", "right"
)

// photoView is the page on which a photo is turned, straightened and cut.
type photoView struct {
	page
	Case          casework.Case
	Who           string
	Action        string // of the form; its numbers also make a page of their own
	Version       uint64
	ToCheck       bool
	Token         string // of the photo as uploaded
	Edit          media.Edit
	Numbers       []photoNumber
	Edited        bool // the case shows an edited photo now: it can be undone
	Width, Height int  // of the photo as uploaded, turned
	Error         string
}

// Pictures is where the server draws the photo; Picture is one of them.
func (v photoView) Pictures() string {
	return "/console/cases/" + v.Case.ID + "/photos/" + v.Token + "/try"
}

// Picture is the address of the photo with the form's numbers: as "box", "push" or "air".
func (v photoView) Picture(as string) string {
	return v.Pictures() + "?" + queryOf(v.Edit) + "&as=" + as
}

// photoNumber is one of the form's numbers.
type photoNumber struct {
	Name, Label, Value string
	Min, Max, Step     string
}

// photoPlace is the photo that the address names.
type photoPlace struct {
	place
	person *alert.Person // of a copy of the draft
	draft  casework.Draft
	origin casework.Photo
	used   casework.Photo
}

func (c *console) photoPlace(w http.ResponseWriter, r *http.Request) (photoPlace, bool) {
	p, ok := c.place(w, r)
	if !ok {
		return photoPlace{}, false
	}
	at := photoPlace{place: p, draft: cloneDraft(p.k.Draft)}
	group := map[string][]alert.Person{"children": at.draft.Facts.Children, "suspects": at.draft.Facts.Suspects}[p.step.slug]
	if p.n < 0 || p.n >= len(group) {
		c.notFound(w, r)
		return photoPlace{}, false
	}
	at.person = &group[p.n]
	at.used, _ = p.k.PhotoOf(at.person.Photo)
	if at.origin, ok = p.k.Origin(at.person.Photo); !ok {
		c.refuse(w, r, http.StatusNotFound, c.say("There is no such photo"), c.say("It belongs to another case, or was removed."))
		return photoPlace{}, false
	}
	if at.used.Token == at.origin.Token { // what it was cut from is gone: there is nothing to go back to
		at.used.From, at.used.Edit = "", nil
	}
	return at, true
}

// photoPage shows the photo with the numbers of the address, or as it was edited last.
func (c *console) photoPage(w http.ResponseWriter, r *http.Request) {
	p, ok := c.photoPlace(w, r)
	if !ok {
		return
	}
	var e media.Edit
	if p.used.Edit != nil {
		e = *p.used.Edit
	}
	q := r.URL.Query()
	var wrong fault
	if q.Has("turn") {
		asked, err := editOf(q)
		if err != nil {
			wrong = fault{c.faultOfPhoto(err), "#photo-tilt"}
		} else {
			e = pressed(asked, q.Get("do"), p.origin)
		}
	}
	c.renderPhoto(w, r, http.StatusOK, p, e, wrong)
}

func (c *console) renderPhoto(w http.ResponseWriter, r *http.Request, status int, p photoPlace, e media.Edit, wrong fault) {
	e = e.Whole()
	who := p.step.many.name(c.tongue, &p.draft, p.n)
	at := "/console/cases/" + p.k.ID + "/edit/" + p.step.slug
	v := photoView{
		page: c.page(r, c.say("Photo of {who}", "who", who)), Case: p.k, Who: who, Action: at + "/" + itoa(p.n) + "/photo", Version: p.k.Version,
		Token: p.origin.Token, Edit: e, Edited: p.used.From != "", ToCheck: r.FormValue("return") == "check",
		Width: p.origin.Width, Height: p.origin.Height,
	}
	if e.Turn%180 != 0 {
		v.Width, v.Height = v.Height, v.Width
	}
	v.Numbers = []photoNumber{
		{"tilt", c.say("Straighten, in degrees"), decimalOf(e.Tilt), "-15", "15", "0.5"},
		{"left", c.say("Left edge, in %"), decimalOf(e.Left), "0", "99", "any"},
		{"top", c.say("Upper edge, in %"), decimalOf(e.Top), "0", "99", "any"},
		{"width", c.say("Width, in %"), decimalOf(e.Width), "1", "100", "any"},
		{"height", c.say("Height, in %"), decimalOf(e.Height), "1", "100", "any"},
	}
	v.Back = at + "/" + itoa(p.n)
	v.Scripts, v.Wide = []string{"photo.js"}, true
	if wrong.Text != "" {
		v.Errors = []fault{wrong}
	}
	if wrong.Href != "" { // of the numbers
		v.Error = wrong.Text
	}
	c.render(w, r, status, "photo", v)
}

// savePhoto makes the edited photo and names it in the draft.
func (c *console) savePhoto(w http.ResponseWriter, r *http.Request) {
	p, ok := c.photoPlace(w, r)
	if !ok {
		return
	}
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	version, err := strconv.ParseUint(sent.Get("version"), 10, 64)
	if err != nil {
		c.refuse(w, r, http.StatusBadRequest, c.say("The form could not be read"), c.say("Go back and send it again."))
		return
	}
	e, err := editOf(sent)
	if err == nil && version != p.k.Version {
		err = casework.ErrConflict // before the work: the numbers may be of another picture
	}
	token := p.origin.Token
	if err == nil && sent.Get("do") != "undo" && e.Whole() != (media.Edit{}).Whole() {
		token, err = c.Casework.EditPhoto(r.Context(), c.officer(r), p.k.ID, p.person.Photo, e)
	}
	if _, ok := errors.AsType[alert.Invalid](err); ok || errors.Is(err, media.ErrEdit) {
		c.renderPhoto(w, r, http.StatusUnprocessableEntity, p, p.lastGood(e), fault{c.faultOfPhoto(err), "#photo-tilt"})
		return
	}
	if err == nil && token != p.person.Photo {
		p.person.Photo = token
		_, err = c.Casework.Edit(r.Context(), c.officer(r), p.k.ID, version, p.draft)
	}
	if errors.Is(err, casework.ErrConflict) {
		if p, ok = c.photoPlace(w, r); ok { // as it is now, with the numbers that were sent
			why := c.say("{who} changed this case meanwhile. Look at the photo, then save it again.", "who", c.nameOf(p.k.LastEditor))
			c.renderPhoto(w, r, http.StatusPreconditionFailed, p, p.lastGood(e), fault{Text: why})
		}
		return
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	to := "/console/cases/" + p.k.ID + "/edit/" + p.step.slug + "/" + itoa(p.n)
	if sent.Get("return") == "check" {
		to += "?return=check"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// lastGood is e where it can be shown, else the photo's last edit.
func (p photoPlace) lastGood(e media.Edit) media.Edit {
	if e.Check() == nil {
		return e
	}
	if p.used.Edit != nil {
		return *p.used.Edit
	}
	return media.Edit{}
}

// tryPhoto is the photo as it would be, for the page's pictures. It stores nothing.
func (c *console) tryPhoto(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	if ended(k) {
		c.fail(w, r, stream.ErrGone)
		return
	}
	from, ok := k.PhotoOf(chi.URLParam(r, "photo"))
	if !ok {
		c.refuse(w, r, http.StatusNotFound, c.say("There is no such photo"), c.say("It belongs to another case, or was removed."))
		return
	}
	q := r.URL.Query()
	e, err := editOf(q)
	if err != nil {
		c.fail(w, r, media.Fault("photo", media.ErrEdit))
		return
	}
	data, err := c.Photos.Get(r.Context(), from.Object()) // as published: enough for a small picture
	if err != nil {
		c.fail(w, r, err)
		return
	}
	switch q.Get("as") {
	case "push":
		data, err = media.TryIn(r.Context(), data, e, pushWide, pushHigh, media.AboveOnPush)
	case "air":
		data, err = media.TryIn(r.Context(), data, e, airWide, airHigh, media.AboveOnAir)
	case "box": // what can be cut, with what is cut off in the dark
		data, err = media.TryBox(r.Context(), data, e, trySide)
	default: // what can be cut: turned and straightened, in full
		data, err = media.Try(r.Context(), data, media.Edit{Turn: e.Turn, Tilt: e.Tilt}, trySide)
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data) // the browser left: nothing to mend
}

// faultOfPhoto is a fault of the numbers in the officer's words.
func (c *console) faultOfPhoto(err error) string {
	v, ok := errors.AsType[alert.Invalid](err)
	if !ok {
		v = media.Fault(photoForm, err)
	}
	if len(v) == 0 {
		return c.diagnose(err).title
	}
	return c.retell(v[0].Text)
}

// editOf reads the numbers. A number that is left out is that of the whole picture.
func editOf(v url.Values) (media.Edit, error) {
	var e media.Edit
	var wrong bool
	read := func(name string) float64 {
		raw := v.Get(name)
		if raw == "" {
			return 0
		}
		n, err := strconv.ParseFloat(raw, 64)
		wrong = wrong || err != nil
		return n
	}
	e.Turn = int(read("turn"))
	e.Tilt, e.Left, e.Top, e.Width, e.Height = read("tilt"), read("left"), read("top"), read("width"), read("height")
	if wrong {
		return media.Edit{}, media.ErrEdit
	}
	// What people type: a box that sticks out is cut at the edge.
	if e.Left >= 0 && e.Left < 100 && e.Width > 100-e.Left {
		e.Width = 100 - e.Left
	}
	if e.Top >= 0 && e.Top < 100 && e.Height > 100-e.Top {
		e.Height = 100 - e.Top
	}
	return e, e.Check()
}

// pressed is e after one of the form's buttons.
func pressed(e media.Edit, button string, from casework.Photo) media.Edit {
	switch button {
	case turnLeft, turnRight:
		by := 90
		if button == turnLeft {
			by = 270
		}
		// The box is of a picture that now stands otherwise: begin with all of it.
		return media.Edit{Turn: (e.Turn + by) % 360, Tilt: e.Tilt}
	case aspectFace:
		return e.Shape(from.Width, from.Height, airWide, airHigh)
	case aspectSquare:
		return e.Shape(from.Width, from.Height, 1, 1)
	case aspectNone:
		return media.Edit{Turn: e.Turn, Tilt: e.Tilt}
	}
	return e
}

// queryOf is e as the address of a picture has it.
func queryOf(e media.Edit) string {
	return url.Values{
		"turn": {itoa(e.Turn)}, "tilt": {decimalOf(e.Tilt)}, "left": {decimalOf(e.Left)}, "top": {decimalOf(e.Top)},
		"width": {decimalOf(e.Width)}, "height": {decimalOf(e.Height)},
	}.Encode()
}

// decimalOf is a number to a tenth, as a number input takes it.
func decimalOf(x float64) string {
	return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64)
}

// editedHow says what was done to a photo, for the timeline.
func (t *tongue) editedHow(p *casework.Photo) string {
	if p == nil || p.Edit == nil {
		return ""
	}
	e := p.Edit.Whole()
	how := []string{}
	if e.Turn != 0 {
		how = append(how, t.say("turned by {n}°", "n", e.Turn))
	}
	if e.Tilt != 0 {
		how = append(how, t.say("straightened by {n}°", "n", decimalOf(e.Tilt)))
	}
	if e.Left+e.Top > 0 || e.Width < 100 || e.Height < 100 {
		how = append(how, t.say("cut to {w} by {h} pixels", "w", p.Width, "h", p.Height))
	}
	return t.sentence(how)
}
