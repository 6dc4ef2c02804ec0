// Package cap speaks the Common Alerting Protocol 1.2 (OASIS, ITU-T X.1303):
// it encodes and decodes alerts, judges what the official schema lets through,
// signs a document once, and verifies one against pinned certificates.
//
// The way of a release is
//
//	FromMessage -> Validate -> Signer.Sign -> the bytes that every channel relays
//
// and the way of a receiver is Verify, which returns an Alert only from bytes
// that a pinned certificate signed. Decode is for documents nobody vouches for.
//
// # Why an own reader and signature check
//
// One bounded reader (parse) serves Decode and Verify alike, so there is no
// second parser that could see another document than the one that was verified.
// XML-DSig wants an ECDSA signature as r and s side by side; goxmldsig 1.6.1
// writes and wants ASN.1 there (its issue 163), which xmlsec1 refuses. What is
// verified here is a narrow profile: one signature, a child of the root, over
// the whole document.
package cap

import "time"

// Namespace of CAP 1.2. Another version has another namespace and is refused.
const Namespace = "urn:oasis:names:tc:emergency:cap:1.2"

// Alert is a CAP 1.2 message, element for element. Enumerated and composed
// values are kept as written, so that Validate can name what is wrong with them.
// The zero value of an optional element means absent.
type Alert struct {
	Identifier  string
	Sender      string
	Sent        time.Time
	Status      string // Actual, Exercise, System, Test, Draft
	MsgType     string // Alert, Update, Cancel, Ack, Error
	Source      string
	Scope       string // Public, Restricted, Private
	Restriction string
	Addresses   string // space-separated; names with spaces in double quotes
	Code        []string
	Note        string
	References  string // see ParseReferences
	Incidents   string
	Info        []Info
}

// Info is the account of the event in one language.
type Info struct {
	Language     string // RFC 3066; absent means en-US
	Category     []string
	Event        string
	ResponseType []string
	Urgency      string
	Severity     string
	Certainty    string
	Audience     string
	EventCode    []Value
	Effective    time.Time
	Onset        time.Time
	Expires      time.Time
	SenderName   string
	Headline     string
	Description  string
	Instruction  string
	Web          string
	Contact      string
	Parameter    []Value
	Resource     []Resource
	Area         []Area
}

// Value is a named value: an eventCode, parameter or geocode.
type Value struct {
	Name  string // valueName
	Value string
}

// Resource is a file that belongs to an Info.
type Resource struct {
	ResourceDesc string
	MimeType     string
	Size         int64 // bytes; 0 = absent
	URI          string
	DerefURI     string // the content itself, base64
	Digest       string // SHA-1 in hex, by the standard
}

// Area is where an Info applies: the union of its polygons, circles and geocodes.
type Area struct {
	AreaDesc string
	Polygon  []string // see ParsePolygon
	Circle   []string // see ParseCircle
	Geocode  []Value
	Altitude *float64 // feet above mean sea level
	Ceiling  *float64
}
