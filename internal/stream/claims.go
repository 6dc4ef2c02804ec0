package stream

import (
	"fmt"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"tocsin/internal/alert"
)

// How a station with direct NATS is kept to its own. It has an account of its
// own, which sees nothing of ours. TOCSIN exports four subjects, each with the
// importing account's own key in one place ("account token position"), so that
// nats-server itself refuses an import of anybody else's; and the station's
// account, which only we can sign, imports exactly its four:
//
//	its own word                              ours
//	tocsin.CONSUMER.INFO.ALERTS.feed          $JS.API.CONSUMER.INFO.ALERTS.ACCOUNT
//	tocsin.CONSUMER.MSG.NEXT.ALERTS.feed      $JS.API.CONSUMER.MSG.NEXT.ALERTS.ACCOUNT
//	$JS.ACK.ALERTS.ACCOUNT.>                  the same
//	tocsin.receipts                           REALM.receipts.ACCOUNT
//
// The durable consumer ACCOUNT is made by us. TOCSIN's claims do not change when
// stations come and go.
const (
	localPrefix   = "tocsin" // of the JetStream API in a station's account
	localConsumer = "feed"   // what a station calls its consumer
	localInfo     = localPrefix + ".CONSUMER.INFO." + streamAlerts + "." + localConsumer
	localNext     = localPrefix + ".CONSUMER.MSG.NEXT." + streamAlerts + "." + localConsumer
	localReceipts = localPrefix + ".receipts"

	infoExport = "$JS.API.CONSUMER.INFO." + streamAlerts + "."
	nextExport = "$JS.API.CONSUMER.MSG.NEXT." + streamAlerts + "."
	ackExport  = "$JS.ACK." + streamAlerts + "."
)

func ackSubject(account string) string { return ackExport + account + ".>" }

func receiptSubject(realm alert.Realm, account string) string {
	return string(realm) + ".receipts." + account
}

// Bounds of a station's account: they protect the server and the other stations from one that runs wild.
const (
	stationConns   = 4        // as on the feed
	stationSubs    = 64       // a connection needs two
	stationPayload = 16 << 10 // of what it sends: a receipt
)

// stationTag marks accounts that are ours to take away.
func stationTag(realm alert.Realm) string { return "tocsin-station-" + string(realm) }

func (a *authority) operatorClaims() (string, error) {
	c := jwt.NewOperatorClaims(publicOf(a.operator))
	c.Name = "tocsin"
	c.SystemAccount = publicOf(a.system)
	return c.Encode(a.operator)
}

func (a *authority) systemClaims() (string, error) {
	c := jwt.NewAccountClaims(publicOf(a.system))
	c.Name = "SYS"
	return c.Encode(a.operator)
}

// serviceClaims is the account TOCSIN.
func (a *authority) serviceClaims() (string, error) {
	c := jwt.NewAccountClaims(publicOf(a.account))
	c.Name = "TOCSIN"
	c.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: jwt.NoLimit, DiskStorage: jwt.NoLimit, Streams: jwt.NoLimit, Consumer: jwt.NoLimit}
	c.Exports.Add(
		&jwt.Export{Name: "consumer info", Type: jwt.Service, Subject: infoExport + "*", AccountTokenPosition: 6},
		&jwt.Export{Name: "consumer next", Type: jwt.Service, Subject: nextExport + "*", AccountTokenPosition: 7, ResponseType: jwt.ResponseTypeStream},
		&jwt.Export{Name: "ack", Type: jwt.Service, Subject: jwt.Subject(ackSubject("*")), AccountTokenPosition: 4},
	)
	for _, realm := range []alert.Realm{alert.Live, alert.Drill} {
		c.Exports.Add(&jwt.Export{Name: "receipts " + string(realm), Type: jwt.Service, Subject: jwt.Subject(receiptSubject(realm, "*")), AccountTokenPosition: 3})
	}
	return c.Encode(a.operator)
}

// stationClaims is a station's account.
func (a *authority) stationClaims(realm alert.Realm, account string) (string, error) {
	c := jwt.NewAccountClaims(account)
	c.Name = "station"
	c.Tags.Add(stationTag(realm))
	ours := publicOf(a.account)
	for _, i := range []struct{ name, subject, local string }{
		{"info", infoExport + account, localInfo},
		{"next", nextExport + account, localNext},
		{"ack", ackSubject(account), ""},
		{"receipts", receiptSubject(realm, account), localReceipts},
	} {
		c.Imports.Add(&jwt.Import{Name: i.name, Type: jwt.Service, Account: ours, Subject: jwt.Subject(i.subject), LocalSubject: jwt.RenamingSubject(i.local)})
	}
	c.Limits.Conn, c.Limits.Subs, c.Limits.Payload = stationConns, stationSubs, stationPayload
	c.Limits.LeafNodeConn, c.Limits.Exports, c.Limits.WildcardExports = 0, 0, false
	c.Limits.Imports = int64(len(c.Imports))
	c.Limits.DisallowBearer = true
	// The rights are the account's and not written into the station's file, so
	// that a later version can mend them without handing out new files.
	c.DefaultPermissions = stationRights(account)
	var bad jwt.ValidationResults
	if c.Validate(&bad); bad.IsBlocking(true) {
		return "", fmt.Errorf("station's account: %v", bad.Errors())
	}
	return c.Encode(a.operator)
}

// user makes a user of an account: his signed claims and his seed.
func user(account nkeys.KeyPair, name string, rights jwt.Permissions, connections ...string) (token string, pair nkeys.KeyPair, err error) {
	if pair, err = nkeys.CreateUser(); err != nil {
		return "", nil, err
	}
	c := jwt.NewUserClaims(publicOf(pair))
	c.Name = name
	c.Permissions = rights
	c.AllowedConnectionTypes.Add(connections...)
	token, err = c.Encode(account)
	return token, pair, err
}

// credsFile is a user's claims and seed in the form that every NATS client reads.
func credsFile(account nkeys.KeyPair, name string, rights jwt.Permissions, connections ...string) ([]byte, error) {
	token, pair, err := user(account, name, rights, connections...)
	if err != nil {
		return nil, err
	}
	seed, err := pair.Seed()
	if err != nil {
		return nil, err
	}
	return jwt.FormatUserConfig(token, seed)
}

// NewStation makes a station's NATS account: its public key, and the credentials
// file for the station. Nobody can make another user of that account afterwards:
// the account's own key is forgotten here.
func NewStation(name string) (account string, creds []byte, err error) {
	pair, err := nkeys.CreateAccount()
	if err != nil {
		return "", nil, fmt.Errorf("NATS account: %w", err)
	}
	defer pair.Wipe()
	creds, err = credsFile(pair, name, jwt.Permissions{}, jwt.ConnectionTypeStandard)
	if err != nil {
		return "", nil, fmt.Errorf("NATS account: %w", err)
	}
	return publicOf(pair), creds, nil
}

// deletion is the operator's word that an account is gone.
func (a *authority) deletion(account string) (string, error) {
	c := jwt.NewGenericClaims(publicOf(a.operator))
	c.Data["accounts"] = []string{account}
	c.Expires = time.Now().Add(time.Minute).Unix() // of no use to whoever finds it later
	return c.Encode(a.operator)
}
