package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

// draft is what an officer writes.
type draft = casework.Draft

// officer works through the officers' API, as a State's own software would.
type officer struct {
	base, token string
	client      *http.Client
	released    *time.Time // when the last release or withdrawal was sent off
}

func newOfficer(base, token string) officer {
	return officer{base: base, token: token, client: &http.Client{Timeout: 30 * time.Second}, released: new(time.Time)}
}

// do calls the API and decodes the answer into out; a problem document becomes the error.
func (o officer) do(ctx context.Context, method, path, contentType, ifMatch string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, o.base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+o.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if ifMatch != "" {
		req.Header.Set("If-Match", ifMatch)
	}
	resp, err := o.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20)) // a preview of six languages is far below
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return errors.New(method + " " + path + ": " + resp.Status + ": " + strings.TrimSpace(string(data)))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(data, out)
}

func (o officer) json(ctx context.Context, method, path string, in, out any) error {
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return o.do(ctx, method, path, "application/json", "", bytes.NewReader(data), out)
}

func (o officer) draft(ctx context.Context, d casework.Draft) (c casework.Case, err error) {
	return c, o.json(ctx, "POST", "/v1/cases", d, &c)
}

func (o officer) photo(ctx context.Context, id string, png []byte) (string, error) {
	var got struct {
		ID string `json:"id"`
	}
	err := o.do(ctx, "POST", "/v1/cases/"+id+"/photos", "image/png", "", bytes.NewReader(png), &got)
	return got.ID, err
}

// edit reads the case, changes its draft and writes it back as one who saw that version.
func (o officer) edit(ctx context.Context, id string, change func(*draft)) error {
	var c casework.Case
	if err := o.do(ctx, "GET", "/v1/cases/"+id, "", "", nil, &c); err != nil {
		return err
	}
	change(&c.Draft)
	data, err := json.Marshal(c.Draft)
	if err != nil {
		return err
	}
	return o.do(ctx, "PUT", "/v1/cases/"+id, "application/json", fmt.Sprintf(`"%d"`, c.Version), bytes.NewReader(data), nil)
}

func (o officer) submit(ctx context.Context, id string) error {
	return o.json(ctx, "POST", "/v1/cases/"+id+"/submit", struct{}{}, nil)
}

// release reads what every channel will say and releases exactly that.
func (o officer) release(ctx context.Context, id string) (*alert.Message, error) {
	var p casework.Preview
	if err := o.do(ctx, "GET", "/v1/cases/"+id+"/preview", "", "", nil, &p); err != nil {
		return nil, err
	}
	body := map[string]string{"digest": p.Digest}
	*o.released = time.Now()
	return p.Message, o.json(ctx, "POST", "/v1/cases/"+id+"/release", body, nil)
}

func (o officer) withdraw(ctx context.Context, id string, outcome alert.Outcome) error {
	*o.released = time.Now()
	return o.json(ctx, "POST", "/v1/cases/"+id+"/withdraw", map[string]any{"outcome": outcome}, nil)
}
