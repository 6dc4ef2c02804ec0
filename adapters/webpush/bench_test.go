package webpush

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	push "github.com/SherClockHolmes/webpush-go"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/pushservice"
)

// BenchmarkSend sends one alert to 10,000 subscribers at a local push service
// in two ways, in turn and in the same process, and reports the ratio:
// our Send as the runner calls it (4 batches of 200 at once), and webpush-go
// used plainly with a shared client and as many requests at once.
func BenchmarkSend(b *testing.B) {
	const people, round, batch, sends = 10_000, 2_000, 200, 4
	for _, delay := range []time.Duration{0, 20 * time.Millisecond} {
		b.Run("delay="+delay.String(), func(b *testing.B) {
			s := service(b, pushservice.Options{TLS: true, Keep: 1, Delay: delay})
			a := drill(b, s)
			_, all := subscribers(b, s, a, people)
			d := delivery(b, a, message(alert.TypeAlert, 1))
			client := plainClient(b, s)
			var ours, plain, oursCPU, plainCPU time.Duration
			for b.Loop() {
				for part := range slices.Chunk(all, round) { // in turn, so that a neighbour's load meets both
					took, used := measure(func() { sendBatches(b, a, d, slices.Collect(slices.Chunk(part, batch)), sends) })
					ours, oursCPU = ours+took, oursCPU+used
					took, used = measure(func() { sendPlainly(b, a, client, d, part, sends*fanOut) })
					plain, plainCPU = plain+took, plainCPU+used
				}
			}
			n := float64(b.N * people)
			b.ReportMetric(n/ours.Seconds(), "pushes/s")
			b.ReportMetric(n/plain.Seconds(), "plain-pushes/s")
			b.ReportMetric(plain.Seconds()/ours.Seconds(), "times-plain")
			// Both sides' CPU: sender and receiver share the process.
			b.ReportMetric(float64(oursCPU.Microseconds())/n, "µs-cpu/push")
			b.ReportMetric(float64(plainCPU.Microseconds())/n, "plain-µs-cpu/push")
			b.ReportMetric(float64(plainCPU)/float64(oursCPU), "times-plain-per-cpu")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func sendBatches(b *testing.B, a *Adapter, d adapter.Delivery, batches [][]adapter.Recipient, at int) {
	var next, bad atomic.Int64
	var wg sync.WaitGroup
	for range at {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(batches)); i = next.Add(1) - 1 {
				receipts, err := a.Send(b.Context(), d, batches[i])
				if err != nil || slices.ContainsFunc(receipts, func(r adapter.Receipt) bool { return r.State != adapter.Accepted }) {
					bad.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := bad.Load(); n > 0 {
		b.Errorf("%d batches had failures", n)
	}
}

// sendPlainly is what a first reading of webpush-go's manual gives, with a shared client.
func sendPlainly(b *testing.B, a *Adapter, client *http.Client, d adapter.Delivery, all []adapter.Recipient, at int) {
	var next, bad atomic.Int64
	var wg sync.WaitGroup
	subs := make([]push.Subscription, len(all))
	for i, r := range all {
		subs[i] = subscribed(b, r)
	}
	for range at {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(subs)); i = next.Add(1) - 1 {
				payload := d.Payloads[alert.English].Body
				answer, err := push.SendNotificationWithContext(b.Context(), slices.Clone(payload), &subs[i], &push.Options{
					HTTPClient: client, Subscriber: a.subject, TTL: 3600, Urgency: push.UrgencyHigh, Topic: Topic(d.Message),
					VAPIDPublicKey: a.keys.Public, VAPIDPrivateKey: a.keys.Private,
				})
				if err != nil {
					bad.Add(1)
					continue
				}
				io.Copy(io.Discard, answer.Body) //nolint:errcheck // the status counts
				answer.Body.Close()
				if answer.StatusCode != http.StatusCreated {
					bad.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := bad.Load(); n > 0 {
		b.Errorf("%d plain pushes failed", n)
	}
}

func plainClient(b *testing.B, s *pushservice.Service) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.Certificate())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 256}
	b.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func measure(f func()) (took, cpu time.Duration) {
	runtime.GC()
	start, before := time.Now(), cpuTime()
	f()
	return time.Since(start), cpuTime() - before
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
