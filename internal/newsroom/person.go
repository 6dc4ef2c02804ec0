package newsroom

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/auth"
)

// person is who makes a request, and for which station he speaks.
type person struct {
	Name    string
	Station adapter.Recipient
}

// who is the person of a request: an editor of a registered station, or a guest
// whose token still opens it. It is asked anew at every request and for as long as a
// stream is open, so that a removed station or a renewed token ends the session.
func (n *newsroom) who(r *http.Request) (person, bool) {
	if e, ok := auth.EditorFrom(r.Context()); ok {
		st, ok := n.Registry.Get(channel, e.Station)
		return person{e.Name, st}, ok && r.Context().Err() == nil
	}
	g, ok := auth.GuestFrom(r.Context())
	if !ok || n.Tokens == nil || !n.Tokens.Holds(g.Station, g.Seal) {
		return person{}, false
	}
	st, ok := n.Registry.Get(channel, g.Station)
	return person{g.Name, st}, ok
}

// handler answers a request of a signed-in person in a language.
type handler func(w http.ResponseWriter, r *http.Request, lang alert.Lang, p person)

// need lets nobody pass but a station's person, and bounds what he sends.
// Strangers are sent to sign in; programs are told so.
func (n *newsroom) need(next handler) http.HandlerFunc {
	return n.inLanguage(func(w http.ResponseWriter, r *http.Request, lang alert.Lang) {
		p, ok := n.who(r)
		switch {
		case ok:
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			next(w, r, lang, p)
		case forPrograms(r):
			n.refuse(w, r, http.StatusUnauthorized, "refused.session")
		default:
			http.Redirect(w, r, "/newsroom/"+string(lang)+"/sign-in", http.StatusSeeOther)
		}
	})
}

type signInView struct {
	page
	ID, Given string // as typed before
	ByToken   bool   // the station's token was tried
	Tokens    bool   // a station's token is a way in
	Wrong     string // what to mend
}

func (n *newsroom) signInPage(w http.ResponseWriter, r *http.Request, lang alert.Lang) {
	if _, ok := n.who(r); ok {
		http.Redirect(w, r, "/newsroom/"+string(lang)+"/", http.StatusSeeOther)
		return
	}
	n.render(w, r, http.StatusOK, "sign-in", signInView{page: n.page(lang, "/sign-in", "signin.title"), Tokens: n.Tokens != nil})
}

// signIn takes an editor's name and password, or a station's token and a name.
func (n *newsroom) signIn(w http.ResponseWriter, r *http.Request, lang alert.Lang) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		n.badForm(w, r, err)
		return
	}
	f := r.PostForm
	view := signInView{
		page: n.page(lang, "/sign-in", "signin.title"), Tokens: n.Tokens != nil,
		ID: strings.TrimSpace(f.Get("id")), Given: strings.TrimSpace(f.Get("name")), ByToken: f.Has("token"),
	}
	err := n.enter(w, r, view, f.Get("password"), strings.TrimSpace(f.Get("token")))
	if err == nil {
		http.Redirect(w, r, "/newsroom/", http.StatusSeeOther)
		return
	}
	status, key := http.StatusUnauthorized, "signin.wrong"
	if throttled, ok := errors.AsType[*auth.ThrottledError](err); ok {
		w.Header().Set("Retry-After", strconv.Itoa(throttled.Seconds()))
		status, key = http.StatusTooManyRequests, "signin.wait"
	} else if _, ok := errors.AsType[alert.Invalid](err); ok {
		status, key = http.StatusUnprocessableEntity, "signin.name.bad"
	} else if errors.Is(err, errToken) {
		key = "signin.token.wrong"
	} else if !errors.Is(err, auth.ErrCredentials) {
		n.Log.ErrorContext(r.Context(), "newsroom sign-in", "err", err)
		n.refuse(w, r, http.StatusInternalServerError, "refused.ours")
		return
	}
	view.Wrong = n.words[lang][key]
	view.Errors = []fault{{view.Wrong, "#" + view.first()}}
	n.render(w, r, status, "sign-in", view)
}

// first is the field that the error leads to.
func (v signInView) first() string {
	if v.ByToken {
		return "token"
	}
	return "id"
}

// errToken: the token is no station's, or no longer.
var errToken = errors.New("the station's token is not valid")

// enter begins the session.
func (n *newsroom) enter(w http.ResponseWriter, r *http.Request, v signInView, password, token string) error {
	if v.ByToken {
		if n.Tokens == nil {
			return errToken
		}
		id, seal, ok := n.Tokens.StationByToken(token)
		if !ok {
			return errToken
		}
		return n.Accounts.StartGuest(w, r, auth.Guest{Station: id, Name: v.Given, Seal: seal})
	}
	e, err := n.Accounts.SignInEditor(r.Context(), v.ID, password)
	if err != nil {
		return err
	}
	if _, ok := n.Registry.Get(channel, e.Station); !ok {
		return auth.ErrCredentials // his station is gone, and with it his right
	}
	return n.Accounts.StartSession(w, r, e)
}

func (n *newsroom) signOut(w http.ResponseWriter, r *http.Request, lang alert.Lang) {
	if err := n.Accounts.EndSession(w, r); err != nil {
		n.Log.ErrorContext(r.Context(), "newsroom sign-out", "err", err)
		n.refuse(w, r, http.StatusInternalServerError, "refused.ours")
		return
	}
	http.Redirect(w, r, "/newsroom/"+string(lang)+"/sign-in?done=signedout", http.StatusSeeOther)
}

// chooseLanguage leads to the page in the station's language.
func (n *newsroom) chooseLanguage(w http.ResponseWriter, r *http.Request) {
	p, ok := n.who(r)
	if !ok {
		http.Redirect(w, r, "/newsroom/"+string(n.Languages[0])+"/sign-in", http.StatusSeeOther)
		return
	}
	lang := p.Station.Lang
	if n.words[lang] == nil {
		lang = n.Languages[0]
	}
	http.Redirect(w, r, "/newsroom/"+string(lang)+"/", http.StatusSeeOther)
}
