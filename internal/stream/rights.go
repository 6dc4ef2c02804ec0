package stream

import (
	"github.com/nats-io/jwt/v2"

	"tocsin/internal/alert"
)

// What each of our own users may do, subject by subject. NATS refuses the rest.
// A slip in the program, or whoever takes its connection over, cannot delete,
// change, purge or restore a stream: `deny_delete` and `deny_purge` hold against
// full rights, but full rights can delete the whole stream.

var (
	// erasable are the streams whose single messages are overwritten; see erase.go.
	erasable = []string{streamAlerts, streamSubscribers, streamMedia}
	// purgeable: the jobs of a withdrawn alert are taken off the queue.
	purgeable = []string{streamDelivery}
)

// inboxes is where nats.go waits for answers.
const inboxes = "_INBOX.>"

// serviceRights are those of the running service in one realm.
func serviceRights(realm alert.Realm) jwt.Permissions {
	var p jwt.Permissions
	p.Sub.Allow.Add(inboxes, string(realm)+".>")
	// Wildcards for the harmless questions: the account holds our streams alone, and
	// a CONNECT line with these claims must stay under nats-server's 4,096 bytes.
	p.Pub.Allow.Add(
		string(realm)+".>",
		"$O.MEDIA.C.>", "$O.MEDIA.M.>",
		"_R_.>", // answers to a station's receipt, across accounts
		"$JS.API.STREAM.INFO.*", "$JS.API.STREAM.MSG.GET.*",
		"$JS.API.CONSUMER.CREATE.>", "$JS.API.CONSUMER.INFO.>", "$JS.API.CONSUMER.LIST."+streamAlerts, "$JS.API.CONSUMER.DELETE.>", "$JS.API.CONSUMER.MSG.NEXT.>",
		"$JS.ACK.>",
	)
	for _, name := range erasable {
		p.Pub.Allow.Add("$JS.API.STREAM.MSG.DELETE." + name)
	}
	for _, name := range purgeable {
		p.Pub.Allow.Add("$JS.API.STREAM.PURGE." + name)
	}
	return p
}

// setupRights make missing streams, and nothing else.
func setupRights() jwt.Permissions {
	var p jwt.Permissions
	p.Sub.Allow.Add(inboxes)
	for _, c := range configs(1) {
		p.Pub.Allow.Add("$JS.API.STREAM.INFO."+c.Name, "$JS.API.STREAM.CREATE."+c.Name)
	}
	return p
}

// systemRights admit and cut accounts, and ask the servers how their copies are.
func systemRights() jwt.Permissions {
	var p jwt.Permissions
	p.Sub.Allow.Add(inboxes)
	p.Pub.Allow.Add("$SYS.REQ.CLAIMS.LIST", "$SYS.REQ.CLAIMS.UPDATE", "$SYS.REQ.CLAIMS.DELETE", "$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP",
		"$SYS.REQ.SERVER.PING.JSZ") // each replica's figures; see scrub.go
	return p
}

// stationRights are the whole of what a station's connections may do; see claims.go for what the subjects lead to.
func stationRights(account string) jwt.Permissions {
	var p jwt.Permissions
	p.Sub.Allow.Add(inboxes)
	p.Pub.Allow.Add(localInfo, localNext, ackSubject(account), localReceipts)
	return p
}
