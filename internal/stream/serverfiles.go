package stream

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"tocsin/internal/alert"
)

// WriteServerFiles makes what outside servers and the processes beside them need,
// in the key folder: ServerFile for each nats-server, ServiceCreds and SetupCreds
// for `tocsin serve` in the realm, SystemCreds for those that admit stations. Keys
// and credentials that are there stay; ServerFile is always written anew. The
// files are 0600: who has the operator's key can make himself anything.
func WriteServerFiles(dir string, realm alert.Realm) error {
	keys, err := openAuthority(dir, true)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		file    string
		account nkeys.KeyPair
		name    string
		rights  jwt.Permissions
	}{
		{ServiceCreds, keys.account, "service " + string(realm), serviceRights(realm)},
		{SetupCreds, keys.account, "set-up", setupRights()},
		{SystemCreds, keys.system, "accounts", systemRights()},
	} {
		path := filepath.Join(dir, c.file)
		if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		creds, err := credsFile(c.account, c.name, c.rights, jwt.ConnectionTypeStandard)
		if err == nil {
			err = writeSynced(path, creds)
		}
		if err != nil {
			return fmt.Errorf("NATS keys: %s: %w", c.file, err)
		}
	}
	text, err := keys.serverFile()
	if err == nil {
		err = writeSynced(filepath.Join(dir, ServerFile), text)
	}
	if err != nil {
		return fmt.Errorf("NATS keys: %s: %w", ServerFile, err)
	}
	return nil
}

// serverFile is what each outside nats-server includes: whom it trusts, and the
// two accounts that are always there. Where it keeps the stations' is its own affair.
func (a *authority) serverFile() ([]byte, error) {
	operator, err := a.operatorClaims()
	if err != nil {
		return nil, err
	}
	system, err := a.systemClaims()
	if err != nil {
		return nil, err
	}
	service, err := a.serviceClaims()
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `# Made by "tocsin keys --nats-files". Include it in each nats-server's configuration,
# beside a "resolver { type: full ... }" block; deploy/nats has a whole one.
operator: %s
system_account: %s
resolver_preload {
  # SYS
  %s: %s
  # TOCSIN
  %s: %s
}
`, operator, publicOf(a.system), publicOf(a.system), system, publicOf(a.account), service), nil
}
