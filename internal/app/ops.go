package app

import (
	"context"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// opsState is what the operator's listener knows of a server that may still be
// starting, or is stopping.
type opsState struct {
	waiting atomic.Pointer[func() string] // what the server is busy with; nil: ready
	metrics *prometheus.Registry
}

// wait says what the server is busy with now.
func (o *opsState) wait(what string) { o.waitFor(func() string { return what }) }

// waitFor is wait with a figure that grows.
func (o *opsState) waitFor(what func() string) { o.waiting.Store(&what) }

// ready says that everything has started.
func (a *App) ready(context.Context) error {
	a.ops.metrics.MustRegister(&boardCollector{app: a})
	a.ops.waiting.Store(nil)
	return nil
}

// serveOps opens the operator's listener, before anything that may take long: a
// country's registry takes seconds to read, and whoever waits for it can see how far it is.
func (a *App) serveOps(ctx context.Context) (err error) {
	a.ops.metrics = prometheus.NewRegistry()
	a.ops.metrics.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	a.opsAddr, err = a.listen(ctx, "ops", a.Config.Ops, a.opsHandler(), nil)
	return err
}

// opsHandler serves health, metrics and profiles. It is on a listener of its
// own because none of it is for the public.
func (a *App) opsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if what := a.ops.waiting.Load(); what != nil {
			http.Error(w, "not ready: "+(*what)(), http.StatusServiceUnavailable)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := a.Stream.Ready(ctx); err != nil {
			http.Error(w, "not ready: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.ops.metrics, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// boardCollector gives the ledger's totals of live alerts as metrics: by
// channel and state, never by recipient.
type boardCollector struct{ app *App }

var (
	liveAlerts = prometheus.NewDesc("tocsin_live_alerts", "Alerts neither withdrawn nor expired.", nil, nil)
	registered = prometheus.NewDesc("tocsin_recipients", "Registered recipients.", []string{"channel"}, nil)
	connected  = prometheus.NewDesc("tocsin_stations_connected", "Stations with a line open to this node.", nil, nil)
	proven     = prometheus.NewDesc("tocsin_stations_proven", "Stations whose last link test was good and is not stale.", nil, nil)
	deliveries = prometheus.NewDesc("tocsin_live_deliveries",
		"Recipients of the newest revision of every live alert, by state.", []string{"channel", "state"}, nil)
)

var damaged = prometheus.NewDesc("tocsin_stream_missing_records",
	"Records that a replica of a stream without deletions has lost. Anything but 0 needs the operator.", []string{"stream", "server"}, nil)

var unrecorded = prometheus.NewDesc("tocsin_audit_acts_lost",
	"Acts that this server could not put on the audit record since it started. Anything but 0 needs the operator.", nil, nil)

var (
	pushServices = prometheus.NewDesc("tocsin_push_devices",
		"Citizens' devices at each push service, by when they were last known to be there: week, month (without the week), older.",
		[]string{"service", "seen"}, nil)
	pushAreas = prometheus.NewDesc("tocsin_push_area_devices",
		"Citizens' devices that chose an area and were there in the last thirty days; the largest areas.", []string{"area"}, nil)
)

// maxSeries bounds the push services and areas among the metrics: each is a
// time series of its own. The operator's command shows them all.
const maxSeries = 100

// Describe names the metrics.
func (c *boardCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- liveAlerts
	ch <- registered
	ch <- connected
	ch <- proven
	ch <- deliveries
	ch <- damaged
	ch <- unrecorded
	ch <- pushServices
	ch <- pushAreas
}

// Collect reads them.
func (c *boardCollector) Collect(ch chan<- prometheus.Metric) {
	live := c.app.Current.Live()
	gauge := func(d *prometheus.Desc, v int, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	gauge(liveAlerts, len(live))
	gauge(unrecorded, c.app.Audit.Lost())
	gauge(damaged, 0, "", "") // there also when nothing is: an alarm can tell 0 from absent
	for _, d := range c.app.Stream.Damage() {
		gauge(damaged, int(d.Missing), d.Stream, d.Server)
	}
	type key struct{ channel, state string }
	sums := make(map[key]int)
	for _, r := range live {
		board, err := c.app.Ledger.Board(r.Message.Case)
		if err != nil {
			continue // released a moment ago, not planned yet
		}
		for _, t := range board.Channels {
			for state, n := range map[string]int{
				"queued": t.Queued, "sent": t.Sent, "accepted": t.Accepted, "delivered": t.Delivered,
				"on_air": t.OnAir, "removed": t.Removed, "failed": t.Failed, "retrying": t.Retrying,
			} {
				sums[key{t.Channel, state}] += n
			}
		}
	}
	for k, n := range sums {
		gauge(deliveries, n, k.channel, k.state)
	}
	on, sound := 0, 0
	if feed := c.app.feed(); feed != nil {
		for _, p := range feed.Stations() {
			if p.Connected {
				on++
			}
		}
	}
	for _, s := range c.app.standings() {
		if s.Sound {
			sound++
		}
	}
	gauge(connected, on)
	gauge(proven, sound)
	push := c.app.push.soon()
	for _, h := range push.Services[:min(len(push.Services), maxSeries)] {
		gauge(pushServices, h.Week, h.Of, "week")
		gauge(pushServices, h.Month-h.Week, h.Of, "month")
		gauge(pushServices, h.All-h.Month, h.Of, "older")
	}
	for _, h := range push.Areas[:min(len(push.Areas), maxSeries)] {
		gauge(pushAreas, h.Month, h.Of)
	}
	for _, ch := range c.app.channels {
		gauge(registered, c.app.Registry.Count(ch.Driver.Name, []string{"*"}), ch.Driver.Name)
	}
}
