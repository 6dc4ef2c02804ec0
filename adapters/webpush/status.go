package webpush

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"code.dny.dev/ssrf"

	"tocsin/internal/adapter"
)

// maxRetryAfter bounds what a push service may ask for: an alert's life is
// hours, and a mistaken date must not silence a service for it.
const maxRetryAfter = time.Hour

// classify says what a push service's answer means for the recipient. Only
// 404 and 410 end a subscription: whatever else goes wrong is ours or the
// service's, and unsubscribes nobody.
func classify(status int, after string, now time.Time) adapter.Receipt {
	code := codeOf(status)
	switch {
	case taken(status):
		// No Ref: the Location of the message is a capability to delete it, and
		// neither callbacks nor the next revision need it.
		return adapter.Receipt{State: adapter.Accepted}
	case status == http.StatusNotFound, status == http.StatusGone:
		return failed(adapter.Gone, code, "the subscription has ended")
	case status == http.StatusTooManyRequests, status == http.StatusNotAcceptable: // 406 is Windows' word for it
		return throttled(code, after, now)
	case status == http.StatusServiceUnavailable && after != "":
		return throttled(code, after, now)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return adapter.Receipt{State: adapter.Failed, Failure: refused(code)}
	case status == http.StatusRequestEntityTooLarge:
		return failed(adapter.Rejected, code, "the push service finds the message too large: a fault of Tocsin")
	case status == http.StatusRequestTimeout, status == http.StatusMisdirectedRequest, status == http.StatusTooEarly:
		return failed(adapter.Temporary, code, "the push service asks to try again")
	case status >= 300 && status < 400:
		return failed(adapter.Temporary, code, "the push service redirects, which is never followed")
	case status >= 400 && status < 500:
		return failed(adapter.Rejected, code, "the push service refuses the message")
	default:
		return failed(adapter.Temporary, code, "the push service is in trouble")
	}
}

func throttled(code, after string, now time.Time) adapter.Receipt {
	return adapter.Receipt{State: adapter.Failed, Failure: slower(code, retryAfter(after, now))}
}

// slower is the failure of a push service that wants to be asked again after a while.
func slower(code string, after time.Duration) *adapter.Failure {
	return &adapter.Failure{Class: adapter.Throttled, Code: code, Reason: "the push service asks for a slower pace", After: after}
}

// refused is the failure of a push service that does not know us.
func refused(code string) *adapter.Failure {
	return &adapter.Failure{
		Class: adapter.Misconfigured, Code: code,
		Reason: "the push service refuses our VAPID key or token: check vapid.json, the contact and the clock",
	}
}

// taken says that a push service took a push.
func taken(status int) bool {
	return status == http.StatusOK || status == http.StatusCreated || status == http.StatusAccepted
}

func codeOf(status int) string { return strconv.Itoa(status) }

// retryAfter reads seconds or a date, between nothing and an hour; nothing
// leaves the pace to the runner.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil {
		if seconds > int(maxRetryAfter/time.Second) { // before the product can overflow
			return maxRetryAfter
		}
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, at.Sub(now)), maxRetryAfter)
	}
	return 0
}

// unanswered classifies a push that got no answer. The error's own words may
// name the endpoint, so they go no further.
func unanswered(err error) adapter.Receipt {
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedPort), errors.Is(err, ssrf.ErrProhibitedNetwork):
		// Temporary: a poisoned name server must not cost a citizen his subscription.
		return failed(adapter.Temporary, "address", "the push service's name leads to an address that is not public")
	case errors.Is(err, errCalm):
		return adapter.Receipt{State: adapter.Failed, Failure: slower("calm", 0)}
	case errors.Is(err, errAbandoned):
		return failed(adapter.Temporary, "time-out", "the time of this attempt ran out")
	case errors.Is(err, errLate), errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return failed(adapter.Temporary, "time-out", "the push service did not answer in time")
	case isCertificate(err):
		return failed(adapter.Temporary, "certificate", "the push service's certificate is not good: nothing was sent to it")
	}
	return failed(adapter.Temporary, "network", "the push service could not be reached")
}

// isCertificate finds a server that could not prove who it is.
func isCertificate(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// isTimeout finds time-outs of dialling and of the TLS handshake.
func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
