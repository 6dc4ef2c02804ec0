package cap

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math"
	"mime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxHeadline = 160 // characters, by the standard
	sha1Hex     = 40  // characters of a digest
)

func (v *validator) infos(now time.Time) {
	a := v.a
	if len(a.Info) == 0 && (a.MsgType == "Alert" || a.MsgType == "Update") {
		v.add("info", "required", "is missing; give one info for each language")
	}
	languages := map[string]int{}
	for n := range a.Info {
		i, path := &a.Info[n], fmt.Sprintf("info[%d].", n)
		v.language(i, path, n, languages)
		v.event(i, path)
		v.times(i, path, now)
		if c := utf8.RuneCountInString(i.Headline); c > maxHeadline {
			v.add(path+"headline", "too_long", fmt.Sprintf("has %d characters; shorten it to %d", c, maxHeadline))
		}
		for m := range i.Resource {
			v.resource(&i.Resource[m], fmt.Sprintf("%sresource[%d]", path, m))
		}
		if len(i.Area) == 0 {
			v.add(path+"area", "required", "is missing; say where the message applies")
		}
		for m := range i.Area {
			v.area(&i.Area[m], fmt.Sprintf("%sarea[%d].", path, m))
		}
	}
}

func (v *validator) language(i *Info, path string, n int, seen map[string]int) {
	field := path + "language"
	key := strings.ToLower(i.Language)
	before, twice := seen[key]
	switch {
	case i.Language == "":
		v.add(field, "required", "is missing, which means en-US to every reader; write the language")
	case !rfc3066(i.Language):
		v.add(field, "language", fmt.Sprintf("%.40q is no language tag; write fr or fr-BE", i.Language))
	case twice:
		v.add(field, "duplicate", fmt.Sprintf("info[%d] is in the same language; give each language one info", before))
	default:
		seen[key] = n
	}
}

// event judges that all infos speak of one event: the codes, not the words,
// are the same in every language.
func (v *validator) event(i *Info, path string) {
	if strings.TrimSpace(i.Event) == "" {
		v.add(path+"event", "required", "is empty; name the event in the language of the info")
	}
	first := &v.a.Info[0]
	if !slices.Equal(sortedValues(i.EventCode), sortedValues(first.EventCode)) {
		v.add(path+"eventCode", "one_event", "differs from info[0]; a message has one event, so send another message for another event")
	}
	if !slices.Equal(slices.Sorted(slices.Values(i.Category)), slices.Sorted(slices.Values(first.Category))) {
		v.add(path+"category", "one_event", "differs from info[0]; a message has one event, so send another message for another event")
	}
}

func sortedValues(values []Value) []Value {
	return slices.SortedFunc(slices.Values(values), func(a, b Value) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	})
}

func (v *validator) times(i *Info, path string, now time.Time) {
	field := path + "expires"
	switch {
	case i.Expires.IsZero():
		v.add(field, "required", "is missing; every message ends, so that no name stays public for ever")
		return
	case !i.Expires.After(v.a.Sent):
		v.add(field, "order", "is not after sent; give a later end")
	case !now.IsZero() && !i.Expires.After(now):
		v.add(field, "past", "has passed; give a later end, or send nothing")
	}
	if i.Effective.After(i.Expires) {
		v.add(path+"effective", "order", "is after expires; let the message begin before it ends")
	}
	if i.Onset.After(i.Expires) {
		v.add(path+"onset", "order", "is after expires; correct one of the two")
	}
}

func (v *validator) resource(r *Resource, path string) {
	if v.a.MsgType == "Cancel" {
		v.add(path, "cancel", "a withdrawal carries no picture or sound; delete it")
		return
	}
	if strings.TrimSpace(r.ResourceDesc) == "" {
		v.add(path+".resourceDesc", "required", "is empty; say what the file shows, for those who cannot see it")
	}
	if media, _, err := mime.ParseMediaType(r.MimeType); err != nil || !strings.Contains(media, "/") {
		v.add(path+".mimeType", "mime", "is no media type; write one such as image/jpeg")
	}
	if r.Size <= 0 {
		v.add(path+".size", "required", "is missing or not positive; give the number of bytes")
	}
	if r.URI == "" && r.DerefURI == "" {
		v.add(path+".uri", "required", "is missing; give the address of the file")
	}
	if _, err := hex.DecodeString(r.Digest); err != nil || len(r.Digest) != sha1Hex {
		v.add(path+".digest", "digest", "is missing or no SHA-1; give the file's SHA-1 as 40 hexadecimal digits")
	}
}

func (v *validator) area(a *Area, path string) {
	if strings.TrimSpace(a.AreaDesc) == "" {
		v.add(path+"areaDesc", "required", "is empty; name the area in the language of the info")
	}
	for n, p := range a.Polygon {
		if _, err := ParsePolygon(p); err != nil {
			v.add(fmt.Sprintf("%spolygon[%d]", path, n), "polygon", err.Error())
		}
	}
	for n, c := range a.Circle {
		if _, _, err := ParseCircle(c); err != nil {
			v.add(fmt.Sprintf("%scircle[%d]", path, n), "circle", err.Error())
		}
	}
	for n, g := range a.Geocode {
		if strings.TrimSpace(g.Name) == "" || strings.TrimSpace(g.Value) == "" {
			v.add(fmt.Sprintf("%sgeocode[%d]", path, n), "required", "lacks its name or value; write one such as ISO3166-2 and BE-BRU")
		}
	}
	switch {
	case a.Ceiling != nil && a.Altitude == nil:
		v.add(path+"ceiling", "altitude", "stands without altitude; give both or none")
	case a.Ceiling != nil && (*a.Ceiling < *a.Altitude || math.IsNaN(*a.Ceiling)):
		v.add(path+"ceiling", "order", "is below altitude; exchange the two")
	}
}
