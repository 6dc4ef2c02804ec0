package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/console"
	"tocsin/internal/newsroom"
	"tocsin/internal/site"
)

// serve opens the public listener, for citizens, officers and channels.
func (a *App) serve(ctx context.Context) error {
	handler, err := a.handler()
	if err != nil {
		return err
	}
	var secure *tls.Config
	if a.Config.TLS.Cert != "" {
		if secure, err = newTLS(a.Config.TLS, a.log); err != nil {
			return err
		}
	}
	a.addr, err = a.listen(ctx, "public", a.Config.Listen, handler, secure)
	return err
}

// listen serves h; with secure over TLS.
func (a *App) listen(ctx context.Context, name, addr string, h http.Handler, secure *tls.Config) (net.Addr, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another program listens on %s: end it, or choose another %s address", addr, name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s listener: %w", name, err)
	}
	s := &http.Server{
		Handler:   h,
		TLSConfig: secure,
		// A stranger who opens a connection must say what he wants, and briefly.
		// There is no write time-out: feeds and boards stay open, and bound each write themselves.
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		run := s.Serve
		if secure != nil {
			run = func(l net.Listener) error { return s.ServeTLS(l, "", "") }
		}
		if err := run(l); !errors.Is(err, http.ErrServerClosed) {
			a.fail(fmt.Errorf("%s listener: %w", name, err))
		}
	}()
	a.onStop(name+" listener", func(ctx context.Context) error {
		// Feeds and boards never end by themselves: give the short requests a moment, then cut.
		brief, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		if s.Shutdown(brief) != nil {
			_ = s.Close() // what is left is open streams, which resume elsewhere
		}
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	return l.Addr(), nil
}

// handler is the public side: the channels' own addresses first, then the three sites.
func (a *App) handler() (http.Handler, error) {
	forConsole := a.consoleDeps()
	var err error
	if forConsole.Keys, err = a.consoleKeys(); err != nil {
		return nil, err
	}
	officers, err := console.New(forConsole)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	deps, err := a.siteDeps()
	if err != nil {
		return nil, err
	}
	public, err := site.New(deps)
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	stations, err := newsroom.New(a.newsroomDeps())
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, c := range a.channels {
		if own, ok := c.Adapter.(adapter.Callbacks); ok {
			for _, r := range own.Routes() {
				mux.Handle(r.Pattern, r.Handler)
			}
		}
	}
	for _, pattern := range []string{"/console", "/console/", "/v1/cases", "/v1/cases/"} {
		mux.Handle(pattern, officers)
	}
	for _, pattern := range []string{"/newsroom", "/newsroom/"} {
		mux.Handle(pattern, stations)
	}
	mux.Handle("/", public)
	return a.recovered(mux), nil
}

// recovered turns a panic into a plain 500 without details: they go to the log, without the request's data.
func (a *App) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p) // net/http's own way to cut a response
			default:
				a.log.Error("request panicked", "method", r.Method, "panic", fmt.Sprintf("%T", p))
				http.Error(w, "Something went wrong here. Try again; if it stays, call the operator.", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}
