package console

import (
	"context"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
)

// faulty is casework over an event stream that can be in trouble.
type faulty struct {
	Casework
	w *world
}

func (f *faulty) Approve(ctx context.Context, by auth.Officer, id string, a casework.Approval) (casework.Case, error) {
	if f.w.fault != nil {
		k, _ := f.Get(id)
		return k, f.w.fault
	}
	return f.Casework.Approve(ctx, by, id, a)
}

func (f *faulty) Draft(ctx context.Context, by auth.Officer, d casework.Draft) (casework.Case, error) {
	if f.w.fault != nil {
		return casework.Case{}, f.w.fault
	}
	return f.Casework.Draft(ctx, by, d)
}

func (f *faulty) Edit(ctx context.Context, by auth.Officer, id string, version uint64, d casework.Draft) (casework.Case, error) {
	if f.w.fault != nil {
		return casework.Case{}, f.w.fault
	}
	return f.Casework.Edit(ctx, by, id, version, d)
}

func (f *faulty) Withdraw(ctx context.Context, by auth.Officer, id string, o alert.Outcome, words alert.Localized) (casework.Case, error) {
	if f.w.fault != nil {
		return casework.Case{}, f.w.fault
	}
	return f.Casework.Withdraw(ctx, by, id, o, words)
}

func (f *faulty) Preview(ctx context.Context, id string) (casework.Preview, error) {
	if f.w.fault != nil {
		return casework.Preview{}, f.w.fault
	}
	return f.Casework.Preview(ctx, id)
}
