package newsroom

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/alert"
)

const (
	// zipsAtOnce bounds the archives under way: each holds one file of up to 32 MB in memory at a time.
	zipsAtOnce = 4
	// zipWait is how long one more may wait for its turn.
	zipWait = 15 * time.Second
	// fileWrite bounds one file on its way to a slow reader.
	fileWrite = time.Minute
	// maxTeletext bounds a page that is put among the texts: 25 rows of 40 columns in any script.
	maxTeletext = 8 << 10
	// maxFiles bounds the files of one alert that are looked at: six languages of a whole kit.
	maxFiles = 200
)

// fileView is one file of an alert.
type fileView struct {
	Name  string // "2-slide-fr.jpg"
	Kind  string // as the alert says it
	Lang  alert.Lang
	Label string // what a screen reader says of it
	MIME  string
	Bytes int
	Image bool
	Sound bool
}

// shown are the kinds of content that a browser may show; everything else is only saved.
var shown = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "audio/wav": ".wav", "audio/x-wav": ".wav", "audio/mpeg": ".mp3",
	"audio/ogg": ".ogg", "text/plain": ".txt",
}

// fileName is the n-th file's name: it tells what the file is and never whom it shows.
func fileName(n int, f alert.Media) string {
	kind, _, _ := mime.ParseMediaType(f.MIME)
	ext := shown[kind]
	if ext == "" && kind == "application/pdf" {
		ext = ".pdf"
	}
	name := fmt.Sprintf("%d-%s", n+1, token(f.Kind))
	if f.Lang != "" {
		name += "-" + token(string(f.Lang))
	}
	return name + ext
}

// token keeps what is safe in a file's name on every system.
func token(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return -1
	}, s)
}

// addFiles lists the pictures, sounds and documents of the alert, whatever kinds there are.
func (n *newsroom) addFiles(v *alertView) {
	v.Bytes = len(v.Message.CAP)
	for i, f := range v.Message.Media[:min(len(v.Message.Media), maxFiles)] {
		kind, _, _ := mime.ParseMediaType(f.MIME)
		x := fileView{
			Name: fileName(i, f), Kind: f.Kind, Lang: f.Lang, Label: f.Name, MIME: f.MIME, Bytes: f.Bytes,
			Image: strings.HasPrefix(kind, "image/") && shown[kind] != "", Sound: strings.HasPrefix(kind, "audio/") && shown[kind] != "",
		}
		v.Bytes += f.Bytes
		switch {
		case f.Kind == "photo" && x.Image:
			v.Photos = append(v.Photos, x)
			v.Pictures = append(v.Pictures, x)
		case x.Image:
			v.Pictures = append(v.Pictures, x)
		default:
			v.Others = append(v.Others, x)
		}
	}
}

// errChanged: what the store holds is not what was signed.
var errChanged = errors.New("the file is not the one that was signed")

// media reads one file of an alert and holds it against the digest of the signed message.
func (n *newsroom) media(ctx context.Context, f alert.Media) ([]byte, error) {
	data, err := n.Media.Get(ctx, path.Base(f.URL))
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); f.SHA256 != "" && !strings.EqualFold(f.SHA256, hex.EncodeToString(sum[:])) {
		return nil, errChanged
	}
	return data, nil
}

// teletext is the alert's page for teletext in lang, if the kit has one.
func (n *newsroom) teletext(r *http.Request, m *alert.Message, lang alert.Lang) (string, bool) {
	for _, f := range m.Media {
		if f.Kind != "teletext" || f.Lang != lang || f.Bytes > maxTeletext {
			continue
		}
		data, err := n.media(r.Context(), f)
		if err != nil || len(data) > maxTeletext || !utf8.Valid(data) {
			return "", false // the file's own address says what is wrong with it
		}
		return strings.TrimRight(string(data), "\n"), true
	}
	return "", false
}

// file serves one file of a live alert: the signed document, a picture, a
// sound, or everything as one archive. Of what has ended nothing is left: 410.
func (n *newsroom) file(w http.ResponseWriter, r *http.Request, _ alert.Lang, p person) {
	m, ok := n.livingAlert(w, r, p)
	if !ok {
		return
	}
	name := r.PathValue("file")
	switch name {
	case "alert.xml":
		n.serve(w, r, name, "application/cap+xml", m.CAP, true)
		return
	case "everything.zip":
		n.zip(w, r, m)
		return
	}
	for i, f := range m.Media[:min(len(m.Media), maxFiles)] {
		if fileName(i, f) != name {
			continue
		}
		data, err := n.media(r.Context(), f)
		if err != nil {
			n.refuseFile(w, r, err)
			return
		}
		kind, _, _ := mime.ParseMediaType(f.MIME)
		if shown[kind] == "" && kind != "application/pdf" {
			kind = "application/octet-stream"
		}
		n.serve(w, r, name, kind, data, r.URL.Query().Has("download") || shown[kind] == "")
		return
	}
	n.refuse(w, r, http.StatusNotFound, "refused.file")
}

// livingAlert is the alert of the address while it is live and the station's
// business; else it has answered.
func (n *newsroom) livingAlert(w http.ResponseWriter, r *http.Request, p person) (*alert.Message, bool) {
	rev, gone, ok := n.Alerts.Identifier(r.PathValue("identifier"))
	switch {
	case (!ok && !gone) || !n.sees(p.Station, rev.Message):
		n.refuse(w, r, http.StatusNotFound, "refused.alert")
	case gone || rev.Message.MsgType == alert.TypeCancel || rev.Message.Expired(time.Now()):
		n.refuse(w, r, http.StatusGone, "refused.gone")
	default:
		return rev.Message, true
	}
	return nil, false
}

func (n *newsroom) refuseFile(w http.ResponseWriter, r *http.Request, err error) {
	if isGone(err) {
		n.refuse(w, r, http.StatusGone, "refused.gone")
		return
	}
	n.Log.ErrorContext(r.Context(), "newsroom file", "err", err)
	if errors.Is(err, errChanged) {
		n.refuse(w, r, http.StatusBadGateway, "refused.changed")
		return
	}
	w.Header().Set("Retry-After", "2")
	n.refuse(w, r, http.StatusServiceUnavailable, "refused.store")
}

// serve writes one file; parts of a sound may be asked for.
func (n *newsroom) serve(w http.ResponseWriter, r *http.Request, name, kind string, data []byte, save bool) {
	w.Header().Set("Content-Type", kind)
	if save {
		w.Header().Set("Content-Disposition", `attachment; filename="`+n.saved(name)+`"`)
	}
	// A writer without deadlines (a test's recorder) still takes the file.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(fileWrite))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// saved is a file's name on the station's disk: one of an exercise says so.
func (n *newsroom) saved(name string) string {
	if n.Realm == alert.Drill {
		return "EXERCISE-" + name
	}
	return name
}

// zip streams everything of an alert as one archive. Nothing is kept: each file
// is read, held against its digest and written, and the alert is looked at again
// before each, so that a withdrawal breaks the download off.
func (n *newsroom) zip(w http.ResponseWriter, r *http.Request, m *alert.Message) {
	wait := time.NewTimer(zipWait)
	defer wait.Stop()
	select {
	case n.zips <- struct{}{}:
		defer func() { <-n.zips }()
	case <-wait.C:
		w.Header().Set("Retry-After", "10")
		n.refuse(w, r, http.StatusServiceUnavailable, "refused.busy")
		return
	case <-r.Context().Done():
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"`, n.saved(fmt.Sprintf("alert-%s-r%d.zip", m.Case, m.Revision))))
	if r.Method == http.MethodHead {
		return
	}
	a := archive{n: n, w: w, zip: zip.NewWriter(w), m: m}
	if err := a.write(r.Context()); err != nil {
		// The head has gone out: a download that breaks off is seen, one that is short is not.
		n.Log.WarnContext(r.Context(), "newsroom archive broke off", "err", err)
		panic(http.ErrAbortHandler)
	}
}

// archive is one download of everything.
type archive struct {
	n    *newsroom
	w    http.ResponseWriter
	zip  *zip.Writer
	m    *alert.Message
	list strings.Builder // contents.txt
}

func (a *archive) write(ctx context.Context) error {
	if err := a.add("alert.xml", a.m.CAP); err != nil {
		return err
	}
	for _, lang := range a.m.Languages {
		if err := a.add("texts-"+token(string(lang))+".txt", a.n.sheet(a.m, lang)); err != nil {
			return err
		}
	}
	for i, f := range a.m.Media[:min(len(a.m.Media), maxFiles)] {
		data, err := a.n.media(ctx, f)
		switch {
		case isGone(err):
			return err
		case err != nil:
			_, _ = fmt.Fprintf(&a.list, "MISSING  %s: %v\r\n", fileName(i, f), err)
			continue
		}
		if err := a.add(fileName(i, f), data); err != nil {
			return err
		}
	}
	if err := a.add("contents.txt", []byte(a.list.String())); err != nil {
		return err
	}
	return a.zip.Close()
}

// add writes one file, if the alert still lives. Pictures and sound do not
// shrink further, and a studio's machine opens a stored file fastest.
func (a *archive) add(name string, data []byte) error {
	if rev, _, ok := a.n.Alerts.Identifier(a.m.Identifier); !ok || rev.Message.Expired(time.Now()) {
		return errors.New("the alert has ended")
	}
	sum := sha256.Sum256(data)
	_, _ = fmt.Fprintf(&a.list, "%x  %s\r\n", sum, name)
	_ = http.NewResponseController(a.w).SetWriteDeadline(time.Now().Add(fileWrite))
	f, err := a.zip.CreateHeader(&zip.FileHeader{Name: a.n.saved(name), Method: zip.Store, Modified: a.m.Sent})
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return err
}

// sheet is the words of one language as a text file, each under its name.
func (n *newsroom) sheet(m *alert.Message, lang alert.Lang) []byte {
	var b strings.Builder
	words := n.words[lang]
	t := m.Texts[lang]
	for _, x := range []struct{ key, text string }{
		{"headline", t.Headline},
		{"spoken", t.Spoken},
		{"crawl", t.Crawl},
		{"radiotext", t.RadioText},
		{"description", t.Description},
		{"instruction", t.Instruction},
	} {
		if x.text != "" {
			_, _ = fmt.Fprintf(&b, "%s\r\n%s\r\n\r\n", words["text."+x.key], strings.ReplaceAll(x.text, "\n", "\r\n"))
		}
	}
	return []byte(b.String())
}
