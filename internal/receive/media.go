package receive

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// fetched is one picture or sound; data is nil when it could not be had.
type fetched struct {
	media media
	file  mediaFile
	data  []byte
}

// pictures gets the media of a new revision. The words do not wait long for
// them; and while the host of the pictures hangs, the words of a burst do not
// wait at all, and mend asks later.
func (r *Receiver) pictures(ctx context.Context, v *verified) []fetched {
	r.mu.Lock()
	wait := firstWait
	if time.Since(r.hung) < hungFor {
		wait = 0
	}
	r.mu.Unlock()
	began := time.Now()
	files := fetch(ctx, r.client, v, wait)
	if wait > 0 && time.Since(began) >= wait {
		r.mu.Lock()
		r.hung = time.Now()
		r.mu.Unlock()
	}
	return files
}

// fetch gets all media of v at once, within wait. Only what the signed document
// names is asked for, and only what has its digest is kept.
func fetch(ctx context.Context, client *http.Client, v *verified, wait time.Duration) []fetched {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	out := make([]fetched, len(v.Media))
	var all sync.WaitGroup
	for i, m := range v.Media {
		all.Go(func() {
			data, err := fetchOne(ctx, client, m, v.files)
			out[i] = fetched{m, mediaFile{Kind: m.Kind, Lang: m.Lang, MIME: m.MIME, SHA256: m.SHA256}, data}
			if err != nil {
				out[i].file.Error, out[i].data = err.Error(), nil
				out[i].file.URL, out[i].file.Bytes = m.URL, m.Bytes
			}
		})
	}
	all.Wait()
	return out
}

func fetchOne(ctx context.Context, client *http.Client, m media, signed map[string]signedFile) ([]byte, error) {
	said, ok := signed[m.URL]
	if !ok || said.mime != m.MIME { // the type decides the file's name
		return nil, errors.New("its address and type are not in the signed document")
	}
	u, err := url.Parse(m.URL)
	if err != nil || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		return nil, errors.New("its address is not https")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.URL, nil)
	if err != nil {
		return nil, errors.New("its address cannot be read")
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, errors.New("no answer") // the error would repeat the secret address
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, m.Bytes+1))
	if err != nil {
		return nil, errors.New("the line broke")
	}
	s256, s1 := sha256.Sum256(data), sha1.Sum(data)
	if int64(len(data)) != m.Bytes || hex.EncodeToString(s256[:]) != m.SHA256 || hex.EncodeToString(s1[:]) != said.sha1 {
		return nil, errors.New("it is not the file that was signed")
	}
	return data, nil
}
