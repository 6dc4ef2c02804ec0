package pushservice

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// Fault is a misbehaviour for the next pushes.
type Fault struct {
	N          int           // how many pushes it meets; 0 = until cleared
	Subscriber string        // only pushes to this subscriber's ID; empty = any
	Status     int           // answered instead of doing the work; 0 = stall only, then do it
	Header     http.Header   // Retry-After, Location
	Body       []byte        // of the answer
	Stall      time.Duration // waited first, until the client leaves
	Reset      bool          // the request's stream is reset
	Cut        bool          // the connection is cut
	After      bool          // Reset and Cut come after the work was done: the push has arrived
}

// breaks says whether f breaks something off.
func (f Fault) breaks() bool { return f.Reset || f.Cut }

// faults is the list of what is to go wrong, taken in the order it was given.
type faults struct {
	mu   sync.Mutex
	list []Fault
	free chan struct{} // closed by clear: ends every stall
}

// Fail plays f; several are met in turn, the first that fits a push being used up first.
func (s *Service) Fail(f Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = append(s.faults.list, f)
}

// Mend ends every fault and every stall.
func (s *Service) Mend() { s.faults.clear() }

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = nil
	if f.free != nil {
		close(f.free)
		f.free = nil
	}
}

// take is the fault for a push to id, and the channel that ends its stall.
func (f *faults) take(id string) (Fault, <-chan struct{}, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, fault := range f.list {
		if fault.Subscriber != "" && fault.Subscriber != id {
			continue
		}
		if fault.N == 1 {
			f.list = append(f.list[:i:i], f.list[i+1:]...)
		} else if fault.N > 1 {
			f.list[i].N--
		}
		if f.free == nil {
			f.free = make(chan struct{})
		}
		return fault, f.free, true
	}
	return Fault{}, nil, false
}

// play acts f out and says whether the push has been answered.
func (s *Service) play(w http.ResponseWriter, r *http.Request, f Fault, free <-chan struct{}) (answered bool) {
	if f.Stall > 0 {
		select {
		case <-time.After(f.Stall):
		case <-r.Context().Done():
		case <-free:
		}
	}
	if f.breaks() && !f.After {
		s.snap(r, f)
	}
	if f.Status == 0 {
		return false
	}
	for name, values := range f.Header {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	w.WriteHeader(f.Status)
	w.Write(f.Body) //nolint:errcheck // the client may have left
	return true
}

// snap breaks the request off. It does not return: net/http resets the stream of
// a handler that panics so, or ends a connection of HTTP/1.1.
func (s *Service) snap(r *http.Request, f Fault) {
	if f.Cut {
		if conn, ok := r.Context().Value(connKey{}).(net.Conn); ok {
			conn.Close()
		}
	}
	panic(http.ErrAbortHandler)
}

// connKey is under which a request's context holds its connection.
type connKey struct{}
