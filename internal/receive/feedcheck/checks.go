package feedcheck

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tocsin/internal/receive"
)

// beatLimit is what the protocol allows between two heartbeats.
const beatLimit = 10 * time.Second

func (p *probe) strangers() error {
	for what, try := range map[string]struct {
		header http.Header
		query  url.Values
	}{
		"without a token":                  {http.Header{}, nil},
		"with a wrong token":               {http.Header{"Authorization": {"Bearer st-nobody.nothing"}}, nil},
		"with the token in the address":    {http.Header{}, url.Values{"token": {p.opt.Token}}},
		"with access_token in the address": {http.Header{}, url.Values{"access_token": {p.opt.Token}}},
	} {
		if p.opt.Token == "" && try.query != nil || p.opt.TLS != nil && len(p.opt.TLS.Certificates) > 0 {
			continue // the certificate lets us in whatever the header says
		}
		query := url.Values{"wait": {"0"}}
		maps.Copy(query, try.query)
		a, err := p.ask(http.MethodGet, p.path("/poll", query), try.header, "")
		if err == nil {
			err = a.problem(http.StatusUnauthorized)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

func (p *probe) subprotocol() error {
	c, err := p.dial()
	if err != nil {
		return err
	}
	defer c.cut()
	if got := c.ws.Subprotocol(); got != "tocsin.feed.v1" {
		return fmt.Errorf("the subprotocol is %q, want tocsin.feed.v1", got)
	}
	if got := c.reply.Header.Get("Sec-WebSocket-Extensions"); got != "" {
		return fmt.Errorf("the feed takes %q: frames must not be compressed", got)
	}
	return nil
}

func (p *probe) hello() error {
	if p.err != nil {
		return p.err
	}
	h := p.base.hello
	if err := h.want("session", "node", "nodes", "epoch", "head", "cursor_ok", "heartbeat_s", "cred_days"); err != nil {
		return err
	}
	if h.HeartbeatS <= 0 || h.HeartbeatS > beatLimit.Seconds() {
		return fmt.Errorf("heartbeat_s is %v, want above 0 and at most 10", h.HeartbeatS)
	}
	if h.Epoch == "" {
		return errors.New("the epoch is empty")
	}
	if !h.CursorOK {
		return fmt.Errorf("without a cursor cursor_ok is false: %q", h.Reason)
	}
	return nil
}

func (p *probe) live() error {
	s, err := p.again(resume{Start: "live"})
	if err != nil {
		return err
	}
	listed, err := s.beat.liveList()
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, a := range s.alerts {
		if err := a.want("seq", "prev", "epoch", "identifier", "case", "revision", "msg_type", "status", "sent", "expires",
			"replay", "areas", "languages", "texts", "media", "cap", "cap_sha256"); err != nil {
			return err
		}
		if seen[a.key()] {
			return fmt.Errorf("%s came twice in one replay", a.key())
		}
		seen[a.key()] = true
		if a.Seq > s.head {
			return fmt.Errorf("%s has seq %d, live has head %d", a.key(), a.Seq, s.head)
		}
	}
	for key := range listed {
		if !seen[key] {
			return fmt.Errorf("the heartbeat lists %s, start live did not bring it", key)
		}
	}
	return nil
}

func (p *probe) chain() error {
	s, err := p.again(resume{Start: "all"})
	if err != nil {
		return err
	}
	if len(s.alerts) == 0 {
		return nothingLive
	}
	if err := chained(0, s.alerts); err != nil {
		return fmt.Errorf("start all: %w", err)
	}
	if s, err = p.again(resume{Start: "live"}); err != nil {
		return err
	}
	if err := chained(0, s.alerts); err != nil {
		return fmt.Errorf("start live: %w", err)
	}
	return nil
}

// heartbeats waits for the one that follows live and for the next.
func (p *probe) heartbeats() error {
	c, err := p.dial()
	if err != nil {
		return err
	}
	defer c.cut()
	s, err := c.replay(resume{Start: "live"})
	if err != nil {
		return err
	}
	second, err := c.await("heartbeat")
	if err != nil {
		return err
	}
	if gap := second.cameAt.Sub(s.beat.cameAt); gap > beatLimit+time.Second {
		return fmt.Errorf("%s passed between two heartbeats, want at most 10 s", gap.Round(time.Millisecond))
	}
	for _, b := range []frame{s.beat, second} {
		if err := b.want("node", "at", "epoch", "head", "live", "origin", "degraded", "cred_days"); err != nil {
			return err
		}
		if b.Degraded {
			return errors.New("the node says that it is degraded: cut off from the log")
		}
		listed, err := b.liveList()
		if err != nil {
			return err
		}
		for _, a := range s.alerts {
			if seq, ok := listed[a.key()]; !ok || seq != a.Seq {
				return fmt.Errorf("the heartbeat does not list %s with seq %d: nobody can prove that he has everything", a.key(), a.Seq)
			}
		}
	}
	if off := time.Since(second.At).Abs(); off > 2*time.Minute {
		return fmt.Errorf("the feed's clock and ours differ by %s; set the one that is wrong", off.Round(time.Second))
	}
	return nil
}

func (p *probe) signed() error {
	s, err := p.again(resume{Start: "all"})
	if err != nil {
		return err
	}
	if len(s.alerts) == 0 {
		return nothingLive
	}
	for _, a := range s.alerts {
		if err := receive.Genuine(a.raw, p.opt.Verify); err != nil {
			return fmt.Errorf("%s: %w", a.key(), err)
		}
	}
	return nil
}

func (p *probe) media() error {
	if p.err != nil {
		return p.err
	}
	files := 0
	for _, a := range p.base.alerts {
		for _, m := range a.Media {
			files++
			if err := p.file(m); err != nil {
				return fmt.Errorf("%s: %s: %w", a.key(), m.Kind, err)
			}
		}
	}
	if files == 0 {
		return skip("no live alert has a picture or sound")
	}
	return nil
}

// file fetches m as anybody may: the token goes to the feed alone.
func (p *probe) file(m media) error {
	req, err := http.NewRequestWithContext(p.ctx, http.MethodGet, m.URL, nil)
	if err != nil {
		return errors.New("its address cannot be read")
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return errors.New("it cannot be fetched") // the error would repeat the secret address
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, m.Bytes+1))
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	sum := sha256.Sum256(data)
	if int64(len(data)) != m.Bytes || hex.EncodeToString(sum[:]) != strings.ToLower(m.SHA256) {
		return errors.New("the file is not the one with that digest")
	}
	return nil
}
