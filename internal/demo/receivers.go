package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"tocsin/internal/alert"
)

// sample is how many citizens' messages are decrypted: opening all would time the demo, not the system.
const sample = 50

// checkReceivers looks at what lies at the far ends, whatever our own ledger
// says, and notes which channel holds nothing of the child any more.
func (s *stage) checkReceivers(ctx context.Context, id string, r *result) error {
	checks := map[string]func(string) error{
		"broadcast": s.checkStation, "webpush": s.checkCitizens, "sms": s.checkPhones, "website": s.checkPartner,
	}
	var errs []error
	for channel, check := range checks {
		// A receipt says that the far end took it; its last step may be a moment behind.
		err := check(id)
		for deadline := time.Now().Add(5 * time.Second); err != nil && time.Now().Before(deadline) && ctx.Err() == nil; err = check(id) {
			time.Sleep(50 * time.Millisecond)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", channel, err))
			continue
		}
		r.confirmed[channel] = true
	}
	return errors.Join(errs...)
}

// checkStation wants three revisions stored, and no name in the folder now.
func (s *stage) checkStation(id string) error {
	p := s.peers
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := make(map[int]bool)
	for _, rev := range p.revisions {
		if rev.Case == id {
			seen[rev.Revision.Revision] = true
		}
	}
	if len(seen) != 3 {
		return fmt.Errorf("the station stored revisions %v, want 1, 2 and 3", seen)
	}
	return noName(p.stationDir)
}

// noName looks for the child in every file below dir.
func noName(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return walk(root, ".")
}

func walk(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	entries, err := d.ReadDir(-1)
	if err := errors.Join(err, d.Close()); err != nil {
		return err
	}
	for _, e := range entries {
		path := dir + "/" + e.Name()
		if e.IsDir() {
			if err := walk(root, path); err != nil {
				return err
			}
			continue
		}
		data, err := root.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.Contains(string(data), "Anna") {
			return fmt.Errorf("%s still names the child", path)
		}
	}
	return nil
}

// checkCitizens wants three messages for each subscriber, and a sample's last one to be the quiet all-clear.
func (s *stage) checkCitizens(string) error {
	for i, sub := range s.peers.subscribers {
		got := sub.Messages()
		if len(got) != 3 {
			return fmt.Errorf("citizen %d got %d messages, want 3", i, len(got))
		}
		if i%max(1, len(s.peers.subscribers)/sample) != 0 {
			continue
		}
		for n, m := range got {
			plain, err := sub.Decrypt(m)
			if err != nil {
				return fmt.Errorf("citizen %d message %d: %w", i, n+1, err)
			}
			var said struct {
				Tocsin struct {
					Revision int           `json:"revision"`
					MsgType  alert.MsgType `json:"msg_type"`
				} `json:"tocsin"`
			}
			if err := json.Unmarshal(plain, &said); err != nil {
				return fmt.Errorf("citizen %d message %d: %w", i, n+1, err)
			}
			named := strings.Contains(string(plain), "Anna")
			if said.Tocsin.Revision != n+1 || named != (said.Tocsin.MsgType != alert.TypeCancel) {
				return fmt.Errorf("citizen %d message %d: revision %d, names the child: %v", i, n+1, said.Tocsin.Revision, named)
			}
		}
	}
	return nil
}

// checkPhones wants three texts on each phone; the last names nobody.
func (s *stage) checkPhones(string) error {
	for _, number := range s.peers.phones {
		texts := s.peers.smsc.Texts(number)
		if len(texts) != 3 {
			return fmt.Errorf("a phone got %d texts, want 3", len(texts))
		}
		if !strings.Contains(texts[0].Body, "Anna") || strings.Contains(texts[2].Body, "Anna") {
			return fmt.Errorf("a phone's texts begin with %q and end with %q", texts[0].Body, texts[2].Body)
		}
	}
	return nil
}

// checkPartner wants three verified webhooks and an empty page.
func (s *stage) checkPartner(string) error {
	var types []string
	for _, g := range s.peers.partner.Got() {
		types = append(types, g.Type)
	}
	if got := strings.Join(types, " "); got != "alert.live alert.updated alert.withdrawn" {
		return fmt.Errorf("the partner got %q", got)
	}
	if n := s.peers.partner.Shown(); n != 0 {
		return fmt.Errorf("the partner's page still shows %d alerts", n)
	}
	return nil
}
