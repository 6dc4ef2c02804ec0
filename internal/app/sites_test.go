package app

import (
	"log/slog"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

// Who asks for the keys before the first start with another realm gets no server that
// signs live alerts with a drill's certificate.
func TestKeysBelongToOneRealm(t *testing.T) {
	conf := testConfig(t)
	conf.Realm = alert.Drill
	drill, err := Keys(conf)
	if err != nil || !strings.HasPrefix(drill.Certificate, "-----BEGIN CERTIFICATE-----") {
		t.Fatalf("%+v, %v", drill, err)
	}
	if again, err := Keys(conf); err != nil || again != drill {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	live := conf
	live.Realm = alert.Live
	if _, err := Keys(live); err == nil || !strings.Contains(err.Error(), `belongs to the realm "drill"`) {
		t.Errorf("the keys as live: %v", err)
	}
	if a, err := Start(t.Context(), live, slog.New(slog.DiscardHandler)); err == nil {
		_ = a.Stop(t.Context())
		t.Error("a live server started on a drill's keys")
	}
}
