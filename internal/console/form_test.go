package console

import (
	"encoding/json"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/region"
)

// fullDraft answers every question.
func fullDraft() casework.Draft {
	d := draft()
	d.Internal.ReportedBy, d.Internal.Notes = "A neighbour", "Two lines\nof notes"
	d.Facts.Note = alert.Localized{alert.French: "Elle a peur des chiens.", alert.English: "She is afraid of dogs."}
	p := &d.Facts.Children[0]
	p.FamilyName, p.Photo, p.PhotoTaken = "Janssens", "token", "2026-05"
	p.Marks = alert.Localized{alert.French: "Une cicatrice au menton", alert.English: "A scar on the chin"}
	p.Clothing = slices.Repeat([]alert.Garment{{Item: alert.Scarf, Colour: alert.Beige}}, maxGarments)
	d.Facts.Children = append(d.Facts.Children, alert.Person{GivenName: "Mo", Age: 0, Sex: alert.Male})
	d.Facts.Suspects[0].Marks = alert.Localized{alert.French: "Un tatouage", alert.English: "A tattoo"}
	d.Facts.Vehicles[0].Year = 2019
	d.Facts.Contact.Form = "https://police.example/vu"
	d.Facts.Areas = []string{"BE-BRU", "FR-59"}
	return d
}

// sentBack is what a browser would send of these fields, untouched.
func sentBack(fields []*field) url.Values {
	v := url.Values{}
	for _, f := range fields {
		switch f.Kind {
		case "checks", "areas":
			for _, o := range f.Options {
				if f.Set[o.Value] {
					v.Add(f.Name, o.Value)
				}
			}
		case "moment", "words", "clothing", "expiry":
			for _, part := range f.Parts {
				if part.Name == "expires.in" {
					v.Set(part.Name, part.Value)
					continue
				}
				list := part.Parts
				if list == nil {
					list = []*field{part}
				}
				for _, p := range list {
					v.Set(p.Name, p.Value)
				}
			}
		default:
			v.Set(f.Name, f.Value)
		}
		if f.Kind == "areas" {
			v.Set("country", f.Value)
		}
	}
	return v
}

func formConsole(t testing.TB) *console {
	t.Helper()
	zone := must(time.LoadLocation("Europe/Brussels"))(t)
	return &console{tongue: english, Deps: Deps{Atlas: must(region.Load())(t), Country: "BE", Languages: alert.Langs}, zone: zone}
}

// Opening a page and saving it untouched changes nothing, whatever the answers:
// so no page can lose what another page or program has written.
func TestSavingUntouchedChangesNothing(t *testing.T) {
	c := formConsole(t)
	baby, ageless := draft(), draft()
	baby.Facts.Children[0].Age, ageless.Facts.Children[0].Age = 0, alert.AgeUnknown
	for name, d := range map[string]casework.Draft{"full": fullDraft(), "usual": draft(), "baby": baby, "without age": ageless} {
		want := d
		for _, s := range steps {
			count := 1
			if s.many != nil {
				count = s.many.count(&d)
			}
			for i := range count {
				got := cloneDraft(want)
				b := c.take(s, &got, i, sentBack(c.fill(s, &got, i).Fields))
				if len(b.Faults) > 0 {
					t.Errorf("%s %s %d: %v", name, s.slug, i, b.Faults)
				}
				if diff := cmp.Diff(asJSON(t, want), asJSON(t, got)); diff != "" {
					t.Errorf("%s %s %d (-want +got):\n%s", name, s.slug, i, diff)
				}
			}
		}
	}
}

// asJSON compares times as instants, as they are stored.
func asJSON(t testing.TB, d casework.Draft) string {
	t.Helper()
	for _, at := range []*time.Time{&d.Internal.ReportedAt, &d.Facts.LastSeen.At, &d.Facts.Expires} {
		*at = at.UTC()
	}
	return string(must(json.MarshalIndent(d, "", " "))(t))
}

// Every fact that the domain can find a fault with leads to a field or a page.
func TestEveryFaultLeadsSomewhere(t *testing.T) {
	c := formConsole(t)
	var empty casework.Draft
	full := fullDraft()
	full.Facts.Children[0].Age, full.Facts.Vehicles[0].Country, full.Facts.LastSeen.TimeZone = 19, "XX9", "Nowhere"
	for _, d := range []casework.Draft{empty, full} {
		for _, f := range d.Facts.Validate(time.Now()) {
			if c.whereIs(&d, "K", f.Field) == "" {
				t.Errorf("%s leads nowhere: %s", f.Field, f.Text)
			}
		}
	}
	for path, want := range map[string]string{
		"children[1].age":                    "/console/cases/K/edit/children/1?return=check#children-1-age",
		"children[0].clothing[2].colour":     "/console/cases/K/edit/children/0?return=check#children-0-clothing",
		"children[0].marks.fr":               "/console/cases/K/edit/words?return=check#children-0-marks",
		"internal.notes":                     "/console/cases/K/edit/report?return=check#internal-notes",
		"texts.fr.sms":                       "/console/cases/K/texts/fr/sms",
		"texts.fr":                           "",
		"children":                           "/console/cases/K/edit/children?return=check",
		"last_seen.at":                       "/console/cases/K/edit/last-seen?return=check#last_seen-at",
		"polygons[0]":                        "/console/cases/K/edit/area?return=check#polygons",
		"last_seen.placebo (another's name)": "/console/cases/K/edit/last-seen?return=check",
	} {
		if got := c.whereIs(&full, "K", path); got != want {
			t.Errorf("%s leads to %q, want %q", path, got, want)
		}
	}
}

func TestParseMoment(t *testing.T) {
	zone := must(time.LoadLocation("Europe/Brussels"))(t)
	want := time.Date(2026, 11, 22, 3, 5, 0, 0, zone)
	for _, c := range []struct {
		day, clock string
		ok         bool
	}{
		{"2026-11-22", "03:05", true},
		{"22/11/2026", "3:05", true},
		{"22.11.2026", "3.05", true},
		{"22 November 2026", "03h05", true},
		{"2026-11-22", "03:05:40", true},
		{"2026-11-22", "", false},
		{"", "03:05", false},
		{"2026-13-22", "03:05", false},
		{"2026-11-22", "25:00", false},
		{"yesterday", "03:05", false},
	} {
		got, wrong := (&form{tongue: english, zone: zone}).parseMoment(c.day, c.clock)
		if (wrong == "") != c.ok || c.ok && !got.Equal(want) {
			t.Errorf("%q %q: %v, %v", c.day, c.clock, got, wrong)
		}
	}
}

// Codes and names from a list, of any country; what fits nothing is given back.
func TestPastedAreas(t *testing.T) {
	c := formConsole(t)
	for _, p := range []struct {
		paste string
		want  []string
		fault bool
	}{
		{"BE-BRU", []string{"BE-BRU"}, false},
		{"be-bru, fr-59; BE-BRU", []string{"BE-BRU", "FR-59"}, false},
		{"Namur\nLiège", []string{"BE-WNA", "BE-WLG"}, false},
		{"BE-XXX", nil, true},
		{"Nowhere at all\nBE-BRU", []string{"BE-BRU"}, true},
		{"", nil, false},
	} {
		var d casework.Draft
		b := &form{tongue: english, sent: url.Values{"country": {"BE"}, "areas.paste": {p.paste}}, zone: c.zone}
		c.askArea(b, &d, 0)
		if !slices.Equal(d.Facts.Areas, p.want) || (len(b.Faults) > 0) != p.fault {
			t.Errorf("%q: %v, faults %v", p.paste, d.Facts.Areas, b.Faults)
		}
	}
}

// The main language is always the first, ticked or not.
func TestLanguagesKeepTheMainFirst(t *testing.T) {
	c := formConsole(t)
	for _, l := range []struct {
		ticked []string
		first  string
		want   []alert.Lang
	}{
		{[]string{"en", "fr"}, "fr", []alert.Lang{"fr", "en"}},
		{[]string{"en"}, "de", []alert.Lang{"de", "en"}},
		{nil, "fr", []alert.Lang{"fr"}},
		{[]string{"ru", "xx"}, "", []alert.Lang{"ru"}},
	} {
		var got []alert.Lang
		c.askLanguages(&form{tongue: english, sent: url.Values{"languages": l.ticked, "languages.first": {l.first}}}, &got)
		if !slices.Equal(got, l.want) {
			t.Errorf("%v, main %s: %v, want %v", l.ticked, l.first, got, l.want)
		}
	}
}

// Every value of the domain has an officer's word, and no word a value that is gone.
func TestEveryValueHasAWord(t *testing.T) {
	check := func(name string, options []option, values []string) {
		t.Helper()
		var have []string
		for _, o := range options {
			have = append(have, o.Value)
			if o.Text == "" {
				t.Errorf("%s: %s has no word", name, o.Value)
			}
		}
		if !slices.Equal(have, values) {
			t.Errorf("%s: %v, want %v", name, have, values)
		}
	}
	check("circumstances", circumstances, plain(alert.AllCircumstances))
	check("instructions", instructions, plain(alert.AllInstructions))
	check("sexes", childSexes, plain(alert.AllSexes))
	check("companions", companionSexes, plain(alert.AllSexes))
	check("builds", builds, plain(alert.AllBuilds))
	check("hair colours", hairColours, plain(alert.AllHairColours))
	check("hair lengths", hairLengths, plain(alert.AllHairLengths))
	check("eyes", eyeColours, plain(alert.AllEyeColours))
	check("items", items, plain(alert.AllItems))
	check("colours", colours, plain(alert.AllColours))
	check("vehicles", vehicleKinds, plain(alert.AllVehicleKinds))
	check("transports", transports, plain(alert.AllTransports))
	check("outcomes", outcomes, plain(alert.AllOutcomes))
	for _, o := range timeZones {
		if _, err := time.LoadLocation(o.Value); err != nil {
			t.Error(err)
		}
	}
	for _, l := range alert.Langs {
		if languageName(l) == string(l) {
			t.Errorf("%s has no name", l)
		}
	}
}

func plain[T ~string](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}
