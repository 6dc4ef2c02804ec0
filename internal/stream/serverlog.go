package stream

import (
	"fmt"
	"log/slog"
	"sync"
)

// serverLog hands nats-server's own words to ours: its notices ("Listening",
// "Server is ready") are debug to an operator of Tocsin, its warnings are not.
type serverLog struct {
	log *slog.Logger

	mu         sync.Mutex
	died, text string
}

func (l *serverLog) keep(fatal bool, format string, v []any) string {
	s := fmt.Sprintf(format, v...)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = s
	if fatal {
		l.died = s
	}
	return s
}

func (l *serverLog) fatal() string { l.mu.Lock(); defer l.mu.Unlock(); return l.died }
func (l *serverLog) last() string  { l.mu.Lock(); defer l.mu.Unlock(); return l.text }

// Noticef implements server.Logger.
func (l *serverLog) Noticef(format string, v ...any) {
	l.log.Debug("nats-server", "text", fmt.Sprintf(format, v...))
}

// Warnf implements server.Logger.
func (l *serverLog) Warnf(format string, v ...any) {
	l.log.Warn("nats-server", "text", l.keep(false, format, v))
}

// Errorf implements server.Logger.
func (l *serverLog) Errorf(format string, v ...any) {
	l.log.Error("nats-server", "text", l.keep(false, format, v))
}

// Fatalf implements server.Logger. It does not end the process: Open returns the text as an error.
func (l *serverLog) Fatalf(format string, v ...any) {
	l.log.Error("nats-server", "text", l.keep(true, format, v))
}

// Debugf implements server.Logger; debug is off.
func (l *serverLog) Debugf(string, ...any) {}

// Tracef implements server.Logger; traces would hold personal data and are off.
func (l *serverLog) Tracef(string, ...any) {}
