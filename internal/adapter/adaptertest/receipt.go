package adaptertest

import "tocsin/internal/adapter"

// success are the states that a receipt without a failure may have.
var success = map[adapter.State]bool{
	adapter.Sent: true, adapter.Accepted: true, adapter.Received: true, adapter.Delivered: true,
	adapter.Seen: true, adapter.OnAir: true, adapter.Declined: true, adapter.Removed: true, adapter.Expired: true, adapter.Superseded: true,
}

// sane holds one receipt against the contract.
func (k *kit) sane(i int, r adapter.Receipt) {
	k.Helper()
	k.hear("a reference", r.Ref)
	if len(r.Ref) > 128 {
		k.Errorf("receipt %d: a reference of %d bytes, at most 128", i, len(r.Ref))
	}
	f := r.Failure
	if f == nil {
		if !success[r.State] {
			k.Errorf("receipt %d: state %q without a failure", i, r.State)
		}
		return
	}
	k.hear("a failure", f.Error())
	switch {
	case f.Class < adapter.Temporary || f.Class > adapter.Misconfigured:
		k.Errorf("receipt %d: class %d is unknown", i, f.Class)
	case f.Reason == "":
		k.Errorf("receipt %d: a failure without a reason: the board would be empty", i)
	case f.After < 0 || f.After > 0 && f.Class != adapter.Throttled:
		k.Errorf("receipt %d: After %s with class %s: only Throttled has one", i, f.After, f.Class)
	}
}
