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
)

// fetched is one picture or sound; data is nil when it could not be had.
type fetched struct {
	media media
	file  mediaFile
	data  []byte
}

// fetch gets all media of v at once, within mediaWait: the words do not wait
// longer for a picture. Only what the signed document names is asked for, and
// only what has its digest is kept.
func fetch(ctx context.Context, client *http.Client, v *verified) []fetched {
	ctx, cancel := context.WithTimeout(ctx, mediaWait)
	defer cancel()
	out := make([]fetched, len(v.Media))
	var all sync.WaitGroup
	for i, m := range v.Media {
		all.Go(func() {
			data, err := fetchOne(ctx, client, m, v.sha1)
			out[i] = fetched{m, mediaFile{Kind: m.Kind, Lang: m.Lang, MIME: m.MIME, SHA256: m.SHA256}, data}
			if err != nil {
				out[i].file.Error, out[i].data = err.Error(), nil
			}
		})
	}
	all.Wait()
	return out
}

func fetchOne(ctx context.Context, client *http.Client, m media, signed map[string]string) ([]byte, error) {
	digest, ok := signed[m.URL]
	if !ok {
		return nil, errors.New("its address is not in the signed document")
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
	if int64(len(data)) != m.Bytes || hex.EncodeToString(s256[:]) != m.SHA256 || hex.EncodeToString(s1[:]) != digest {
		return nil, errors.New("it is not the file that was signed")
	}
	return data, nil
}
