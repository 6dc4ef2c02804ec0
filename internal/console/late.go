package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tocsin/internal/auth"
)

type lateView struct {
	page
	Action string
	Sent   [][2]string
	Detail string // why it was not taken; "" = its sender is no longer signed in
}

// late answers a form whose sender is no longer signed in: what he wrote is on
// the page, to be sent again after signing in beside it. A photo has to be chosen
// again. A form about his own account is not kept: it holds little but secrets,
// and whoever signs in next would send it for himself.
func (c *console) late(w http.ResponseWriter, r *http.Request) {
	if at := "/console/account"; r.URL.Path == at || strings.HasPrefix(r.URL.Path, at+"/") {
		c.toSignIn(w, r, url.Values{"next": {at}})
		return
	}
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	if r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll() // the system cleans what stays
	}
	view := lateView{page: c.page(r, c.say("You were signed out")), Action: r.URL.RequestURI(), Sent: pairs(sent, secrets...)}
	if auth.EndedElsewhere(r.Context()) {
		view.Notice = c.say(notices["elsewhere"])
	}
	c.render(w, r, http.StatusUnauthorized, "late", view)
}

// keepForm answers a form that could not be taken because of us, be it that the
// event log does not answer: what he wrote is on the page, to be sent again. False
// for what is no such form, and for one with a secret in it.
func (c *console) keepForm(w http.ResponseWriter, r *http.Request, t trouble) bool {
	ours := t.status >= http.StatusInternalServerError && strings.HasPrefix(r.URL.Path, "/console/") && r.Header.Get(partHeader) == ""
	if !ours || len(r.PostForm) == 0 { // of another method, or not read
		return false
	}
	for _, way := range []string{"/console/sign-in", "/console/account", "/console/invitation"} {
		if strings.HasPrefix(r.URL.Path, way) {
			return false
		}
	}
	if slices.ContainsFunc(secrets, func(name string) bool { return r.PostForm.Get(name) != "" }) {
		return false // without it the form would be refused
	}
	view := lateView{page: c.page(r, t.title), Action: r.URL.RequestURI(), Sent: pairs(r.PostForm), Detail: t.detail}
	view.Notice = ""
	c.render(w, r, t.status, "late", view)
	return true
}

// secrets are the fields that never travel back in a page: passwords, codes, and
// what a passkey answered.
var secrets = []string{"password", "new-password", "app-password", "recovery-password", "code", "answer"}

// pairs are a form's fields as hidden inputs take them, in a steady order.
func pairs(sent url.Values, without ...string) [][2]string {
	var list [][2]string
	for _, key := range slices.Sorted(maps.Keys(sent)) {
		for _, v := range sent[key] {
			if !slices.Contains(without, key) {
				list = append(list, [2]string{key, v})
			}
		}
	}
	return list
}
