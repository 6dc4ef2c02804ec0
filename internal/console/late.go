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
