package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"tocsin/internal/casework"
	"tocsin/internal/ledger"
)

// resend has one recipient of the board tried again. Only who stands on the
// board is: an address made by hand finds nobody.
func (c *console) resend(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	b, err := c.board(k.ID)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	revision, _ := strconv.Atoi(sent.Get("revision")) // 0 is no revision, and refused as such
	at := slices.IndexFunc(b.Rows, func(row ledger.Row) bool {
		return row.Channel == sent.Get("channel") && row.Recipient == sent.Get("recipient")
	})
	if at < 0 || c.Resend == nil {
		c.refuse(w, r, http.StatusNotFound, c.say("There is no such recipient"), c.say("Open the board again: only who stands on it can be tried again."))
		return
	}
	row := b.Rows[at]
	err = c.Casework.Resend(r.Context(), c.officer(r), k.ID,
		casework.Resent{Revision: revision, Channel: row.Channel, Recipient: row.Recipient, Name: row.Name},
		func(ctx context.Context) error { return c.Resend(ctx, k.ID, revision, row.Channel, row.Recipient) })
	if err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/cases/"+k.ID+"/board?done=resent", http.StatusSeeOther)
}

// oneMore is the small form that has one recipient tried again.
type oneMore struct {
	Case, Channel, To, Who string
	Revision               int
}

// again is the form of one row, for the page.
func again(v boardView, channel, to, who string) oneMore {
	return oneMore{v.Case.ID, channel, to, who, v.Board.Revision}
}
