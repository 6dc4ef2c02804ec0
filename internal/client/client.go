// Package client speaks the officers' API, as a State's own software would.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/ledger"
)

// Officer is one officer with a token.
type Officer struct {
	base, token string
	client      *http.Client
	pressed     *time.Time
}

// New is an officer at the server of base ("http://127.0.0.1:8080").
func New(base, token string) Officer {
	return Officer{base: base, token: token, client: &http.Client{Timeout: time.Minute}, pressed: new(time.Time)}
}

// do calls the API and decodes the answer into out; a problem document becomes the error.
func (o Officer) do(ctx context.Context, method, path, contentType, ifMatch string, body io.Reader, out any) error {
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

func (o Officer) json(ctx context.Context, method, path string, in, out any) error {
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return o.do(ctx, method, path, "application/json", "", bytes.NewReader(data), out)
}

// Draft opens a case.
func (o Officer) Draft(ctx context.Context, d casework.Draft) (c casework.Case, err error) {
	return c, o.json(ctx, "POST", "/v1/cases", d, &c)
}

// DraftFor opens the exercise alert of the planned test of a day.
func (o Officer) DraftFor(ctx context.Context, day string, d casework.Draft) (c casework.Case, err error) {
	return c, o.json(ctx, "POST", "/v1/cases?exercise="+url.QueryEscape(day), d, &c)
}

// AddPhoto uploads a PNG and gives its id.
func (o Officer) AddPhoto(ctx context.Context, id string, png []byte) (string, error) {
	var got struct {
		Photo string `json:"photo"`
	}
	err := o.do(ctx, "POST", "/v1/cases/"+id+"/photos", "image/png", "", bytes.NewReader(png), &got)
	return got.Photo, err
}

// Edit reads the case, changes its draft and writes it back as one who saw that version.
func (o Officer) Edit(ctx context.Context, id string, change func(*casework.Draft)) error {
	c, err := o.Get(ctx, id)
	if err != nil {
		return err
	}
	change(&c.Draft)
	data, err := json.Marshal(c.Draft)
	if err != nil {
		return err
	}
	return o.do(ctx, "PUT", "/v1/cases/"+id, "application/json", fmt.Sprintf(`"%d"`, c.Version), bytes.NewReader(data), nil)
}

// Reword puts own words in place of the machine's in one text of the case.
func (o Officer) Reword(ctx context.Context, id string, lang alert.Lang, name, text string) error {
	c, err := o.Get(ctx, id)
	if err != nil {
		return err
	}
	data, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return err
	}
	return o.do(ctx, "PUT", "/v1/cases/"+id+"/texts/"+string(lang)+"/"+name, "application/json", fmt.Sprintf(`"%d"`, c.Version), bytes.NewReader(data), nil)
}

// Submit hands the case to an approver.
func (o Officer) Submit(ctx context.Context, id string) error {
	return o.json(ctx, "POST", "/v1/cases/"+id+"/submit", struct{}{}, nil)
}

// Release reads what every channel will say and releases exactly that.
func (o Officer) Release(ctx context.Context, id string) (*alert.Message, error) {
	var p casework.Preview
	if err := o.do(ctx, "GET", "/v1/cases/"+id+"/preview", "", "", nil, &p); err != nil {
		return nil, err
	}
	body := map[string]string{"digest": p.Digest}
	*o.pressed = time.Now()
	return p.Message, o.json(ctx, "POST", "/v1/cases/"+id+"/release", body, nil)
}

// Withdraw ends the alert.
func (o Officer) Withdraw(ctx context.Context, id string, outcome alert.Outcome) error {
	*o.pressed = time.Now()
	return o.json(ctx, "POST", "/v1/cases/"+id+"/withdraw", map[string]any{"outcome": outcome}, nil)
}

// Get is the case as it is now.
func (o Officer) Get(ctx context.Context, id string) (c casework.Case, err error) {
	return c, o.do(ctx, "GET", "/v1/cases/"+id, "", "", nil, &c)
}

// Board is who has it and who has not.
func (o Officer) Board(ctx context.Context, id string) (b ledger.Board, err error) {
	return b, o.do(ctx, "GET", "/v1/cases/"+id+"/deliveries", "", "", nil, &b)
}

// Pressed is when the last release or withdrawal was sent off.
func (o Officer) Pressed() time.Time { return *o.pressed }
