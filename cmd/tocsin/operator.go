package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"tocsin/internal/app"
)

// operator is the way to a running server: the socket in its data folder.
type operator struct {
	Data string `env:"TOCSIN_DATA_DIR" required:"" placeholder:"DIR" help:"Data folder of the running server."`
}

// call sends body as JSON (or as it is, when a reader) and decodes the answer
// into out; an io.Writer gets it as it is.
func (o operator) call(ctx context.Context, method, path string, body, out any) error {
	socket := app.SocketPath(o.Data)
	client := &http.Client{
		Timeout: 5 * time.Minute, // an import of a million numbers; everything else answers at once
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}},
	}
	r, isReader := body.(io.Reader)
	if body != nil && !isReader {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		r = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://operator"+path, r)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "refused") {
			return fmt.Errorf("no server runs on %s: start it with `tocsin serve --data %s`", o.Data, o.Data)
		}
		return fmt.Errorf("ask the server: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if w, ok := out.(io.Writer); ok && resp.StatusCode < http.StatusBadRequest {
		_, err := io.Copy(w, resp.Body)
		return err
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, 256<<20)) // a long case's record, or a country's list
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return errors.New(strings.TrimSpace(string(data)))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(data, out)
}
