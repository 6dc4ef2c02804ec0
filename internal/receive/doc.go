// Package receive is a station's end of the broadcasters' feed: the library
// behind `tocsin receive`, and an example for those who write their own.
//
// It follows one or more addresses of the feed at once, takes each revision
// once whichever brings it first, and keeps this folder:
//
//	state.json                  what has been received, where to go on, receipts still owed
//	log.jsonl                   one line for each act and alarm, without personal data; log.old.jsonl before that
//	outbox/                     what people have to say, until it is in the state (Note)
//	lock                        held while a receiver runs
//	alerts/CASE-1/cap.xml       the signed document, byte for byte
//	alerts/CASE-1/manifest.json what the files are
//	alerts/CASE-1/fr-spoken.txt and headline, crawl, radiotext: the words for each language
//	alerts/CASE-1/photo.jpg     and slide, poster, audio
//
// Nothing is stored, shown or run before the CAP document's signature is
// verified, and before the words, the identifiers and the pictures are found to
// be those that the document names: the signature covers the document alone,
// and the line may have been anybody's. Only the cadence of repeats is taken on
// the feed's word. A folder appears whole or not at all.
// `received` is sent after the disk has it. A withdrawal deletes the folders of
// its case and is acknowledged with `removed`; so does the alert's own end.
//
// A full disk costs nothing but time: what could not be stored is not
// acknowledged and is asked for again, and a withdrawal makes its own room. A
// person hears of all that is wrong (Alarm), above all of heartbeats that stop,
// whether the line is silent or cannot be opened. A clock that is off is told
// and corrected by the feed's, or alerts would be deleted early or kept too long.
//
// Sub-packages: receivecmd is the command line, page the status page on
// loopback, feedcheck the conformance check of a feed.
package receive
