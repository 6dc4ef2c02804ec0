package casework

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/alert"
)

// state is what the events of one case come to. It is never changed in place:
// with makes the next one, so readers need no lock and no copy.
type state struct {
	c    Case
	seq  uint64 // of the newest event of any kind: what Entry.After names
	hash string // of the newest event's bytes: the next one's Prev

	writers   []string       // everybody who wrote in any revision: may withdraw
	uploaders []string       // who added photos since the last release: editors of the revision that begins next
	sent      []sentRevision // every released revision, oldest first
	pending   *alert.Message // recorded, not yet known to be on ALERTS
	doomed    []string       // tokens of photos, and names of kits' files, to delete once nothing is pending
	aired     []string       // names of the files of the live revision's kit

	releaser, releasedDigest string // of the newest release: its repetition is no fault

	resent []resent // of the last minute before the newest of them
}

// sentRevision is what later messages need to know of a released one.
type sentRevision struct {
	ref       alert.Ref
	expires   time.Time
	areas     []string
	languages []alert.Lang
	photos    []string // tokens
	names     []string // of everybody in it: what a withdrawal must not say
}

// decode reads one stored event, with the parts that its kind needs.
func decode(raw []byte) (Event, error) {
	var ev Event
	if err := json.Unmarshal(raw, &ev); err != nil {
		return Event{}, fmt.Errorf("event: %w", err)
	}
	var missing string
	switch ev.Kind {
	case KindDrafted, KindEdited:
		if ev.Draft == nil {
			missing = "draft"
		}
	case KindReleased, KindWithdrawn, KindPractised:
		if ev.Message == nil {
			missing = "message"
		}
	case KindPhotoAdded, KindPhotoMade:
		if ev.Photo == nil {
			missing = "photo"
		}
	case KindKit:
		if ev.Kit == nil {
			missing = "kit"
		}
	case KindWorded:
		if ev.Wording == nil {
			missing = "wording"
		}
	}
	if missing != "" {
		return Event{}, fmt.Errorf("event: %s without %s", ev.Kind, missing)
	}
	return ev, nil
}

// with is st after one more event. It is total: an event of a kind that this
// version does not know moves the sequence and the hash and nothing else.
func (st *state) with(ev Event, raw []byte, seq uint64) *state {
	n := *st
	n.seq, n.hash = seq, hashOf(raw)
	n.c.Changed = ev.At
	if n.practise(ev) {
		return &n
	}
	switch ev.Kind {
	case KindPhotoAdded, KindPhotoMade, KindKit, KindPublished, KindPurged, KindAgreed, KindDeclined, KindResent:
		n.housekeeping(ev)
	default:
		n.c.Version = seq
		n.act(ev)
		n.c.Consents = asked(n.c.Consents, ev)
	}
	n.c.Pending = n.pending != nil
	return &n
}

// act folds what an officer did to the draft or the stage.
func (st *state) act(ev Event) {
	c := &st.c
	switch ev.Kind {
	case KindDrafted:
		c.ID, c.Author, c.Created, c.Revision, c.Asked = ev.Case, ev.Officer, ev.At, 1, ev.Asked
		if c.Exercise = ev.Exercise; ev.Practice {
			c.Practice = &Practice{By: ev.Officer}
		}
		st.write(ev)
	case KindEdited:
		st.begin()
		st.write(ev)
	case KindWorded:
		st.begin()
		st.word(ev)
	case KindSubmitted:
		c.Stage, c.Submitter, c.Digest, c.Submitted, c.Reason = StageSubmitted, ev.Officer, ev.Digest, ev.At, ""
	case KindReturned:
		c.Stage, c.Reason, c.Submitter, c.Digest, c.Submitted = StageDraft, ev.Reason, "", "", time.Time{}
	case KindRejected:
		c.Stage, c.Reason = StageRejected, ev.Reason
		st.endKits()
		st.doomed = append(tokens(c.Photos), files(st.doomed)...)
	case KindReleased:
		st.release(ev)
	case KindWithdrawn:
		c.Stage, c.Live, c.Outcome, c.Withdrawn = StageWithdrawn, nil, ev.Outcome, ev.At
		c.Revision = ev.Message.Revision
		st.pending = ev.Message
		st.endKits()
		st.doomed = append(tokens(c.Photos), files(st.doomed)...)
	}
}

// write folds new facts of the draft.
func (st *state) write(ev Event) {
	st.c.Draft = *ev.Draft
	st.changed(ev)
}

// begin makes a live case an update under way. It says what the machine writes,
// until an officer takes over the wordings of the live revision.
func (st *state) begin() {
	c := &st.c
	if c.Stage != StageReleased {
		return
	}
	c.Revision = c.Live.Revision + 1
	c.Editors, st.uploaders = st.uploaders, nil
	c.Edits, c.LiveEdits = nil, c.Edits
}

// changed folds that the draft is not what it was: a submission is void.
func (st *state) changed(ev Event) {
	c := &st.c
	st.dropKit()
	c.Stage, c.LastEditor = StageDraft, ev.Officer
	c.Submitter, c.Digest, c.Submitted = "", "", time.Time{}
	c.Editors = withName(c.Editors, ev.Officer)
	st.writers = withName(st.writers, ev.Officer)
	st.dropCuts()
}

// release folds the message that goes out.
func (st *state) release(ev Event) {
	c, m := &st.c, ev.Message
	used := photosOf(m.Facts)
	if c.Live == nil {
		c.Released, c.OverrideReason = ev.At, ev.Override
	} else {
		// A picture that was public and is no longer part of the alert, perhaps
		// because it showed the wrong child, must not stay at its address.
		for _, t := range st.sent[len(st.sent)-1].photos {
			if !slices.Contains(used, t) {
				st.doomed = withName(st.doomed, t)
			}
		}
	}
	live := &LiveRevision{
		Identifier: m.Identifier, Revision: m.Revision, Sent: m.Sent, Expires: m.Expires,
		Languages: m.Languages, Areas: m.AreaCodes(),
	}
	for _, t := range used {
		p := Photo{Token: t}
		live.Media = append(live.Media, p.Object(), p.Thumbnail())
	}
	st.airKit()
	live.Media = append(live.Media, st.aired...)
	c.Stage, c.Live, c.LiveEdits = StageReleased, live, nil
	st.releaser, st.releasedDigest = ev.Officer, ev.Digest
	st.uploaders = nil
	st.pending = m
	st.sent = append(slices.Clip(st.sent), sentRevision{
		ref:     alert.Ref{Sender: m.Sender, Identifier: m.Identifier, Sent: m.Sent},
		expires: m.Expires, areas: live.Areas, languages: m.Languages, photos: used, names: namesOf(m.Facts),
	})
}

// housekeeping folds what changes neither draft nor stage.
func (st *state) housekeeping(ev Event) {
	c := &st.c
	switch ev.Kind {
	case KindPhotoAdded, KindPhotoMade:
		c.Photos = append(slices.Clip(c.Photos), *ev.Photo)
		st.writers = withName(st.writers, ev.Officer)
		if c.Stage == StageReleased {
			st.uploaders = withName(st.uploaders, ev.Officer)
		} else {
			c.Editors = withName(c.Editors, ev.Officer)
		}
	case KindKit:
		st.dropKit()
		c.Kit = ev.Kit
	case KindAgreed:
		c.Consents = agreed(c.Consents, ev)
	case KindDeclined:
		c.GrowthDeclined = ev.KM
	case KindPublished:
		if st.pending != nil && st.pending.Identifier == ev.Identifier {
			st.pending = nil
		}
	case KindResent:
		st.noteResent(ev)
	case KindPurged:
		gone := func(t string) bool { return slices.Contains(ev.Purged, t) }
		c.Photos = slices.DeleteFunc(slices.Clone(c.Photos), func(p Photo) bool { return gone(p.Token) })
		st.doomed = slices.DeleteFunc(slices.Clone(st.doomed), gone)
	}
}

// withName is names and name, once, never in the old array.
func withName(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(slices.Clip(names), name)
}

// files are those of doomed that are a kit's: unlike a photo's token they have an extension.
func files(doomed []string) []string {
	return slices.DeleteFunc(slices.Clone(doomed), func(name string) bool { return !strings.Contains(name, ".") })
}

// tokens names all photos.
func tokens(photos []Photo) []string {
	all := make([]string, len(photos))
	for i, p := range photos {
		all[i] = p.Token
	}
	return all
}

// photosOf names the photos that facts show, each once.
func photosOf(f *alert.Facts) []string {
	var all []string
	if f == nil {
		return nil
	}
	for _, group := range [][]alert.Person{f.Children, f.Suspects} {
		for _, p := range group {
			if p.Photo != "" {
				all = withName(all, p.Photo)
			}
		}
	}
	return all
}

// namesOf are the given and family names of everybody in the facts.
func namesOf(f *alert.Facts) []string {
	var names []string
	if f == nil {
		return nil
	}
	for _, group := range [][]alert.Person{f.Children, f.Suspects} {
		for _, p := range group {
			for _, n := range []string{p.GivenName, p.FamilyName} {
				if n = strings.TrimSpace(n); n != "" {
					names = withName(names, n)
				}
			}
		}
	}
	return names
}
