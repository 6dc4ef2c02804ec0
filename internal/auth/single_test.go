package auth

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// An officer has one session: a newer one ends it, and it is told why, once.
func TestOneSession(t *testing.T) {
	b, _ := withAnna(t)
	mux := http.NewServeMux()
	mux.Handle("/", site(t, b)) // of its own middleware
	mux.Handle("/why", b.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, fmt.Sprint(EndedElsewhere(r.Context())))
	})))
	desk, phone := newBrowser(t, mux), newBrowser(t, mux)
	token, err := b.NewToken(t.Context(), "anna.smith")
	if err != nil {
		t.Fatal(err)
	}
	// A program's call that is under way at the first sign-in of all goes on.
	running := session{Officer: "anna.smith", Since: b.accounts["anna.smith"].since}
	_, end, err := b.enter(t.Context(), running, func(err error) { t.Errorf("the first sign-in cut a token's request: %v", err) })
	if err != nil {
		t.Fatal(err)
	}
	desk.signIn()
	end()
	cause := make(chan error, 2)
	since := b.accounts["anna.smith"].since
	for _, serial := range []string{b.accounts["anna.smith"].ways.session, ""} { // a board at the desk, a program's feed
		s := session{Officer: "anna.smith", Since: since, Serial: serial}
		_, leave, err := b.enter(t.Context(), s, func(err error) { cause <- fmt.Errorf("%q: %w", serial, err) })
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
	}
	old := b.accounts["anna.smith"].ways.session
	phone.signIn()
	if len(cause) != 1 {
		t.Fatalf("%d requests were cut, want the board alone", len(cause))
	}
	if err := <-cause; !errors.Is(err, ErrElsewhere) || err.Error() != fmt.Sprintf("%q: %v", old, ErrElsewhere) {
		t.Errorf("cut: %v", err)
	}
	if _, why := desk.get("/why"); why != "true" {
		t.Error("the older session is not told why it ended")
	}
	if _, why := desk.get("/why"); why != "false" {
		t.Error("it is told for ever")
	}
	desk.wantWho("")
	phone.wantWho("anna.smith")
	bearer := newBrowser(t, mux)
	bearer.header.Set("Authorization", "Bearer "+token)
	bearer.wantWho("anna.smith")
}
