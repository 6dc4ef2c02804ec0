package feedcheck

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// pollPart is one answer of the long poll.
type pollPart struct {
	Epoch    string            `json:"epoch"`
	Cursor   string            `json:"cursor"`
	CursorOK bool              `json:"cursor_ok"`
	More     bool              `json:"more"`
	Alerts   []json.RawMessage `json:"alerts"`

	alerts []frame
}

func decodePoll(data []byte) (part pollPart, err error) {
	if err := json.Unmarshal(data, &part); err != nil {
		return part, fmt.Errorf("the poll's answer: %w", err)
	}
	for _, raw := range part.Alerts {
		f, err := decode(raw)
		if err != nil {
			return part, err
		}
		part.alerts = append(part.alerts, f)
	}
	return part, nil
}

// receipt is a station's word, as the protocol has it.
type receipt struct {
	Type       string    `json:"type,omitempty"`
	Identifier string    `json:"identifier"`
	Revision   int       `json:"revision"`
	State      string    `json:"state"`
	At         time.Time `json:"at"`
	By         string    `json:"by,omitempty"`
	Reason     string    `json:"reason,omitempty"`
}

// say sends a receipt on c and returns the answer.
func (c *conn) say(r receipt) (frame, error) {
	r.Type, r.At = "receipt", time.Now().UTC()
	if err := c.send(r); err != nil {
		return frame{}, err
	}
	for {
		f, err := c.await("receipt_ok", "receipt_refused")
		if err != nil || f.Identifier == r.Identifier && f.State == r.State {
			return f, err
		}
	}
}

// post sends a receipt without a socket.
func (p *probe) post(r receipt) (answer, error) {
	r.At = time.Now().UTC()
	body, err := json.Marshal(r)
	if err != nil {
		return answer{}, err
	}
	return p.ask(http.MethodPost, p.path("/receipts", nil), nil, string(body))
}

// drill is a live alert that may be confirmed without having been stored.
func (p *probe) drill() (frame, error) {
	if p.err != nil {
		return frame{}, p.err
	}
	for _, a := range p.base.alerts {
		if a.Status != "Actual" {
			return a, nil
		}
	}
	if len(p.base.alerts) > 0 {
		return frame{}, skip("what is live is real, and nobody has stored it: not confirmed for a check")
	}
	return frame{}, nothingLive
}

func (p *probe) receipt() error {
	a, err := p.drill()
	if err != nil {
		return err
	}
	c, err := p.dial()
	if err != nil {
		return err
	}
	defer c.cut()
	if _, err := c.replay(resume{Start: "live"}); err != nil {
		return err
	}
	r := receipt{Identifier: a.Identifier, Revision: a.Revision, State: "received", By: "feedcheck"}
	for _, time := range []string{"first", "second"} {
		f, err := c.say(r)
		if err != nil {
			return err
		}
		if f.Type != "receipt_ok" || f.Revision != r.Revision {
			return fmt.Errorf("the %s receipt was answered by %s: %s %s", time, f.Type, f.Code, f.Detail)
		}
	}
	got, err := p.post(r)
	if err != nil {
		return err
	}
	if got.status != http.StatusOK || !strings.Contains(string(got.body), "receipt_ok") {
		return fmt.Errorf("by POST the same receipt was answered with status %d: %.100s", got.status, got.body)
	}
	return nil
}

func (p *probe) reasons() error {
	a, err := p.drill()
	if err != nil {
		return err
	}
	for _, state := range []string{"declined", "failed"} {
		if err := p.refused(receipt{Identifier: a.Identifier, Revision: a.Revision, State: state}, "bad", http.StatusUnprocessableEntity); err != nil {
			return fmt.Errorf("%s without a reason: %w", state, err)
		}
	}
	return nil
}

func (p *probe) stranger() error {
	r := receipt{Identifier: "feedcheck.no-such-alert", Revision: 1, State: "seen"}
	return p.refused(r, "unknown", http.StatusNotFound)
}

// refused wants r refused on both ways, for good.
func (p *probe) refused(r receipt, code string, status int) error {
	c, err := p.dial()
	if err != nil {
		return err
	}
	defer c.cut()
	if _, err := c.replay(resume{Start: "new"}); err != nil {
		return err
	}
	f, err := c.say(r)
	if err != nil {
		return err
	}
	if f.Type != "receipt_refused" || f.Code != code || f.Retry || f.Detail == "" {
		return fmt.Errorf("answered by %s %q %q, want receipt_refused %q with the reason", f.Type, f.Code, f.Detail, code)
	}
	a, err := p.post(r)
	if err != nil {
		return err
	}
	if err := a.problem(status); err != nil {
		return fmt.Errorf("by POST: %w", err)
	}
	return nil
}

func (p *probe) unknownType() error {
	c, err := p.dial()
	if err != nil {
		return err
	}
	defer c.cut()
	if err := c.send(map[string]any{"type": "of-a-newer-protocol", "colour": 7}); err != nil {
		return err
	}
	if _, err := c.replay(resume{Start: "new"}); err != nil {
		return fmt.Errorf("after it the line no longer works: %w", err)
	}
	return nil
}

// ends sends data and wants the line closed with that code.
func (p *probe) ends(data []byte, code int, bye bool) error {
	c, err := p.dial()
	if err != nil {
		return err
	}
	defer c.cut()
	if _, err := c.replay(resume{Start: "new"}); err != nil {
		return err
	}
	if err := c.ws.WriteMessage(websocket.TextMessage, data); err != nil {
		return fmt.Errorf("the line broke: %w", err)
	}
	_ = c.ws.SetReadDeadline(time.Now().Add(c.wait))
	said := false
	for {
		_, raw, err := c.ws.ReadMessage()
		if err != nil {
			e, ok := errors.AsType[*websocket.CloseError](err)
			if !ok || e.Code != code {
				return fmt.Errorf("the line ended with %w, want close code %d", err, code)
			}
			if bye && !said {
				return errors.New("the line ended without a bye that says why")
			}
			return nil
		}
		if f, err := decode(raw); err == nil && f.Type == "bye" && f.Reason != "" {
			said = true
		}
	}
}

func (p *probe) noJSON() error { return p.ends([]byte("hello?"), 4400, true) }

func (p *probe) tooLarge() error {
	big := `{"type":"receipt","reason":"` + strings.Repeat("x", 17<<10) + `"}`
	return p.ends([]byte(big), websocket.CloseMessageTooBig, false)
}

func (p *probe) problems() error {
	for _, query := range []url.Values{{"start": {"yesterday"}, "wait": {"0"}}, {"wait": {"9999"}}} {
		a, err := p.ask(http.MethodGet, p.path("/poll", query), nil, "")
		if err == nil {
			err = a.problem(http.StatusBadRequest)
		}
		if err != nil {
			return fmt.Errorf("?%s: %w", query.Encode(), err)
		}
	}
	return nil
}
