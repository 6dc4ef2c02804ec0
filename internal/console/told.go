package console

import (
	"regexp"

	"tocsin/internal/alert"
)

// What channels and the studio say to officers is English, as their logs and
// the interface for programs are. These are the texts that pages show; the page
// says them by retell. Those with {1} have a name or a number in that place.
var _ = []string{
	// Channels, the parts of their texts, and what the parts are counted in.
	tr("Broadcasters"), tr("Partner websites"), tr("Web push"),
	tr("Headline"), tr("Spoken"), tr("Crawl"), tr("RadioText"), tr("Push title"), tr("Push body"), tr("Partner page"),
	tr("characters"), tr("seconds"),
	tr("GSM-7 characters in 1 part"), tr("GSM-7 characters in {1} parts"),
	tr("UCS-2 characters in 1 part"), tr("UCS-2 characters in {1} parts"),

	// Why something did not arrive.
	tr("no answer in time"), tr("the attempt failed before an answer came"), tr("the adapter failed; see the server's log"),
	tr("the push service asks for a slower pace"), tr("the push service asks to try again"),
	tr("the push service could not be reached"), tr("the push service did not answer in time"),
	tr("the push service is in trouble"), tr("the push service refuses the message"),
	tr("the push service refuses our VAPID key or token: check vapid.json, the contact and the clock"),
	tr("the subscription has ended"), tr("the time of this attempt ran out"),
	tr("no connection to the gateway"), tr("the gateway asks for time"), tr("the gateway could not take the text"),
	tr("the gateway did not answer; the text may arrive twice"), tr("the gateway failed"), tr("the gateway is being connected"),
	tr("the gateway knows no such number"), tr("the gateway refuses our name or password"),
	tr("the gateway refuses our name or password; check system_id, password_file and system_type"),
	tr("the connection to the gateway was lost, or its rate left no room in time"),
	tr("the gateways' windows and rates left no room in time"),
	tr("the number's registration is damaged; register it anew"), tr("the text is too long for SMS"),
	tr("no connection to the partner"),
	tr("nothing answers at the partner's address; he stays registered"),
	tr("the gateway redirects, which is not followed; put the new address into url"),
	tr("the gateway refuses how we send; check source and no_validity with the provider"),
	tr("the gateway refuses our request; check user, password_file, url and params"),
	tr("the gateway's address cannot be used"),
	tr("the partner asks for time"),
	tr("the partner did not answer in time"),
	tr("the partner redirects; webhooks follow no redirect: register the new address"),
	tr("the partner refuses our signature: give him his secret anew"),
	tr("the partner's address cannot be used; register it anew"),
	tr("the partner's name leads to an address that is not public"),
	tr("the partner's registration is damaged; register it anew"),
	tr("the partner's secret is damaged; register it anew"),
	tr("the partner's server does not take the message; it is tried again until he mends it"),
	tr("the partner's server failed"),
	tr("the push service finds the message too large: a fault of Tocsin"),
	tr("the push service redirects, which is never followed"),
	tr("the push service's certificate is not good: nothing was sent to it"),
	tr("the push service's name leads to an address that is not public"),
	tr("queued for air"),

	// Why one recipient is not tried again.
	tr("A newer revision is out, and goes to everybody by itself. Open the board again."),
	tr("The alert has ended for this recipient: there is nothing left to send."),
	tr("This recipient is not registered any more, or the alert is not for it."),

	// Stages and outcomes inside a sentence.
	tr("value|draft"), tr("value|submitted"), tr("value|released"), tr("value|rejected"), tr("value|withdrawn"),
	tr("value|characters"), tr("value|seconds"), tr("value|septets"), tr("value|UTF-16 units"),
	tr("value|found"), tr("value|error"), tr("value|expired"), tr("value|other"),

	// Why a photo is not taken, or not cut so.
	tr("The photo is larger than 10 MB; save it smaller."),
	tr("The file is no JPEG, PNG or WebP picture, whatever its name says; save the photo as JPEG."),
	tr("The photo has more than 50 million pixels; save it smaller."),
	tr("The photo is less than 100 pixels wide or high; a face cannot be recognised, find a larger one."),
	tr("The photo is damaged and cannot be read; save it anew as JPEG."),
	tr("The turn is 0, 90, 180 or 270, the tilt -15 to 15 degrees, and the part lies within 0 to 100 per cent of the picture."),
	tr("The part is less than 100 pixels wide or high; choose a larger one."),

	tr("Slides, poster and sound could not be made. The alert goes out without them."),
}

// inLanguage ends a warning of the studio about one language: " (fr)".
var inLanguage = regexp.MustCompile(` \(([a-z]{2})\)$`)

// warning says what the studio could not make, with the language by its name.
func (t *tongue) warning(text string) string {
	at := inLanguage.FindStringSubmatchIndex(text)
	if at == nil {
		return t.retell(text)
	}
	return t.retell(text[:at[0]]) + " (" + languageName(alert.Lang(text[at[2]:at[3]])) + ")"
}
