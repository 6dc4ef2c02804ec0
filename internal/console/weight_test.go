package console

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
)

// maxPage is what a page may weigh, compressed, with its styles and scripts:
// a telephone on a slow network at night must not wait for it. The map and its
// shapes are apart: they come after the page, and it works without them.
const maxPage = 50 << 10

var linked = regexp.MustCompile(`(?:href|src)="(/static/[^"]+\.(?:css|js))"`)

// weighed is a page's bytes as they travel, with every style and script that it names.
func weighed(t *testing.T, b browser, path string) (n int) {
	t.Helper()
	n, body := travelled(t, b, path)
	for _, m := range linked.FindAllStringSubmatch(body, -1) {
		if strings.Contains(m[1], "leaflet") || strings.HasSuffix(m[1], "/map.js") {
			continue
		}
		size, _ := travelled(t, b, m[1])
		n += size
	}
	return n
}

// travelled is one answer: its bytes on the wire, and what the browser makes of them.
func travelled(t *testing.T, b browser, path string) (n int, body string) {
	t.Helper()
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+path, nil))(t)
	r.Header.Set("Accept-Encoding", "gzip")
	res, wire := b.send(r)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", path, res.Status)
	}
	if res.Header.Get("Content-Encoding") != "gzip" {
		return len(wire), wire
	}
	z := must(gzip.NewReader(strings.NewReader(wire)))(t)
	return len(wire), string(must(io.ReadAll(z))(t))
}

// TestPagesAreLight opens every page in every stage of a case, as full as it
// gets, in a language of long words.
func TestPagesAreLight(t *testing.T) {
	w := newWorld(t, alert.Live)
	w.stations.set(manyStations(200)...)
	draftCase := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	waiting, live, ended := w.submitted(t), w.live(t), w.live(t)
	w.ledger.set(crowded(board(live.ID, 1, alert.TypeAlert, 9_000), 400))
	must(w.casework.Withdraw(t.Context(), bram, ended.ID, alert.OutcomeFound, nil))(t)
	w.ledger.set(crowded(board(ended.ID, 2, alert.TypeCancel, 10_000), 400))
	for range perPage {
		must(w.casework.Draft(t.Context(), anna, draft()))(t)
	}
	pages := map[string]auth.Officer{
		"/console/sign-in": stranger, "/console/accessibility": stranger, "/console/account": anna,
		"/console/cases": anna, "/console/cases?tab=drafts": anna, "/console/cases?tab=drafts&q=lina": anna, "/console/cases?tab=ended": anna,
		"/console/cases/new": anna,
	}
	for _, s := range steps {
		pages["/console/cases/"+draftCase.ID+"/edit/"+s.slug] = anna
		if s.many != nil {
			pages["/console/cases/"+draftCase.ID+"/edit/"+s.slug+"/0"] = anna
		}
	}
	for _, k := range []casework.Case{draftCase, waiting, live, ended} {
		for _, page := range []string{"", "/board", "/board?wall=1", "/withdraw", "/correct"} {
			pages["/console/cases/"+k.ID+page] = bram
		}
	}
	for _, k := range []casework.Case{draftCase, waiting, live} {
		pages["/console/cases/"+k.ID+"/preview"] = anna
	}
	pages["/console/cases/"+draftCase.ID+"/check"] = anna
	pages["/console/cases/"+waiting.ID+"/release"] = bram
	browsers := map[string]browser{}
	for path, as := range pages {
		b, ok := browsers[as.ID]
		if !ok {
			b = w.browser(t, as)
			b.CheckRedirect = nil // a page that leads on is weighed where it ends
			b.post("/console/language", map[string][]string{"lang": {"ru"}, "next": {"/console/sign-in"}})
			browsers[as.ID] = b
		}
		n := weighed(t, b, path)
		t.Logf("%5.1f KB %s", float64(n)/1024, path)
		if n > maxPage {
			t.Errorf("%s weighs %d bytes, more than %d", path, n, maxPage)
		}
	}
}

// manyStations are the lines of a large State, every fifth away.
func manyStations(n int) []Station {
	list := make([]Station, n)
	for i := range list {
		list[i] = Station{ID: fmt.Sprint("b-", i), Name: fmt.Sprint("Radio locale ", i), Connected: i%5 != 0, Since: time.Now().Add(-time.Duration(i) * time.Minute)}
	}
	return list
}

// The list finds by number, name and day, page by page, and forgets the names of the ended.
func TestSearchOfCases(t *testing.T) {
	w := newWorld(t, alert.Live)
	live, ended := w.live(t), w.live(t)
	must(w.casework.Withdraw(t.Context(), bram, ended.ID, alert.OutcomeFound, nil))(t)
	var drafts []string
	for range perPage + 3 {
		drafts = append(drafts, must(w.casework.Draft(t.Context(), anna, draft()))(t).ID)
	}
	b := w.browser(t, anna)
	day := time.Now().In(must(time.LoadLocation("Europe/Brussels"))(t)).Format(time.DateOnly)
	title := regexp.MustCompile(`<h3><a href="/console/cases/([A-Z0-9]+)"`)
	shown := func(query string) (ids []string) {
		t.Helper()
		res, body := b.get("/console/cases?" + query)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", query, res.Status)
		}
		for _, m := range title.FindAllStringSubmatch(body, -1) {
			ids = append(ids, m[1])
		}
		return ids
	}
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"tab=live", []string{live.ID}},
		{"tab=live&q=" + strings.ToLower(live.ID[2:9]), []string{live.ID}},
		{"tab=live&q=lina", []string{live.ID}},
		{"tab=live&q=BXL-2026", []string{live.ID}},
		{"tab=live&q=Emma", nil},
		{"tab=live&day=" + day, []string{live.ID}},
		{"tab=live&day=2020-02-29", nil},
		{"tab=live&day=nonsense&page=-4", []string{live.ID}},
		{"tab=ended", []string{ended.ID}},
		{"tab=ended&q=" + ended.ID, []string{ended.ID}},
		{"tab=ended&q=Lina", nil},
		{"tab=live&q=" + strings.Repeat("x", 4000), nil},
		{"tab=live&q=%3Cb%3E", nil},
	} {
		if got := shown(tt.query); !slices.Equal(got, tt.want) {
			t.Errorf("%.60s: %v, want %v", tt.query, got, tt.want)
		}
	}
	first, second, beyond := shown("tab=drafts"), shown("tab=drafts&page=2"), shown("tab=drafts&page=99")
	if len(first) != perPage || len(second) != 3 || !slices.Equal(second, beyond) {
		t.Errorf("pages of %d, %d, %d", len(first), len(second), len(beyond))
	}
	got := slices.Sorted(slices.Values(append(first, second...)))
	if slices.Sort(drafts); !slices.Equal(got, drafts) {
		t.Error("the pages do not hold every draft once")
	}
	if _, body := b.get("/console/cases?tab=drafts&q=lina&page=2&day=" + day); !strings.Contains(body, `href="/console/cases?day=`+day+`&amp;q=lina&amp;tab=drafts"`) {
		t.Errorf("the way back loses the search:\n%s", body)
	}
}
