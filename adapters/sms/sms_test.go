package sms

import (
	"testing"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/smsc"
)

func TestTextsReachTelephonesAndComeBack(t *testing.T) {
	centre, err := smsc.Start(smsc.Options{SystemID: "tocsin", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = centre.Close() }()
	f := start(t, gate(t, centre.Addr()))
	d := f.delivery(t, message())
	for _, tc := range []struct {
		lang alert.Lang
		want string
	}{{alert.English, shortEN}, {alert.Russian, longRU}} {
		people := f.people(t, 100, tc.lang)
		receipts := f.send(t, d, people)
		refs := make(map[string]bool)
		for i, r := range receipts {
			if r.Failure != nil || r.State != adapter.Accepted || r.Ref == "" {
				t.Fatalf("recipient %d: %+v %v", i, r, r.Failure)
			}
			refs[r.Ref] = true
			texts := centre.Texts(number(i))
			if got := texts[len(texts)-1].Body; got != tc.want {
				t.Fatalf("telephone %d shows %q", i, got)
			}
		}
		f.inbox.wait(t, len(people))
		for _, r := range f.inbox.reports() {
			if r.State != adapter.Delivered || r.Channel != Name {
				t.Fatalf("report %+v", r)
			}
			delete(refs, r.Ref)
		}
		if len(refs) > 0 {
			t.Errorf("%s: %d texts were not reported", tc.lang, len(refs))
		}
	}
	if st := centre.Stats(); st.MostOpen != 1 || st.Messages != 100*(parts(t, shortEN)+parts(t, longRU)) {
		t.Errorf("stats %+v", st)
	}
}
