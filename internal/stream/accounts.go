package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"

	"tocsin/internal/alert"
)

// registrar hands accounts in to the servers, embedded or outside: both keep them
// in nats-server's full resolver and take them over the system account.
type registrar struct {
	e    *Engine
	keys *authority
	conn *nats.Conn // of the system account

	introduced bool // the servers have TOCSIN's claims of this version; under Engine.admission
}

// openRegistrar connects to the system account. ErrNone: the operator's keys are
// not here. With outside servers it does not wait for the connection: alerts go
// out also when no station can be admitted.
func (e *Engine) openRegistrar(ctx context.Context, o Options) (*registrar, error) {
	r := &registrar{e: e}
	var as []nats.Option
	var err error
	if e.host != nil {
		r.keys = e.host.keys
		as, err = e.host.user(r.keys.system, "accounts", systemRights())
	} else {
		creds := filepath.Join(o.Keys, SystemCreds)
		if _, missing := os.Stat(creds); o.Keys == "" || missing != nil {
			return nil, ErrNone
		}
		r.keys, err = openAuthority(o.Keys, false)
		as = []nats.Option{nats.UserCredentials(creds), nats.RetryOnFailedConnect(true)}
	}
	if err != nil {
		return nil, err
	}
	r.conn, err = e.dial(ctx, "tocsin accounts", o.URL, as)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// introduce gives outside servers TOCSIN's claims as they are now: their own copy
// is as old as the file that they include.
func (r *registrar) introduce(ctx context.Context) error {
	if r.introduced || r.e.host != nil {
		return nil
	}
	token, err := r.keys.serviceClaims()
	if err == nil {
		err = r.put(ctx, token)
	}
	if err != nil {
		return fmt.Errorf("account TOCSIN: %w", err)
	}
	r.introduced = true
	return nil
}

// ask sends one request to the system account and takes the first server's answer;
// the others do the same, or catch up by themselves.
func (r *registrar) ask(ctx context.Context, subject string, data []byte) ([]byte, error) {
	one, done := context.WithTimeout(ctx, r.e.tune.try)
	defer done()
	m, err := r.conn.RequestWithContext(one, subject, data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrUnavailable, subject, err)
	}
	return m.Data, nil
}

// tell is ask for a request that is done or refused.
func (r *registrar) tell(ctx context.Context, subject, token string) error {
	data, err := r.ask(ctx, subject, []byte(token))
	if err != nil {
		return err
	}
	var answer struct {
		Error *struct {
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return fmt.Errorf("answer to %s: %w", subject, err)
	}
	if answer.Error != nil {
		return fmt.Errorf("%s: %s", subject, answer.Error.Description)
	}
	return nil
}

// put admits an account, or changes it.
func (r *registrar) put(ctx context.Context, token string) error {
	return r.tell(ctx, "$SYS.REQ.CLAIMS.UPDATE", token)
}

// drop takes an account away; its connections are cut.
func (r *registrar) drop(ctx context.Context, account string) error {
	token, err := r.keys.deletion(account)
	if err != nil {
		return err
	}
	return r.tell(ctx, "$SYS.REQ.CLAIMS.DELETE", token)
}

// stations are the accounts at the servers that are stations of the realm. Others
// there (a State may use its servers for more) are not ours to touch.
func (r *registrar) stations(ctx context.Context, realm alert.Realm, known func(account string) bool) ([]string, error) {
	data, err := r.ask(ctx, "$SYS.REQ.CLAIMS.LIST", nil)
	if err != nil {
		return nil, err
	}
	var list struct {
		Data []string `json:"data"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("list of accounts: %w", err)
	}
	var out []string
	for _, account := range list.Data {
		if known(account) {
			out = append(out, account)
			continue
		}
		token, err := r.ask(ctx, "$SYS.REQ.ACCOUNT."+account+".CLAIMS.LOOKUP", nil)
		if err != nil {
			return nil, err
		}
		c, err := jwt.DecodeAccountClaims(string(token))
		if err == nil && slices.Contains(c.Tags, stationTag(realm)) {
			out = append(out, account)
		}
	}
	return out, nil
}

// errNoKeys says what an operator must do before a station gets direct NATS from outside servers.
var errNoKeys = errors.New("the NATS operator's keys are not in this server's key folder: make them with `tocsin keys --nats-files`, and include the file " + ServerFile + " in each nats-server's configuration")
