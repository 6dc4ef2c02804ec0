package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Codes of nats-server that nats.go does not name.
const (
	codeInsufficient  = 10023 // "insufficient resources"
	codeStorage       = 10047 // the store folder's bound
	codeStreamBound   = 10077 // "maximum bytes exceeded", or a failed write
	codeWrongLast     = 10071
	codeWrongLastOnce = 10164 // the same, of a record that is still in process
	codeInProcess     = 10158 // the same ID is being stored: ask again, it is not stored yet
	codeBatchKnown    = 10201 // a batch with an ID that is stored already
	codeClusterBusy   = 10008
	codeNoPeers       = 10005 // too few servers for the replicas: the others are still starting
	codeNotReady      = 10163 // expected sequence not known yet
	codeOff           = 10076 // JetStream is switched off: full disk
	codeOffAccount    = 10039
)

// fault turns a refusal of the server into the package's words. retry says that
// the same request may be taken a moment later.
func fault(code jetstream.ErrorCode, text string) (err error, retry bool) {
	switch code {
	case codeWrongLast, codeWrongLastOnce:
		return ErrConflict, false
	case codeInsufficient, codeStorage, codeStreamBound:
		return fmt.Errorf("%w: %s", ErrFull, text), false
	case codeOff, codeOffAccount, codeInProcess, codeClusterBusy, codeNotReady:
		return fmt.Errorf("%w: %s", ErrUnavailable, text), true
	}
	return fmt.Errorf("refused by NATS: %s (%d)", text, code), false
}

// plain turns an error of nats.go into the package's words.
func plain(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return ErrNone
	}
	if api, ok := errors.AsType[*jetstream.APIError](err); ok {
		err, _ := fault(api.ErrorCode, api.Description)
		return err
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
