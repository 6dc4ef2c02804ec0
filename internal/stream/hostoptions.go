package stream

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

// adopt gives our account the streams of a folder that were kept under another
// name: "$G", from before there were accounts, or a key that was lost. The folder is
// ours alone, so there is nobody else they could belong to.
func (h *host) adopt() error {
	streams, ours := filepath.Join(h.dir, "jetstream"), publicOf(h.keys.account)
	entries, err := os.ReadDir(streams)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	var others []string
	for _, e := range entries {
		switch name := e.Name(); {
		case name == ours:
			return nil
		case e.IsDir() && (name == "$G" || nkeys.IsValidPublicAccountKey(name)) && name != publicOf(h.keys.system):
			others = append(others, name)
		}
	}
	switch len(others) {
	case 0:
		return nil
	case 1:
	default:
		return fmt.Errorf("data folder %s holds the streams of %d NATS accounts and none is ours: put the file %s of the right one back into the key folder", h.dir, len(others), accountFile)
	}
	h.log.Warn("event stream: the streams of another NATS account in this folder become ours", "account", others[0])
	if err := os.Rename(filepath.Join(streams, others[0]), filepath.Join(streams, ours)); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// Bounds of the embedded server against those who may connect from outside.
const (
	maxConns    = 4096            // a thousand stations with four connections each
	maxAccounts = 2000            // nats-server keeps as many claims; a stream has room for 1,000 consumers
	slowWrite   = 5 * time.Second // a station that blocks a write for longer is cut and resumes
)

func (h *host) options() (*server.Options, error) {
	token, err := h.keys.operatorClaims()
	if err != nil {
		return nil, fmt.Errorf("NATS operator: %w", err)
	}
	operator, err := jwt.DecodeOperatorClaims(token)
	if err != nil {
		return nil, fmt.Errorf("NATS operator: %w", err)
	}
	accounts, err := h.accounts()
	if err != nil {
		return nil, fmt.Errorf("NATS accounts: %w", err)
	}
	o := &server.Options{
		ServerName:             "tocsin",
		DontListen:             true, // in process only: no port to guard
		NoSigs:                 true, // signals belong to the program
		JetStream:              true,
		StoreDir:               h.dir,
		SyncAlways:             true, // an acknowledged release survives a power cut; the default syncs every two minutes
		JetStreamMaxMemory:     h.tune.memory,
		JetStreamMaxStore:      h.tune.store,
		DisableJetStreamBanner: true,
		MaxPayload:             maxPayload,
		MaxConn:                maxConns,
		WriteDeadline:          slowWrite,
		TrustedOperators:       []*jwt.OperatorClaims{operator},
		SystemAccount:          publicOf(h.keys.system),
		AccountResolver:        accounts,
	}
	if h.o.Listen == "" {
		return o, nil
	}
	host, port, err := net.SplitHostPort(h.o.Listen)
	if err != nil {
		return nil, fmt.Errorf("NATS listener: %w", err)
	}
	if o.Port, err = net.LookupPort("tcp", port); err != nil {
		return nil, fmt.Errorf("NATS listener: %w", err)
	}
	if o.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	o.DontListen, o.Host, o.TLSConfig = false, host, h.o.TLS
	o.TLSTimeout = 5
	return o, nil
}

// loopback says that only programs on this machine reach addr.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// accounts is the folder of account claims, with our own two as they are now.
func (h *host) accounts() (*server.DirAccResolver, error) {
	r, err := server.NewDirAccResolver(filepath.Join(h.dir, "accounts"), maxAccounts, time.Hour, server.HardDelete)
	if err != nil {
		return nil, err
	}
	system, err := h.keys.systemClaims()
	if err == nil {
		err = r.Store(publicOf(h.keys.system), system)
	}
	if err != nil {
		return nil, err
	}
	service, err := h.keys.serviceClaims()
	if err != nil {
		return nil, err
	}
	return r, r.Store(publicOf(h.keys.account), service)
}
