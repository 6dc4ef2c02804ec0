package sms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/nyaruka/phonenumbers"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// address is a recipient's address as the registry keeps it.
type address struct {
	MSISDN string `json:"msisdn"` // E.164, with +
}

// maxNumber bounds what is parsed as a number: E.164 has 15 digits.
const maxNumber = 40

// NewRecipient registers a number, written internationally or as in country
// (ISO 3166-1, may be empty). Errors are alert.Invalid and do not repeat the
// number. salt is the installation's (Salt).
func NewRecipient(number, country string, areas []string, lang alert.Lang, salt []byte) (adapter.Recipient, error) {
	var bad alert.Invalid
	e164, why := parse(number, country)
	if why != "" {
		bad.Add("number", "number", why)
	}
	if len(areas) == 0 {
		bad.Add("areas", "required", `Name the areas, or "*" for all.`)
	}
	if !slices.Contains(alert.Langs, lang) {
		bad.Add("lang", "unknown", "Use en, fr, de, it, ru or es.")
	}
	if len(salt) < saltSize {
		bad.Add("salt", "required", "Use the installation's salt.")
	}
	if err := bad.Err(); err != nil {
		return adapter.Recipient{}, err
	}
	raw, err := json.Marshal(address{MSISDN: e164})
	if err != nil {
		return adapter.Recipient{}, fmt.Errorf("address: %w", err)
	}
	return adapter.Recipient{
		ID: identify(e164, salt), Channel: Name, Lang: lang, Areas: areas, Destination: Name, Address: raw,
	}, nil
}

// parse is the number in E.164, or what is wrong with it.
func parse(number, country string) (e164, why string) {
	const mend = "Write a mobile number with its country code, such as +32 470 12 34 56."
	if len(number) > maxNumber {
		return "", mend
	}
	n, err := phonenumbers.Parse(number, country)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return "", mend
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.PERSONAL_NUMBER, phonenumbers.VOIP:
		return phonenumbers.Format(n, phonenumbers.E164), ""
	}
	return "", "This number cannot get text messages. " + mend
}

// identify is the id of a number: stable here, and telling nothing without the
// salt, because all numbers of a country can be tried within minutes.
func identify(e164 string, salt []byte) string {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(e164))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
