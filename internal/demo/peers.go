package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/cap"
	"tocsin/internal/peers/partner"
	"tocsin/internal/peers/pushservice"
	"tocsin/internal/peers/smsc"
	"tocsin/internal/receive"
)

// peers are the receivers at the far end of each channel.
type peers struct {
	dir        string
	push       *pushservice.Service
	smsc       *smsc.SMSC
	partner    *partner.Partner
	stationDir string

	subscribers []*pushservice.Subscriber
	phones      []string

	mu          sync.Mutex
	revisions   []stored
	stopStation func()
}

// stored is one revision as the station has it on disk.
type stored struct {
	receive.Revision
	at time.Time
}

func startPeers(dir string) (p *peers, err error) {
	p = &peers{dir: dir, stationDir: filepath.Join(dir, "station"), stopStation: func() {}}
	if p.push, err = pushservice.Start(pushservice.Options{TLS: true}); err != nil {
		return nil, err
	}
	if p.smsc, err = smsc.Start(smsc.Options{}); err != nil {
		return nil, errors.Join(err, p.push.Close())
	}
	if p.partner, err = partner.Start(); err != nil {
		return nil, errors.Join(err, p.push.Close(), p.smsc.Close())
	}
	if err = os.WriteFile(p.file("push-ca.pem"), p.push.Certificate(), 0o600); err == nil {
		err = os.WriteFile(p.file("smsc-password"), []byte("secret"), 0o600)
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *peers) file(name string) string { return filepath.Join(p.dir, name) }

func (p *peers) close() error {
	return errors.Join(p.push.Close(), p.smsc.Close(), p.partner.Close())
}

func settings(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain maps of strings and numbers
	}
	return data
}

func (p *peers) pushSettings() json.RawMessage {
	return settings(map[string]any{
		"root_cas": p.file("push-ca.pem"),
		// All of the demo's citizens sit at one address.
		"subscribe_per_minute": 1_000_000,
	})
}

func (p *peers) smsSettings() json.RawMessage {
	return settings(map[string]any{"gateways": []any{map[string]any{
		"kind": "smpp", "name": "local", "address": p.smsc.Addr(), "system_id": "tocsin",
		"password_file": p.file("smsc-password"), "source": "TOCSIN", "window": 50, "rate": 1000,
	}}})
}

// register makes everybody known to the server, each by the door he would use.
func (s *stage) register(ctx context.Context) error {
	begun := time.Now()
	s.say("registering everybody, each by the door he would use (some seconds)\n")
	if err := s.registerNamed(ctx); err != nil {
		return err
	}
	if err := s.registerPhones(ctx); err != nil {
		return err
	}
	if err := s.subscribe(ctx); err != nil {
		return err
	}
	s.say("registered 1 station, 1 partner, %d phones and %d push subscribers in %.1f s\n",
		s.Phones, s.Subscribers, time.Since(begun).Seconds())
	return nil
}

// registerNamed registers the station and the partner, and connects them.
func (s *stage) registerNamed(ctx context.Context) error {
	everywhere := []string{"*"}
	token, err := s.app.AddRecipient(ctx, "broadcast", app.NewRecipient{Name: "Radio Nord", Areas: everywhere, Lang: alert.French})
	if err != nil {
		return err
	}
	if err := s.connectStation(ctx, token); err != nil {
		return err
	}
	if err := s.addEditor(ctx); err != nil {
		return err
	}
	secret, err := s.app.AddRecipient(ctx, "website", app.NewRecipient{
		Name: "Ville de Bruxelles", Endpoint: s.peers.partner.URL(), Areas: everywhere, Lang: alert.French,
	})
	if err != nil {
		return err
	}
	keys, err := app.Keys(s.app.Config)
	if err != nil {
		return err
	}
	return s.peers.partner.Trust(secret, keys.Webhook)
}

// addEditor makes an account for somebody at the station.
func (s *stage) addEditor(ctx context.Context) error {
	stations := s.app.Registry.All("broadcast")
	if len(stations) != 1 {
		return fmt.Errorf("%d stations are registered, want 1", len(stations))
	}
	eva := auth.Officer{ID: editorID, Name: "Eva Maes", Roles: []auth.Role{auth.Editor}, Station: stations[0].ID}
	return s.app.AddOfficer(ctx, eva, demoPassword)
}

// connectStation starts the broadcaster's receiver, the one `tocsin receive` runs.
func (s *stage) connectStation(ctx context.Context, token string) error {
	cert := s.app.Signer.Certificate()
	p := s.peers
	r, err := receive.New(receive.Options{
		Feeds: []string{"http://" + s.app.Addr()}, Token: token, Dir: p.stationDir,
		Verify: func(doc []byte) error { _, err := cap.Verify(doc, cert); return err },
		OnRevision: func(rev receive.Revision) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.revisions = append(p.revisions, stored{Revision: rev, at: time.Now()})
		},
		Log: s.Log,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.Run(ctx) // ends with ctx; faults are alarms in the log
	}()
	p.stopStation = func() { cancel(); <-done }
	return nil
}

// registerPhones imports the numbers as the operator's command does: from 0460, which Belgium gives to mobiles.
func (s *stage) registerPhones(ctx context.Context) error {
	langs := []alert.Lang{alert.French, alert.German, alert.English}
	all := make([]app.NewRecipient, s.Phones)
	for i := range all {
		number := fmt.Sprintf("+32470%06d", i)
		s.peers.phones = append(s.peers.phones, number)
		all[i] = app.NewRecipient{Number: number, Areas: []string{"BE"}, Lang: langs[i%len(langs)]}
	}
	_, err := s.app.AddRecipients(ctx, "sms", all)
	return err
}

// subscribe sends each synthetic citizen's subscription to the public address, some at once.
func (s *stage) subscribe(ctx context.Context) error {
	base := "http://" + s.app.Addr()
	key, err := pushKey(ctx, base)
	if err != nil {
		return err
	}
	const doors = 32
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: doors}}
	langs := []string{"fr", "de", "en"}
	work := make(chan int)
	errs := make(chan error, doors)
	var all sync.WaitGroup
	s.peers.subscribers = make([]*pushservice.Subscriber, s.Subscribers)
	for range doors {
		all.Go(func() {
			for i := range work {
				if err := s.subscribeOne(ctx, client, base, key, langs[i%len(langs)], i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	err = nil
feed:
	for i := range s.Subscribers {
		select {
		case work <- i:
		case err = <-errs:
			break feed
		case <-ctx.Done():
			err = ctx.Err()
			break feed
		}
	}
	close(work)
	all.Wait()
	return err
}

func (s *stage) subscribeOne(ctx context.Context, client *http.Client, base, key, lang string, i int) error {
	sub, err := s.peers.push.NewSubscriber(key)
	if err != nil {
		return err
	}
	s.peers.subscribers[i] = sub
	body := settings(map[string]any{"subscription": sub.JSON(), "regions": []string{"BE"}, "lang": lang})
	req, err := http.NewRequestWithContext(ctx, "POST", base+"/v1/push/subscriptions", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("subscribe citizen %d: %s", i, resp.Status)
	}
	return nil
}

// pushKey is the server's public key, as a page reads it.
func pushKey(ctx context.Context, base string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", base+"/v1/push/key", nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	var got struct {
		Key string `json:"key"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		return "", fmt.Errorf("push key: %w", err)
	}
	return got.Key, nil
}
