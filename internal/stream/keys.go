package stream

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nkeys"
)

// Files of the key folder. The seeds never leave it; the creds files are for
// programs and people on outside servers, and are made by WriteServerFiles.
const (
	operatorFile = "operator.nk"
	systemFile   = "system.nk"
	accountFile  = "account.nk"

	// SystemCreds admits and cuts stations on outside servers.
	SystemCreds = "system.creds"
	// ServiceCreds is for the running service; SetupCreds makes missing streams and can do nothing else.
	ServiceCreds = "service.creds"
	SetupCreds   = "setup.creds"
	// ServerFile is what each outside nats-server includes.
	ServerFile = "tocsin.conf"
)

// authority is the operator of the NATS accounts: nats-server admits whom it
// has signed. It signs three kinds of account: the system's, TOCSIN's with all
// streams, and one for each station with direct NATS.
type authority struct {
	operator, system, account nkeys.KeyPair
}

// openAuthority reads the keys of a folder; the missing ones are made when
// create is set. ErrNone: there is no operator's key and none was to be made.
func openAuthority(dir string, create bool) (*authority, error) {
	if create {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("NATS keys: %w", err)
		}
	}
	a := new(authority)
	for _, k := range []struct {
		file string
		kind nkeys.PrefixByte
		into *nkeys.KeyPair
	}{
		{operatorFile, nkeys.PrefixByteOperator, &a.operator},
		{systemFile, nkeys.PrefixByteAccount, &a.system},
		{accountFile, nkeys.PrefixByteAccount, &a.account},
	} {
		pair, err := openKey(filepath.Join(dir, k.file), k.kind, create)
		if err != nil {
			return nil, fmt.Errorf("NATS keys: %w", err)
		}
		*k.into = pair
	}
	return a, nil
}

func openKey(path string, kind nkeys.PrefixByte, create bool) (nkeys.KeyPair, error) {
	seed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		return makeKey(path, kind)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNone, path)
	}
	if err != nil {
		return nil, err
	}
	pair, err := nkeys.FromSeed([]byte(strings.TrimSpace(string(seed))))
	if err != nil {
		return nil, fmt.Errorf("%s holds no NATS seed: put the right file back from your copy", path)
	}
	if public := publicOf(pair); nkeys.Prefix(public) != kind {
		return nil, fmt.Errorf("%s holds a key of another kind: put the right file back from your copy", path)
	}
	return pair, nil
}

func makeKey(path string, kind nkeys.PrefixByte) (nkeys.KeyPair, error) {
	pair, err := nkeys.CreatePairWithRand(kind, rand.Reader)
	if err != nil {
		return nil, err
	}
	seed, err := pair.Seed()
	if err != nil {
		return nil, err
	}
	return pair, writeSynced(path, append(seed, '\n'))
}

// publicOf is the pair's public key. It cannot fail for a pair made of a seed,
// which are the only ones here; an empty key is refused wherever it would be used.
func publicOf(pair nkeys.KeyPair) string {
	public, err := pair.PublicKey()
	if err != nil {
		return ""
	}
	return public
}
