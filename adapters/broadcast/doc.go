// Package broadcast is the channel to radio and television stations: the live
// feed tocsin.feed.v1, and the adapter that watches over it.
package broadcast
