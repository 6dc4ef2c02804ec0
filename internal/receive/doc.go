// Package receive is a station's end of the broadcasters' feed: the library
// behind `tocsin receive`, and an example for those who write their own.
//
// It follows one or more addresses of the feed at once, takes each revision
// once whichever brings it first, and keeps this folder:
//
//	state.json                  what has been received, where to go on, receipts still owed
//	log.jsonl                   one line for each act, without personal data
//	alerts/CASE-1/cap.xml       the signed document, byte for byte
//	alerts/CASE-1/manifest.json what the files are
//	alerts/CASE-1/fr-spoken.txt and headline, crawl, radiotext: the words for each language
//	alerts/CASE-1/photo.jpg     and slide, poster, audio
//
// Nothing is stored, shown or run before the CAP document's signature is
// verified, and before the words, the identifiers and the pictures are found to
// be those that the document names: the signature covers the document alone,
// and the line may have been anybody's. A folder appears whole or not at all.
// `received` is sent after the disk has it. A withdrawal deletes the folders of
// its case and is acknowledged with `removed`; so does the alert's own end.
package receive
