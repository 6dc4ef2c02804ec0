package webpush

import (
	"encoding/json"
	"strings"
	"testing"

	"tocsin/internal/adapter"
)

const (
	goodPoint  = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	goodSecret = "BTBZMqHH6r4Tts7J_aSIgg"
)

func TestPackKeepsTheAddress(t *testing.T) {
	for _, c := range []struct {
		endpoint string
		size     int // of the packed form
	}{
		{fcm + "eX:APA91b", restAt + 9},
		{"https://fcm.googleapis.com/wp/eX:APA91b", restAt + 9},
		{"https://fcm.googleapis.com/other/eX", restAt + 2 + 26 + 9},
		{"https://updates.push.services.mozilla.com/wpush/v2/gAAA", restAt + 4},
		{"https://web.push.apple.com/QLx", restAt + 3},
		{"https://wns2-par02p.notify.windows.com/w/?token=BQY%3d", restAt + 2 + 38 + 16},
		{"http://127.0.0.1:4001/push/x", restAt + 2 + 21 + 7},
	} {
		address := mustJSON(t, subscription{c.endpoint, goodPoint, goodSecret})
		packed, err := pack(address)
		if err != nil {
			t.Errorf("%s: %v", c.endpoint, err)
			continue
		}
		if len(packed) != c.size || cap(packed) > c.size+16 {
			t.Errorf("%s: packed to %d bytes in a room of %d, want %d", c.endpoint, len(packed), cap(packed), c.size)
		}
		for name, r := range map[string]adapter.Recipient{"packed": {Packed: packed}, "as it is": {Address: address}} {
			got, err := unpack(r)
			if err != nil {
				t.Errorf("%s %s: %v", c.endpoint, name, err)
				continue
			}
			if whole := string(got.origin) + got.start + string(got.rest); whole != c.endpoint ||
				b64.EncodeToString(append([]byte{4}, got.xy...)) != goodPoint || b64.EncodeToString(got.auth) != goodSecret {
				t.Errorf("%s %s: came back as %s", c.endpoint, name, whole)
			}
		}
	}
}

func TestPackRefuses(t *testing.T) {
	for name, s := range map[string]subscription{
		"nothing":         {},
		"no https":        {"http://push.example/x", goodPoint, goodSecret},
		"an IP address":   {"https://10.0.0.1/x", goodPoint, goodSecret},
		"a line's end":    {fcm + "x\r\nHost: y", goodPoint, goodSecret},
		"a space":         {fcm + "?q=a b", goodPoint, goodSecret},
		"beyond ASCII":    {fcm + "?q=é", goodPoint, goodSecret},
		"no path":         {"https://fcm.googleapis.com", goodPoint, goodSecret},
		"a short key":     {fcm + "x", goodPoint[:40], goodSecret},
		"a packed point":  {fcm + "x", "A" + goodPoint[1:], goodSecret},
		"no secret":       {fcm + "x", goodPoint, ""},
		"a long secret":   {fcm + "x", goodPoint, goodSecret + goodSecret},
		"an endless path": {fcm + strings.Repeat("x", maxEndpoint), goodPoint, goodSecret},
	} {
		if packed, err := pack(mustJSON(t, s)); err == nil {
			t.Errorf("%s: packed to %q", name, packed)
		} else if s.Endpoint != "" && strings.Contains(err.Error(), s.Endpoint) {
			t.Errorf("%s: %v repeats the address", name, err)
		}
	}
	for _, broken := range []adapter.Recipient{
		{Packed: []byte{}},
		{Packed: make([]byte, restAt)},
		{Packed: append([]byte{200}, make([]byte, 100)...)},
		{Packed: append(make([]byte, restAt), 0, 9, 'x')},
		{Packed: append(make([]byte, restAt), 0, 0, '/')},
	} {
		if _, err := unpack(broken); err == nil {
			t.Errorf("%q was unpacked", broken.Packed)
		}
	}
}

func FuzzPack(f *testing.F) {
	for _, endpoint := range []string{fcm + "x", "https://a.b/%2e%2e/x?y#z", "http://localhost:1/x", "https://web.push.apple.com/Q"} {
		f.Add(endpoint, goodPoint, goodSecret)
	}
	f.Fuzz(func(t *testing.T, endpoint, point, secret string) {
		address, err := json.Marshal(subscription{endpoint, point, secret})
		if err != nil {
			t.Skip()
		}
		packed, err := pack(address)
		if err != nil {
			return
		}
		got, err := unpack(adapter.Recipient{Packed: packed})
		if err != nil {
			t.Fatalf("%q was packed and cannot be unpacked: %v", endpoint, err)
		}
		whole := string(got.origin) + got.start + string(got.rest)
		if again, err := anyHost.check(whole); err != nil || again.url != whole || again.origin != string(got.origin) {
			t.Fatalf("%q came back as %q: %v", endpoint, whole, err)
		}
		if strings.ContainsAny(whole, " \r\n\x00") || len(got.xy) != xyLen || len(got.auth) != authLen {
			t.Fatalf("%q came back as %q", endpoint, whole)
		}
	})
}
