package console

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/exercise"
	"tocsin/internal/peertest/chromium"
)

// state is one page in one state, as one officer sees it.
type state struct {
	name  string
	route string // pattern of the router that it is a page of
	as    auth.Officer
	path  string
}

// noPages are the routes of GET that show no page of their own, with the reason.
var noPages = map[string]string{
	"/console":                               "leads to the list",
	"/console/":                              "leads to the list",
	"/console/sign-in/challenge":             "JSON for passkey.js",
	"/console/account/passkeys/new":          "JSON for passkey.js",
	"/console/sign-in/sso":                   "leads to the provider",
	"/console/sign-in/sso/back":              "leads to the list",
	"/console/map/{country}":                 "outlines for the map",
	"/console/audit/export":                  "a file",
	"/console/cases/{id}/looking":            "a stream of events",
	"/console/cases/{id}/kit/{file}":         "a file",
	"/console/cases/{id}/photos/{photo}":     "a picture",
	"/console/cases/{id}/photos/{photo}/try": "a picture",
	"/console/cases/{id}/report.{format}":    "a file",
	"/console/exercises/{day}/report.csv":    "a file",
}

// stories are cases in every stage.
type stories struct {
	empty, full, returned, waiting, live, update, withdrawn, rejected casework.Case
}

func (w *world) stories(t *testing.T) (s stories) {
	t.Helper()
	ctx := t.Context()
	s.empty = must(w.casework.Draft(ctx, anna, casework.Draft{}))(t)
	s.full = must(w.casework.Draft(ctx, anna, draft()))(t)
	d := s.full.Draft
	d.Facts.Children[0].Photo = must(w.casework.AddPhoto(ctx, anna, s.full.ID, bytes.NewReader(portrait(t))))(t)
	s.full = must(w.casework.Edit(ctx, anna, s.full.ID, s.full.Version, d))(t)
	s.returned = must(w.casework.Return(ctx, bram, w.submitted(t).ID, "The plate is not complete."))(t)
	s.rejected = must(w.casework.Reject(ctx, bram, w.submitted(t).ID, "The child came home."))(t)
	s.waiting, s.live, s.update, s.withdrawn = w.submitted(t), w.live(t), w.live(t), w.live(t)
	s.update = must(w.casework.Edit(ctx, anna, s.update.ID, s.update.Version, s.update.Draft))(t)
	s.update = must(w.casework.Submit(ctx, anna, s.update.ID))(t)
	s.withdrawn = must(w.casework.Withdraw(ctx, bram, s.withdrawn.ID, alert.OutcomeFound, nil))(t)
	w.stations.set(stationsOf(time.Now())...)
	w.ledger.set(board(s.live.ID, 1, alert.TypeAlert, 9_000))
	w.ledger.set(board(s.update.ID, 1, alert.TypeAlert, 9_000))
	w.ledger.set(board(s.withdrawn.ID, 2, alert.TypeCancel, 10_000))
	return s
}

// invited is the token of an invitation.
func (w *world) invited(t *testing.T, officer string) string {
	t.Helper()
	token, _, err := w.book.Invite(t.Context(), officer)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// states is the one list of all pages in all their states: every test that
// holds pages to something takes it, so that a page added later is held too.
func (w *world) states(t *testing.T, realm alert.Realm) []state {
	t.Helper()
	s := w.stories(t)
	const at = "/console/cases/{id}"
	all := []state{
		{"sign-in", "/console/sign-in", stranger, "/console/sign-in"},
		{"accessibility", "/console/accessibility", stranger, "/console/accessibility"},
		{"account", "/console/account/", anna, "/console/account"},
		{"account-approver", "/console/account/", bram, "/console/account"},
		{"account-app", "/console/account/app", anna, "/console/account/app"},
		{"account-password", "/console/account/password", anna, "/console/account/password"},
		{"invitation", "/console/invitation/{token}", stranger, "/console/invitation/" + w.invited(t, "carla")},
		{"new", "/console/cases/new", anna, "/console/cases/new"},
		{"officers", "/console/officers/", ada, "/console/officers"},
		{"officer", "/console/officers/account/{officer}", ada, "/console/officers/account/anna"},
		{"officer-new", "/console/officers/new", ada, "/console/officers/new"},
		{"requests", "/console/officers/requests", ada, "/console/officers/requests"},
		{"keys", "/console/officers/keys", ada, "/console/officers/keys"},
		{"audit", "/console/audit/", dirk, "/console/audit"},
	}
	for _, tab := range []string{"needs", "live", "drafts", "ended"} {
		all = append(all, state{"cases-" + tab, "/console/cases", anna, "/console/cases?tab=" + tab}, state{"cases-" + tab + "-approver", "/console/cases", bram, "/console/cases?tab=" + tab})
	}
	of := func(name string, as auth.Officer, k casework.Case, pages ...string) {
		for _, p := range pages {
			all = append(all, state{name + strings.ReplaceAll(p, "/", "-"), at + strings.TrimSuffix("/"+strings.TrimPrefix(p, "/"), ""), as, "/console/cases/" + k.ID + p})
		}
	}
	of("empty", anna, s.empty, "/", "/check", "/preview")
	of("full", anna, s.full, "/", "/check", "/preview", "/texts/")
	all = append(all,
		state{"text", at + "/texts/{lang}/{name}", anna, "/console/cases/" + s.full.ID + "/texts/fr/push_body"},
		state{"photo", at + "/edit/{step}/{n}/photo", anna, "/console/cases/" + s.full.ID + "/edit/children/0/photo"})
	for _, step := range steps {
		all = append(all, state{"step-" + step.slug, at + "/edit/{step}", anna, "/console/cases/" + s.full.ID + "/edit/" + step.slug})
		if step.many != nil {
			all = append(all, state{"item-" + step.slug, at + "/edit/{step}/{n}", anna, "/console/cases/" + s.full.ID + "/edit/" + step.slug + "/0"})
		}
	}
	of("returned", anna, s.returned, "/")
	of("rejected", anna, s.rejected, "/")
	of("waiting-author", anna, s.waiting, "/", "/release")
	of("waiting", bram, s.waiting, "/", "/preview", "/release")
	of("live", bram, s.live, "/", "/board", "/withdraw", "/correct")
	of("update", bram, s.update, "/", "/release")
	of("withdrawn", bram, s.withdrawn, "/", "/board")
	if realm == alert.Drill {
		all = append(all, w.drillStates(t)...)
	}
	return all
}

// drillStates are the pages that only the exercise system has.
func (w *world) drillStates(t *testing.T) []state {
	t.Helper()
	ctx := t.Context()
	going := must(w.casework.Practise(ctx, carla, draft()))(t)
	done := must(w.casework.Practise(ctx, carla, draft()))(t)
	for _, page := range []string{"what", "children", "release"} {
		if err := w.casework.Visit(ctx, carla, done.ID, casework.Visit{Page: page}); err != nil {
			t.Fatal(err)
		}
	}
	done = must(w.casework.Submit(ctx, carla, done.ID))(t)
	must(w.casework.Release(ctx, carla, done.ID, done.Digest))(t)
	soon := must(w.exercises.Plan(ctx, exercise.Plan{At: time.Now().Add(time.Hour), Channels: w.exercises.Channels(), By: "anna", Note: "All stations"}))(t)
	ran := must(w.exercises.Plan(ctx, exercise.Plan{At: time.Now().Add(48 * time.Hour), Channels: w.exercises.Channels(), By: "anna"}))(t)
	live := w.live(t)
	w.ledger.set(board(live.ID, 1, alert.TypeAlert, 9_000))
	must(w.exercises.Begin(ctx, ran.ID, live.ID, "anna"))(t)
	const at, day = "/console/cases/{id}", "/console/exercises/{day}"
	return []state{
		{"practice-step", at + "/edit/{step}", carla, "/console/cases/" + going.ID + "/edit/last-seen"},
		{"practice-check", at + "/check", carla, "/console/cases/" + going.ID + "/check"},
		{"practice-end", at + "/practice", carla, "/console/cases/" + done.ID + "/practice"},
		{"practice-over", at + "/", carla, "/console/cases/" + done.ID},
		{"exercises", "/console/exercises/", anna, "/console/exercises"},
		{"exercise-due", day, anna, "/console/exercises/" + soon.ID},
		{"exercise-running", day, anna, "/console/exercises/" + ran.ID},
	}
}

// TestEveryPageIsListed: a page of the router that is in no state of the list,
// and is not named as no page, would be held to nothing.
func TestEveryPageIsListed(t *testing.T) {
	w := newWorld(t, alert.Drill)
	listed := map[string]bool{}
	for _, s := range w.states(t, alert.Drill) {
		listed[s.route] = true
	}
	site := &console{Deps: Deps{Casework: w.casework, Accounts: w.book, Office: w.book, Audit: w.audit, Exercises: w.exercises, Realm: alert.Drill}, tongue: english}
	found := 0
	err := chi.Walk(site.routes().(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if method != http.MethodGet || !strings.HasPrefix(route, "/console") {
			return nil
		}
		found++
		if !listed[route] && noPages[route] == "" {
			t.Errorf("%s is in no state of the list", route)
		}
		delete(listed, route)
		return nil
	})
	if err != nil || found < 20 {
		t.Fatalf("%d routes, %v", found, err)
	}
	for route := range listed {
		t.Errorf("the list has %s, which is no route", route)
	}
}

// perTab is how many pages a tab shows before the next one: each has its own bound of time.
const perTab = 12

// TestEveryPageInEveryState opens all of them: on a desk in the live system, on a
// phone in the exercise. axe finds nothing, nothing is wider than the screen,
// no request leaves for an outside host, no script fails. TOCSIN_ARTIFACTS=DIR
// keeps a picture of each.
func TestEveryPageInEveryState(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range []struct {
		name          string
		realm         alert.Realm
		width, height int64
		phone         bool
	}{{"every-desk", alert.Live, 1280, 900, false}, {"every-phone", alert.Drill, 360, 740, true}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.realm)
			all := w.states(t, c.realm)
			// One officer after the other: each has one session.
			slices.SortStableFunc(all, func(a, b state) int { return strings.Compare(a.as.ID, b.as.ID) })
			var b *tabOf
			last := "nobody"
			for i, s := range all {
				if s.as.ID != last || i%perTab == 0 {
					last = s.as.ID
					if b = w.tab(t, parent, c.name, c.width, c.height, c.phone); s.as.ID != "" {
						b.signIn(s.as.ID)
					}
				}
				b.open(s.path)
				b.check(s.name)
			}
		})
	}
}
