package stream

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

// A folder from before there were accounts, and one whose keys were lost, keep their records.
func TestStreamsOfAnotherAccountAreAdopted(t *testing.T) {
	dir := t.TempDir()
	e := openIn(t, dir)
	appendTo(t, e.Cases(), Entry{Subject: "cases.1", ID: "a"})
	epoch, account := e.Epoch(), publicOf(e.host.keys.account)
	shutDown(t, e)
	if err := os.Rename(filepath.Join(dir, "jetstream", account), filepath.Join(dir, "jetstream", "$G")); err != nil {
		t.Fatal(err)
	}
	e = openIn(t, dir)
	if got := ids(t, e.Cases(), "cases.>", 0); !slices.Equal(got, []string{"a"}) || e.Epoch() != epoch {
		t.Errorf("from before there were accounts: %v in epoch %s, want %s", got, e.Epoch(), epoch)
	}
	shutDown(t, e)
	if err := os.RemoveAll(filepath.Join(dir, "keys")); err != nil {
		t.Fatal(err)
	}
	e = openIn(t, dir)
	if got := ids(t, e.Cases(), "cases.>", 0); !slices.Equal(got, []string{"a"}) || e.Epoch() != epoch {
		t.Errorf("after the keys were lost: %v in epoch %s, want %s", got, e.Epoch(), epoch)
	}
	shutDown(t, e)
	// Two candidates and no key: nothing is guessed.
	for _, name := range []string{"$G", account} {
		if err := os.MkdirAll(filepath.Join(dir, "jetstream", name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(filepath.Join(dir, "jetstream", publicOf(e.host.keys.account)), filepath.Join(dir, "aside")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Dir: dir, Realm: alert.Live}); err == nil || !strings.Contains(err.Error(), "2 NATS accounts and none is ours") {
		t.Errorf("a folder with two accounts: %v", err)
	}
}

func TestServerFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nats")
	if err := WriteServerFiles(dir, alert.Drill); err != nil {
		t.Fatal(err)
	}
	before := map[string]string{}
	for _, name := range []string{operatorFile, systemFile, accountFile, ServiceCreds, SetupCreds, SystemCreds, ServerFile} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		before[name] = string(b)
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != fs.FileMode(0o600) {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	for name, text := range before {
		seed := strings.TrimSpace(before[operatorFile])
		if name != operatorFile && strings.Contains(text, seed) {
			t.Errorf("%s holds the operator's seed", name)
		}
	}
	if err := WriteServerFiles(dir, alert.Drill); err != nil {
		t.Fatal(err)
	}
	for name, text := range before {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(b) != text && name != ServerFile {
			t.Errorf("%s is another one after the second time: %v", name, err)
		}
	}
}

func TestKeysRefuse(t *testing.T) {
	if _, err := openAuthority(t.TempDir(), false); !errors.Is(err, ErrNone) {
		t.Errorf("an empty folder: %v", err)
	}
	for _, c := range []struct{ file, text, want string }{
		{operatorFile, "junk", "holds no NATS seed"},
		{accountFile, "", "holds no NATS seed"},
		{systemFile, "operator's", "another kind"},
	} {
		dir := t.TempDir()
		a, err := openAuthority(dir, true)
		if err != nil {
			t.Fatal(err)
		}
		if c.text == "operator's" {
			seed, err := a.operator.Seed()
			if err != nil {
				t.Fatal(err)
			}
			c.text = string(seed)
		}
		if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = openAuthority(dir, true)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file) || strings.Contains(err.Error(), "SO") {
			t.Errorf("%s with %q: %v, want %s", c.file, c.text[:min(len(c.text), 2)], err, c.want)
		}
	}
}

// A user's claims must fit the line by which he signs in.
func TestSignInFitsTheLine(t *testing.T) {
	keys, err := openAuthority(t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	const line, rest = 4096, 700 // nats-server's default, and what else CONNECT says
	for _, realm := range []alert.Realm{alert.Live, alert.Drill} {
		if token, _, err := user(keys.account, "service "+string(realm), serviceRights(realm)); err != nil || len(token) > line-rest {
			t.Errorf("the service's claims have %d bytes, %v", len(token), err)
		}
	}
	if token, _, err := user(keys.account, "set-up", setupRights()); err != nil || len(token) > line-rest {
		t.Errorf("the set-up's claims have %d bytes, %v", len(token), err)
	}
}
