package receive

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
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
	delete(r.wanting, v.Case)
	for _, f := range files {
		if _, signed := v.sha1[f.media.URL]; f.data == nil && signed && len(r.wanting) < maxCases {
			r.wanting[v.Case] = &wanting{v, dir}
		}
	}
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
		files := fetch(ctx, r.client, w.v)
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
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
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
	if data, err = m.encode(); err != nil {
		return err
	}
	if err := writeFile(path, data); err != nil {
		return err
	}
	r.log("media", w.v.Case, w.v.Revision, "")
	r.want(w.v, w.dir, files)
	if h := r.state.Cases[w.v.Case]; h != nil && len(r.opt.Exec) > 0 { // the playout machine wants the picture
		h.Run = true
		select {
		case r.runs <- w.v.Case:
		default:
		}
	}
	return nil
}
