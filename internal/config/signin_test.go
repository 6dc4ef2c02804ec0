package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

func TestSignInPolicy(t *testing.T) {
	secret, empty := filepath.Join(t.TempDir(), "secret"), filepath.Join(t.TempDir(), "empty")
	for file, text := range map[string]string{secret: "s3cret\n", empty: "\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	oidc := func(more string) string {
		return `{"oidc":{"client_id":"tocsin","client_secret_file":"` + secret + `",` + more + `}}`
	}
	for _, tt := range []struct{ file, want string }{
		{`{"second_factor":"required"}`, ""},
		{`{"second_factor":"optional"}`, ""},
		{`{"second_factor":"sometimes"}`, "second_factor"},
		{`{"realm":"live","second_factor":"optional"}`, "second_factor"},
		{oidc(`"issuer":"https://login.police.example/realms/x","claim":"email","label":"Police login"`), ""},
		{oidc(`"issuer":"http://login.police.example"`), "oidc.issuer"},
		{oidc(`"issuer":"http://127.0.0.1:9000"`), "oidc.issuer"},
		{oidc(`"issuer":"login.police.example"`), "oidc.issuer"},
		{oidc(`"issuer":"https://user@login.police.example"`), "oidc.issuer"},
		{oidc(`"label":"x"`), "oidc.issuer"},
		{oidc(`"issuer":"https://login.police.example","label":"` + strings.Repeat("x", 41) + `"`), "oidc.label"},
		{`{"oidc":{"issuer":"https://login.police.example","client_secret_file":"` + secret + `"}}`, "oidc.client_id"},
		{`{"oidc":{"issuer":"https://login.police.example","client_id":"x","client_secret_file":"/nosuch"}}`, "oidc.client_secret_file"},
		{`{"oidc":{"issuer":"https://login.police.example","client_id":"x","client_secret_file":"` + empty + `"}}`, "oidc.client_secret_file"},
		{`{"oidc":{"issuer":"https://login.police.example","client_secret":"x"}}`, "unknown field"},
		{`{"allow_loopback":true,"oidc":{"issuer":"http://localhost:9000","client_id":"x","client_secret_file":"` + secret + `"}}`, ""},
	} {
		_, err := load(t, tt.file)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want a fault of %q", tt.file, err, tt.want)
		}
	}
	if s, err := (OIDC{ClientSecretFile: secret}).Secret(); s != "s3cret" || err != nil {
		t.Errorf("the secret is %q, %v", s, err)
	}
	for _, tt := range []struct {
		realm  alert.Realm
		policy string
		want   bool
	}{
		{alert.Live, "", true},
		{alert.Live, "required", true},
		{alert.Drill, "", false},
		{alert.Drill, "required", true},
		{alert.Drill, "optional", false},
	} {
		if c := (Config{Realm: tt.realm, SecondFactor: tt.policy}); c.RequireSecondFactor() != tt.want {
			t.Errorf("%s %q: %v", tt.realm, tt.policy, !tt.want)
		}
	}
}
