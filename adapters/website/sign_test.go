package website

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"tocsin/internal/alert"
	"tocsin/internal/peertest"
)

// verifyScript checks deliveries as a partner's Node server would: v1 with the
// reference library, v1a with what node itself brings.
const verifyScript = `
const crypto = require("crypto"), { Webhook } = require("standardwebhooks");
const out = JSON.parse(require("fs").readFileSync(0)).map(({ secret, key, headers, body }) => {
  let v1 = true, v1a = false;
  try { new Webhook(secret).verify(body, headers); } catch { v1 = false; }
  const pub = crypto.createPublicKey({ format: "der", type: "spki", key: Buffer.concat([
    Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(key.replace(/^whpk_/, ""), "base64")]) });
  const said = Buffer.from(headers["webhook-id"] + "." + headers["webhook-timestamp"] + "." + body);
  for (const part of headers["webhook-signature"].split(" ")) {
    const [version, sig] = part.split(",");
    v1a ||= version === "v1a" && crypto.verify(null, said, pub, Buffer.from(sig, "base64"));
  }
  return { v1, v1a };
});
process.stdout.write(JSON.stringify(out));
`

// signedCase is one delivery as somebody may present it to a partner.
type signedCase struct {
	name    string
	v1, v1a bool // what a verifier must say

	Secret  string            `json:"secret"`
	Key     string            `json:"key"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

// signedCases are a real delivery and what a forger makes of it.
func signedCases(t *testing.T) []signedCase {
	t.Helper()
	w, _ := channel(t, true)
	s := serve(t, nil)
	r, secret := recipient(t, w, s.URL)
	m := message(t, alert.TypeAlert, 1, "Zoë "+hostile)
	one(t, w, m, r)
	w.now = func() time.Time { return time.Now().Add(-6 * time.Minute) }
	one(t, w, m, r)
	w.now = func() time.Time { return time.Now().Add(6 * time.Minute) }
	one(t, w, m, r)
	key, err := PublicKey(w.env.KeyDir)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	foreign := "whpk_" + base64.StdEncoding.EncodeToString(other)
	_, stolen := recipient(t, w, s.URL+"/another")
	got := s.heard()
	if len(got) != 3 {
		t.Fatalf("the partner heard %d webhooks, want 3", len(got))
	}
	with := func(h heard, name, secret, key string, v1, v1a bool) signedCase {
		return signedCase{name, v1, v1a, secret, key, map[string]string{
			"webhook-id": h.header.Get("Webhook-Id"), "webhook-timestamp": h.header.Get("Webhook-Timestamp"),
			"webhook-signature": h.header.Get("Webhook-Signature"),
		}, string(h.body)}
	}
	cases := []signedCase{
		with(got[0], "real", secret, key, true, true),
		with(got[0], "another partner's secret", stolen, key, false, true),
		with(got[0], "another server's key", secret, foreign, true, false),
		with(got[1], "six minutes old", secret, key, false, true), // v1a alone says nothing of time
		with(got[2], "six minutes ahead", secret, key, false, true),
	}
	for name, change := range map[string]func(*signedCase){
		"a letter of the body changed": func(c *signedCase) { c.Body = strings.Replace(c.Body, "Gare", "Bare", 1) },
		"a space added":                func(c *signedCase) { c.Body += " " },
		"another id":                   func(c *signedCase) { c.Headers["webhook-id"] += "0" },
		"another time":                 func(c *signedCase) { c.Headers["webhook-timestamp"] = strconv.FormatInt(time.Now().Unix()+60, 10) },
	} {
		c := with(got[0], name, secret, key, false, false)
		change(&c)
		cases = append(cases, c)
	}
	return cases
}

func TestForeignLibrariesVerify(t *testing.T) {
	cases := signedCases(t)
	for _, c := range cases { // the Go library
		hook, err := standardwebhooks.NewWebhook(c.Secret)
		if err != nil {
			t.Fatal(err)
		}
		h := http.Header{}
		for k, v := range c.Headers {
			h.Set(k, v)
		}
		if err := hook.Verify([]byte(c.Body), h); (err == nil) != c.v1 {
			t.Errorf("Go, %s: %v, want valid = %v", c.name, err, c.v1)
		}
	}

	node, dir := peertest.Node(t)
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "-e", verifyScript)
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(input)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaint.Bytes())
	}
	var said []struct{ V1, V1a bool }
	if err := json.Unmarshal(out, &said); err != nil || len(said) != len(cases) {
		t.Fatalf("node said %s, %v", out, err)
	}
	for i, c := range cases {
		if said[i].V1 != c.v1 || said[i].V1a != c.v1a {
			t.Errorf("node, %s: v1 %v, v1a %v; want %v, %v", c.name, said[i].V1, said[i].V1a, c.v1, c.v1a)
		}
	}
}

// A retry must have the id of the first attempt, or a partner cannot tell it from news.
func TestRetryKeepsTheID(t *testing.T) {
	w, _ := channel(t, true)
	s := serve(t, nil)
	r, _ := recipient(t, w, s.URL)
	m := message(t, alert.TypeAlert, 1, "Anna")
	one(t, w, m, r)
	one(t, w, m, r)
	got := s.heard()
	if a, b := got[0].header.Get("Webhook-Id"), got[1].header.Get("Webhook-Id"); a != m.Identifier || a != b {
		t.Errorf("ids %q and %q, want %q twice", a, b, m.Identifier)
	}
}

func TestSecretBytes(t *testing.T) {
	for in, ok := range map[string]bool{
		"whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 24)): true,
		"whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 23)): false,
		"whsec_": false, "": false, "whsec_***": false,
	} {
		if _, err := secretBytes(in); (err == nil) != ok {
			t.Errorf("%q: %v, want valid = %v", in, err, ok)
		}
	}
}
