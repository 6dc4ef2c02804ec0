// Package adapters lists the channels: one line each.
package adapters

import (
	"tocsin/adapters/broadcast"
	"tocsin/adapters/sms"
	"tocsin/adapters/webpush"
	"tocsin/adapters/website"
	"tocsin/internal/adapter"
)

// All lists every driver in the order the officer sees them.
func All() []adapter.Driver {
	return []adapter.Driver{
		broadcast.Driver(),
		webpush.Driver(),
		sms.Driver(),
		website.Driver(),
	}
}
