package scenario

import (
	"encoding/json"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/peers/partner"
)

// A partner whose endpoint refuses our signature is known before any alert, and
// so is a wrong id; one that works says so.
func TestPingAPartner(t *testing.T) {
	site, err := partner.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = site.Close() })
	s := newServer(t, map[string]json.RawMessage{"website": json.RawMessage(`{}`)})
	s.start()
	var made []app.Secret
	s.operator("POST", "/recipients/website", app.NewRecipient{
		Name: "Town", Endpoint: site.URL(), Areas: []string{"*"}, Lang: alert.English,
	}, &made)
	ping := func(id string) result { return tocsin(t, "recipients", "ping", id, "--data", s.conf.Data) }

	if r := ping(made[0].ID); r.code == 0 || !strings.Contains(r.stderr, "secret") {
		t.Errorf("a partner who refuses: code %d, %q", r.code, r.stderr)
	}
	if r := ping("nobody"); r.code == 0 || !strings.Contains(r.stderr, "there is no partner") {
		t.Errorf("an unknown partner: code %d, %q", r.code, r.stderr)
	}
	keys, err := app.Keys(s.conf)
	if err != nil || site.Trust(made[0].Secret, keys.Webhook) != nil {
		t.Fatal("the partner's keys", err)
	}
	if r := ping(made[0].ID); r.code != 0 || len(site.Got()) != 1 || site.Got()[0].Type != "ping" {
		t.Errorf("a partner who takes it: code %d, %q, got %+v", r.code, r.stderr, site.Got())
	}
}
