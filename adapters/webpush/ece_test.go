package webpush

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os/exec"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/peers/pushservice"
	"tocsin/internal/peertest"
)

// eceScript opens a message with the library that web push servers in Node use.
const eceScript = `
const crypto = require("crypto"), ece = require("http_ece");
const i = JSON.parse(require("fs").readFileSync(0));
const ecdh = crypto.createECDH("prime256v1");
ecdh.setPrivateKey(Buffer.from(i.private, "base64url"));
process.stdout.write(ece.decrypt(Buffer.from(i.cipher, "base64url"),
  { version: "aes128gcm", privateKey: ecdh, authSecret: i.auth }));
`

func TestForeignLibraryDecrypts(t *testing.T) {
	node, dir := peertest.Node(t)
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	users, batch := subscribers(t, s, a, 1)
	d := delivery(t, a, message(alert.TypeAlert, 1))
	if _, err := a.Send(t.Context(), d, batch); err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(map[string]string{
		"private": users[0].PrivateKey(), "auth": users[0].Auth(),
		"cipher": base64.RawURLEncoding.EncodeToString(users[0].Messages()[0].Cipher),
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "-e", eceScript)
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(input)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	plain, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaint.Bytes())
	}
	if !bytes.Equal(plain, d.Payloads[alert.English].Body) {
		t.Errorf("http_ece read %s", plain)
	}
}
