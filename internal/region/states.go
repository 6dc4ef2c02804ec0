package region

// States are the 57 participating States of the OSCE by ISO 3166-1 code, in the
// order of the code.
var States = []string{
	"AD", "AL", "AM", "AT", "AZ", "BA", "BE", "BG", "BY", "CA", "CH", "CY", "CZ", "DE", "DK",
	"EE", "ES", "FI", "FR", "GB", "GE", "GR", "HR", "HU", "IE", "IS", "IT", "KG", "KZ", "LI",
	"LT", "LU", "LV", "MC", "MD", "ME", "MK", "MN", "MT", "NL", "NO", "PL", "PT", "RO", "RS",
	"RU", "SE", "SI", "SK", "SM", "TJ", "TM", "TR", "UA", "US", "UZ", "VA",
}
