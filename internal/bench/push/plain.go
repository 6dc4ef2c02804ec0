package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	push "github.com/SherClockHolmes/webpush-go"

	"tocsin/internal/bench/measure"
)

// plain is webpush-go as its manual shows it, with the one thing that any
// reader would add: a client that all pushes share. It is told the subject
// without "mailto:", for it writes that itself.
type plain struct {
	task   task
	client *http.Client
}

func newPlain(q json.RawMessage) (answerer, error) {
	p := new(plain)
	if err := json.Unmarshal(q, &p.task); err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(p.task.Certificate)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	p.client = &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: p.task.AtOnce,
	}}
	return p, nil
}

func (p *plain) ready() any { return true }

func (p *plain) answer(raw json.RawMessage) (any, error) {
	var o order
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	people := make([]push.Subscription, o.People)
	for i := range people {
		s := p.task.subscription(i)
		people[i] = push.Subscription{Endpoint: s.Endpoint, Keys: push.Keys{P256dh: s.Keys.P256dh, Auth: s.Keys.Auth}}
	}
	runtime.GC() // rounds begin alike
	return measure.Round(func() (int, string) { return p.send(people) }), nil
}

func (p *plain) send(people []push.Subscription) (int, string) {
	payload := []byte(p.task.Notice.Payload)
	var next atomic.Int64
	var bad failures
	var wg sync.WaitGroup
	for range p.task.AtOnce {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(people)); i = next.Add(1) - 1 {
				// A copy, for webpush-go writes its padding into the message it is given.
				if err := p.one(slices.Clone(payload), &people[i]); err != nil {
					bad.add(1, err.Error())
				}
			}
		})
	}
	wg.Wait()
	return bad.n, bad.why
}

func (p *plain) one(payload []byte, to *push.Subscription) error {
	n := p.task.Notice
	answer, err := push.SendNotificationWithContext(context.Background(), payload, to, &push.Options{
		HTTPClient: p.client, Subscriber: strings.TrimPrefix(p.task.Subject, "mailto:"),
		TTL: n.TTL, Urgency: push.Urgency(n.Urgency), Topic: n.Topic,
		VAPIDPublicKey: p.task.Public, VAPIDPrivateKey: p.task.Private,
	})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // so that the connection can be used again
	if answer.StatusCode != http.StatusCreated {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	return nil
}
