package app

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"tocsin/adapters/webpush"
	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/console"
	"tocsin/internal/delivery"
	"tocsin/internal/ledger"
)

// Board is a case's board with the channels' titles and the recipients' names on it.
type Board struct{ app *App }

// Board is the newest revision of a case; empty before the planner has counted.
func (b Board) Board(caseID string) (ledger.Board, error) {
	board, err := b.app.Ledger.Board(caseID)
	if errors.Is(err, ledger.ErrUnknown) {
		return ledger.Board{Case: caseID}, nil
	}
	if err != nil {
		return board, err
	}
	b.dress(&board)
	now := time.Now()
	if r, ok := b.app.Current.Case(caseID); ok && r.Message.Repeat != nil && r.Message.Revision == board.Revision {
		board.Pace(*r.Message.Repeat, r.Message.Sent, r.Message.Expires, now)
	}
	return board, nil
}

// Boards are those of every revision that is still in memory, oldest first, with
// everybody whom the plan names.
func (b Board) Boards(caseID string) ([]ledger.Board, error) {
	var all []ledger.Board
	for _, revision := range b.app.Ledger.Revisions(caseID) {
		board, err := b.app.Ledger.ReportOf(caseID, revision)
		if err != nil {
			return nil, err
		}
		b.dress(&board)
		all = append(all, board)
	}
	return all, nil
}

// dress puts names and titles on the board, lights its lamps, and says of each
// push service how many devices are alive there.
func (b Board) dress(board *ledger.Board) {
	titles, duties := make(map[string]string), make(map[string]ledger.Duty)
	for _, c := range b.app.channels {
		titles[c.Driver.Name] = c.Driver.Title
		duties[c.Driver.Name] = b.app.duty(c.Driver)
	}
	for i, t := range board.Channels {
		board.Channels[i].Title = titles[t.Channel]
	}
	for i, r := range board.Rows {
		if who, ok := b.app.Registry.Get(r.Channel, r.Recipient); ok {
			board.Rows[i].Name = who.Name
		}
	}
	b.count(board.Services)
	board.Judge(time.Now(), duties, b.app.lines())
}

// count says of each push service how many devices are alive there.
func (b Board) count(services []ledger.Service) {
	if !slices.ContainsFunc(services, func(s ledger.Service) bool { return s.Channel == webpush.Name }) {
		return // which saves going over a country's devices
	}
	health := make(map[string]PushHealth)
	for _, h := range b.app.push.soon().Services {
		health[h.Of] = h
	}
	for i := range services {
		if s := &services[i]; s.Channel == webpush.Name {
			s.Devices, s.Alive = health[s.Name].All, health[s.Name].Month
		}
	}
}

// Watch pulses after news of a case.
func (b Board) Watch(caseID string) (<-chan struct{}, func()) { return b.app.Ledger.Watch(caseID) }

// resend has one recipient tried again; its errors are in the officer's words.
func (a *App) resend(ctx context.Context, caseID string, revision int, channel, recipient string) error {
	err := delivery.Resend(ctx, a.delivery(), caseID, revision, channel, recipient)
	switch {
	case errors.Is(err, delivery.ErrOvertaken):
		return casework.NotNow("A newer revision is out, and goes to everybody by itself. Open the board again.")
	case errors.Is(err, delivery.ErrOver):
		return casework.NotNow("The alert has ended for this recipient: there is nothing left to send.")
	case errors.Is(err, delivery.ErrNobody):
		return casework.NotNow("This recipient is not registered any more, or the alert is not for it.")
	}
	return err
}

// serveReport gives the report on a case as a file's bytes.
func (a *App) serveReport(r *http.Request) (any, error) {
	q := r.URL.Query()
	data, err := console.WriteReport(r.Context(), a.consoleDeps(), r.PathValue("id"), q.Get("format"), alert.Lang(q.Get("lang")))
	return ReportFile{Data: data}, err
}

// ReportFile is the answer of GET /cases/{id}/report.
type ReportFile struct {
	Data []byte `json:"data"` // PDF or CSV
}
