package receive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// mendEvery is how often a picture that could not be had is asked for again,
// for as long as the revision is the newest of its case and the receiver runs.
const mendEvery = 10 * time.Second

// wanting is a stored revision without some of its media.
type wanting struct {
	v   *verified
	dir string
}

// want notes whether media of v are missing. Under r.mu.
func (r *Receiver) want(v *verified, dir string, files []fetched) {
	rest := *v.alertFrame
	rest.Media = slices.Clone(rest.Media)
	missing := false
	for i, f := range files {
		_, signed := v.files[f.media.URL]
		if f.data != nil || !signed {
			rest.Media[i].URL = "" // not to be asked for again
			continue
		}
		missing = true
	}
	if !missing || len(r.wanting) >= maxCases {
		r.forgo(v.Case)
		return
	}
	r.wanting[v.Case] = &wanting{&verified{&rest, v.files, v.expires}, dir}
}

// forgo ends the search for a case's pictures, and its alarms. Under r.mu.
func (r *Receiver) forgo(caseID string) {
	delete(r.wanting, caseID)
	r.alarms.end(func(s *Standing) bool { return s.Kind == AlarmMedia && strings.HasPrefix(s.Text, "case "+caseID+" ") })
}

// missing finds after a restart what was wanting before. The document in the
// folder is verified again: the addresses to ask come from the disk.
func (r *Receiver) missing() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, h := range r.state.Cases {
		if !h.Ended.IsZero() || h.MsgType == "Cancel" {
			continue
		}
		dir := filepath.Join(r.opt.Dir, "alerts", folder(id, h.Revision))
		v, files, err := reopen(dir, r.opt.Verify)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) { // without a folder the feed is asked for it anyway
				r.opt.Log.Warn("a stored revision cannot be read", "case", id, "revision", h.Revision, "err", err)
			}
			continue
		}
		r.want(v, dir, files)
	}
}

// reopen reads a stored revision whose pictures may be incomplete.
func reopen(dir string, check Verifier) (*verified, []fetched, error) {
	m, err := loadManifest(dir)
	if err != nil {
		return nil, nil, err
	}
	doc, err := os.ReadFile(filepath.Join(dir, "cap.xml"))
	if err != nil {
		return nil, nil, err
	}
	a := &alertFrame{
		Identifier: m.Identifier, Case: m.Case, Revision: m.Revision, MsgType: m.MsgType, Status: m.Status, Sent: m.Sent,
		Texts: m.Texts, CAP: string(doc), CAPSHA256: m.CAPSHA256, Repeat: m.Repeat,
	}
	files := make([]fetched, len(m.Media))
	for i, f := range m.Media {
		md := media{Kind: f.Kind, Lang: f.Lang, URL: f.URL, MIME: f.MIME, Bytes: f.Bytes, SHA256: f.SHA256}
		a.Media = append(a.Media, md)
		files[i] = fetched{media: md, file: f}
		if f.File != "" {
			files[i].data = []byte{} // it is there
		}
	}
	v, err := verify(a, check)
	return v, files, err
}

func loadManifest(dir string) (m manifest, err error) {
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("manifest.json: %w", err)
	}
	return m, nil
}

// mend asks again for what is missing.
func (r *Receiver) mend(ctx context.Context) {
	t := time.NewTicker(mendEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			r.mendAll(ctx)
		}
	}
}

func (r *Receiver) mendAll(ctx context.Context) {
	r.mu.Lock()
	var list []*wanting
	for _, w := range r.wanting {
		list = append(list, w)
	}
	r.mu.Unlock()
	for _, w := range list {
		files := fetch(ctx, r.client, w.v, mediaWait)
		if ctx.Err() != nil {
			return
		}
		if err := r.complete(w, files); err != nil {
			r.alarm("", AlarmDisk, err.Error())
		}
	}
}

// complete adds to w's folder what has come, and to its manifest, unless the case moved on meanwhile.
func (r *Receiver) complete(w *wanting, files []fetched) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wanting[w.v.Case] != w {
		return nil
	}
	path := filepath.Join(w.dir, "manifest.json")
	m, err := loadManifest(w.dir)
	if err != nil {
		return err
	}
	taken := map[string][]byte{}
	for _, f := range m.Media {
		taken[f.File] = []byte{}
	}
	came := 0
	for i, f := range files {
		if f.data == nil || i >= len(m.Media) || m.Media[i].File != "" {
			continue
		}
		f.file.File = freeName(taken, f.file)
		taken[f.file.File] = []byte{}
		if err := writeFile(filepath.Join(w.dir, f.file.File), f.data); err != nil {
			return err
		}
		m.Media[i] = f.file
		came++
	}
	if came == 0 {
		return nil
	}
	data, err := m.encode()
	if err != nil {
		return err
	}
	if err := writeFile(path, data); err != nil {
		return err
	}
	r.log("media", w.v.Case, w.v.Revision, "")
	r.want(w.v, w.dir, files)
	if h := r.state.Cases[w.v.Case]; h != nil && len(r.opt.Exec) > 0 { // the playout machine wants the picture
		h.Run = true
		h.wanted++
		select {
		case r.runs <- w.v.Case:
		default:
		}
	}
	return nil
}
