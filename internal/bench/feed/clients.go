package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// arrivals of one release at all clients of one server, Unix nanoseconds.
type arrivals struct {
	Server            string
	N                 int
	Bytes             int // of the frame
	Median, P99, Last int64
}

// child is the clients' process.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// startClients starts the process and waits until all are connected.
func startClients(clients int, servers ...server) (*child, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(exe, "-role", "clients")}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	w := bufio.NewWriter(c.in)
	for _, s := range servers {
		for n := range clients {
			fmt.Fprintln(w, s.name(), s.address(), s.token(n))
		}
	}
	fmt.Fprintln(w, "go")
	if err := w.Flush(); err != nil {
		return nil, err
	}
	if !c.out.Scan() || c.out.Text() != "ready" {
		c.stop()
		return nil, errors.New("the clients could not connect")
	}
	return c, nil
}

// measure releases n on s and waits for the arrivals.
func (c *child) measure(s server, n int) (figures, error) {
	began := time.Now().UnixNano()
	if err := s.release(n); err != nil {
		return figures{}, err
	}
	if !c.out.Scan() {
		return figures{}, errors.New("the clients ended")
	}
	var a arrivals
	if err := json.Unmarshal(c.out.Bytes(), &a); err != nil || a.Server != s.name() || a.N != n {
		return figures{}, fmt.Errorf("unexpected report %q", c.out.Text())
	}
	ms := func(at int64) float64 { return float64(at-began) / 1e6 }
	return figures{ms(a.Median), ms(a.P99), ms(a.Last), a.Bytes}, nil
}

func (c *child) stop() {
	_ = c.in.Close()
	_ = c.cmd.Wait()
}

// group gathers one server's arrivals.
type group struct {
	mu   sync.Mutex
	size int
	at   map[int][]int64
}

// runClients connects as told on in, reports on out, and ends with in.
func runClients(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	groups := map[string]*group{}
	var write sync.Mutex
	var connecting sync.WaitGroup
	slots := make(chan struct{}, 32) // handshakes at once
	var failed error
	for lines.Scan() && lines.Text() != "go" {
		var name, url, token string
		if _, err := fmt.Sscan(lines.Text(), &name, &url, &token); err != nil {
			return err
		}
		g := groups[name]
		if g == nil {
			g = &group{at: map[int][]int64{}}
			groups[name] = g
		}
		g.size++
		slots <- struct{}{}
		connecting.Go(func() {
			defer func() { <-slots }()
			conn, _, err := websocket.DefaultDialer.Dial(url, http.Header{"Authorization": {"Bearer " + token}})
			if err == nil {
				err = conn.WriteJSON(map[string]string{"type": "resume", "start": "new"})
			}
			if err != nil {
				write.Lock()
				failed = err
				write.Unlock()
				return
			}
			go read(conn, name, g, out, &write)
		})
	}
	connecting.Wait()
	if failed != nil {
		return failed
	}
	time.Sleep(500 * time.Millisecond) // the first heartbeats go by
	write.Lock()
	fmt.Fprintln(out, "ready")
	write.Unlock()
	for lines.Scan() {
	}
	return nil
}

// read notes when each release arrives; the last client of a release reports it.
func read(conn *websocket.Conn, name string, g *group, out io.Writer, write *sync.Mutex) {
	mark := []byte(`"identifier":"bench-`)
	for {
		_, data, err := conn.ReadMessage()
		now := time.Now().UnixNano()
		if err != nil {
			return
		}
		i := bytes.Index(data, mark)
		if i < 0 || bytes.Contains(data[:min(len(data), 30)], []byte("heartbeat")) {
			continue
		}
		n, err := strconv.Atoi(string(data[i+len(mark) : i+len(mark)+6]))
		if err != nil {
			continue
		}
		g.mu.Lock()
		g.at[n] = append(g.at[n], now)
		all := g.at[n]
		whole := len(all) == g.size
		g.mu.Unlock()
		if whole {
			slices.Sort(all)
			line, _ := json.Marshal(arrivals{name, n, len(data), all[len(all)/2], all[len(all)*99/100], all[len(all)-1]})
			write.Lock()
			fmt.Fprintf(out, "%s\n", line)
			write.Unlock()
		}
	}
}
