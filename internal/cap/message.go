package cap

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/alert"
)

// Names of the parameters that carry the approved channel texts, so that every
// station says the same words. Those of other systems come first.
const (
	ParamShort90  = "CMAMtext"     // 90 characters
	ParamLong360  = "CMAMlongtext" // 360 characters
	ParamCrawl    = "EASText"
	ParamEUAlert  = "EU-Alert" // message identifier of cell broadcast, TS 102 900
	ParamSpoken   = "layer:tocsin:1.0:spoken"
	ParamSeconds  = "layer:tocsin:1.0:spokenSeconds"
	ParamRadio    = "layer:tocsin:1.0:radiotext"
	ParamPush     = "layer:tocsin:1.0:pushTitle"
	ParamPushBody = "layer:tocsin:1.0:pushBody"
	ParamSMS      = "layer:tocsin:1.0:sms"
	ParamRevision = "layer:tocsin:1.0:revision"
	ParamOutcome  = "layer:tocsin:1.0:outcome" // of a withdrawal
	ParamRepeat   = "layer:tocsin:1.0:repeat"  // ISO 8601: R12/PT15M, but never after expires
)

// repeatOf is the cadence asked of stations, "" when none is.
func repeatOf(c *alert.Cadence) string {
	if c == nil || c.Times() == 0 {
		return ""
	}
	every := fmt.Sprintf("PT%dS", int(c.Every.Seconds()))
	if c.Every%time.Minute == 0 {
		every = fmt.Sprintf("PT%dM", int(c.Every.Minutes()))
	}
	return fmt.Sprintf("R%d/%s", c.Times(), every)
}

// FromMessage writes m in our profile of CAP: one info for each language, the
// approved texts as parameters, all times in UTC. It judges only what it cannot
// write down; Validate and Encode judge the rest.
func FromMessage(m *alert.Message) (*Alert, error) {
	if err := writable(m); err != nil {
		return nil, fmt.Errorf("CAP: %w", err)
	}
	a := &Alert{
		Identifier: m.Identifier,
		Sender:     m.Sender,
		Sent:       m.Sent.UTC(),
		Status:     string(m.Status),
		MsgType:    string(m.MsgType),
		Source:     m.Agency,
		Scope:      "Public",
		References: FormatReferences(m.References),
		Incidents:  m.Case,
	}
	for n, lang := range m.Languages {
		a.Info = append(a.Info, infoOf(m, lang, n == 0))
	}
	return a, nil
}

// writable refuses a message that would be guessed at, or that would name the
// child in a withdrawal.
func writable(m *alert.Message) error {
	switch m.MsgType {
	case alert.TypeAlert, alert.TypeUpdate:
		if m.Facts == nil && m.Status != alert.StatusTest {
			return errors.New("facts: missing; an alert is written from the facts of the case")
		}
	case alert.TypeCancel:
		if m.Facts != nil || len(m.Media) > 0 {
			return errors.New("facts, media: a withdrawal carries no name and no photo; leave them out")
		}
	default:
		return fmt.Errorf("msg_type: %.40q is not issued; use Alert, Update or Cancel", m.MsgType)
	}
	if len(m.Languages) == 0 {
		return errors.New("languages: empty; name at least one")
	}
	for n, lang := range m.Languages {
		if _, known := eventWords[lang]; !known {
			return fmt.Errorf("languages[%d]: the event has no name in %.20q; use one of the six languages", n, lang)
		}
		if _, known := m.Texts[lang]; !known {
			return fmt.Errorf("texts: none in %s; render the texts of each language first", lang)
		}
	}
	for n, file := range m.Media {
		if _, known := m.Texts[file.Lang]; file.Lang != "" && !known {
			return fmt.Errorf("media[%d].lang: the alert has no %.20q; leave it empty for a file of all languages", n, file.Lang)
		}
	}
	if _, known := marks[m.Status]; !known {
		return fmt.Errorf("status: %.40q is not issued; use Actual, Exercise or Test", m.Status)
	}
	return nil
}

func infoOf(m *alert.Message, lang alert.Lang, first bool) Info {
	t := m.Texts[lang]
	i := Info{
		Language:     string(lang),
		Category:     []string{"Rescue"},
		Event:        eventName(m, lang),
		ResponseType: []string{"Monitor"},
		Urgency:      "Immediate",
		Severity:     "Severe",
		Certainty:    "Observed",
		EventCode:    []Value{{"SAME", "CAE"}, {"profile:CAP-CP:Event:0.4", "amber"}},
		Expires:      m.Expires.UTC(),
		SenderName:   m.Agency,
		Headline:     t.Headline,
		Description:  t.Description,
		Instruction:  t.Instruction,
		Web:          strings.ReplaceAll(m.Page, "*", string(lang)),
		Parameter:    parameters(m, t, first),
		Resource:     resources(m, lang),
		Area:         areas(m, lang),
	}
	switch {
	case m.MsgType == alert.TypeCancel:
		i.Urgency, i.Severity, i.ResponseType = "Past", "Minor", []string{"AllClear"}
		if m.Outcome == alert.OutcomeExpired || m.Outcome == alert.OutcomeOther {
			i.ResponseType = []string{"None"} // the alert has ended, the worry may not have
		}
	case m.Facts != nil:
		i.SenderName = m.Facts.Authority
		i.Contact = m.Facts.Contact.Phone
		switch m.Facts.Circumstances {
		case alert.AbductionStranger, alert.AbductionParent:
			i.Severity = "Extreme"
		}
	}
	return i
}

func parameters(m *alert.Message, t alert.Texts, first bool) []Value {
	seconds := ""
	if t.SpokenSeconds > 0 {
		seconds = strconv.Itoa(t.SpokenSeconds)
	}
	all := []Value{
		{ParamShort90, t.Short90},
		{ParamLong360, t.Long360},
		{ParamCrawl, t.Crawl},
		{ParamEUAlert, euAlert(m.Status, first)},
		{ParamSpoken, t.Spoken},
		{ParamSeconds, seconds},
		{ParamRadio, t.RadioText},
		{ParamPush, t.PushTitle},
		{ParamPushBody, t.PushBody},
		{ParamSMS, t.SMS},
		{ParamRevision, strconv.Itoa(m.Revision)},
		{ParamOutcome, string(m.Outcome)},
		{ParamRepeat, repeatOf(m.Repeat)},
	}
	said := all[:0]
	for _, v := range all {
		if v.Value != "" {
			said = append(said, v)
		}
	}
	return said
}

// resources are the files of lang and those of all languages.
func resources(m *alert.Message, lang alert.Lang) []Resource {
	var files []Resource
	for _, f := range m.Media {
		if f.Lang != "" && f.Lang != lang {
			continue
		}
		desc := f.Name
		if desc == "" {
			desc = f.Kind
		}
		files = append(files, Resource{ResourceDesc: desc, MimeType: f.MIME, Size: int64(f.Bytes), URI: f.URL, Digest: f.SHA1})
	}
	return files
}

// areas are one area for each unit, and one that draws the polygons and the circle.
func areas(m *alert.Message, lang alert.Lang) []Area {
	var all []Area
	names := make([]string, 0, len(m.Areas))
	for _, unit := range m.Areas {
		kind := "ISO3166-1"
		if strings.Contains(unit.Code, "-") {
			kind = "ISO3166-2"
		}
		names = append(names, unit.Name(lang))
		all = append(all, Area{AreaDesc: unit.Name(lang), Geocode: []Value{{kind, unit.Code}}})
	}
	if len(m.Polygons) > 0 || m.Circle != nil {
		drawn := Area{AreaDesc: strings.Join(names, ", ")}
		for _, ring := range m.Polygons {
			drawn.Polygon = append(drawn.Polygon, FormatPolygon(ring))
		}
		if m.Circle != nil {
			drawn.Circle = []string{FormatCircle(*m.Circle)}
		}
		all = append(all, drawn)
	}
	return all
}
