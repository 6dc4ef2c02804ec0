package alert

import "time"

// Facts are what the police make public of a case. Everything that a channel
// says is written from these fields by templates; only Localized fields are an
// officer's own words. What must never leave the police is not here but in
// casework.Internal.
type Facts struct {
	Circumstances Circumstances `json:"circumstances"`
	Children      []Person      `json:"children"`           // 1 to 6
	Suspects      []Person      `json:"suspects,omitempty"` // companions or abductors, at most 4
	Vehicles      []Vehicle     `json:"vehicles,omitempty"` // at most 4
	LastSeen      LastSeen      `json:"last_seen"`
	Instruction   Instruction   `json:"instruction"`
	Contact       Contact       `json:"contact"`
	Note          Localized     `json:"note,omitempty"` // one more public sentence or two, at most 300 characters a language
	Areas         []string      `json:"areas"`          // ISO 3166-1 or 3166-2 codes, 1 to 60
	Polygons      []Polygon     `json:"polygons,omitempty"`
	Circle        *Circle       `json:"circle,omitempty"`
	Languages     []Lang        `json:"languages"` // 1 to 6; the first is the officer's
	Expires       time.Time     `json:"expires"`
	Authority     string        `json:"authority"` // as the public knows it: "Police fédérale"
}

// Localized is an officer's own text, one entry for each language of the alert.
type Localized map[Lang]string

// Circumstances is the class of the disappearance. It sets the headline.
type Circumstances string

// The classes of DOMAIN.md's poster.
const (
	AbductionStranger Circumstances = "abduction_stranger"
	AbductionParent   Circumstances = "abduction_parent"
	EndangeredRunaway Circumstances = "endangered_runaway"
	LostOrInjured     Circumstances = "lost_or_injured"
	OtherEndangered   Circumstances = "other_endangered"
)

// Instruction is what the public is asked to do.
type Instruction string

// Call: call if you have seen the child. DoNotApproach: do not intervene yourself, call.
const (
	InstructionCall          Instruction = "call"
	InstructionDoNotApproach Instruction = "do_not_approach"
)

// AgeUnknown is the age of a child of whom a draft has a name and no age: 0 is a
// baby, and an alert must not call a child one by mistake. No alert goes out with it.
const AgeUnknown = -1

// Person is a child, or somebody the child may be with.
type Person struct {
	GivenName  string     `json:"given_name,omitempty"`  // required for a child; at most 60 characters
	FamilyName string     `json:"family_name,omitempty"` // only where policy makes it public; at most 60
	Age        int        `json:"age,omitempty"`         // years; a child is 0 to 17, or AgeUnknown. A suspect's 0 = unknown
	Sex        Sex        `json:"sex"`
	HeightCM   int        `json:"height_cm,omitempty"` // 30 to 220; 0 = unknown
	Build      Build      `json:"build,omitempty"`
	HairColour HairColour `json:"hair_colour,omitempty"`
	HairLength HairLength `json:"hair_length,omitempty"`
	EyeColour  EyeColour  `json:"eye_colour,omitempty"`
	Clothing   []Garment  `json:"clothing,omitempty"`    // at most 8
	Marks      Localized  `json:"marks,omitempty"`       // distinguishing marks, at most 120 characters a language
	Photo      string     `json:"photo,omitempty"`       // id of an uploaded photo; children and suspects alike
	PhotoTaken string     `json:"photo_taken,omitempty"` // "2026-05" or "2026-05-14"
}

// Sex of a person, as the words need it.
type Sex string

// Girl and boy for a child, woman and man from 18 on: the words follow the age.
const (
	Female Sex = "female"
	Male   Sex = "male"
)

// Build of a person.
type Build string

// The builds a description may use. BuildUnknown is left out of the words.
const (
	BuildUnknown Build = ""
	BuildSlim    Build = "slim"
	BuildMedium  Build = "medium"
	BuildStrong  Build = "strong"
	BuildHeavy   Build = "heavy"
)

// HairColour of a person.
type HairColour string

// The hair colours.
const (
	HairUnknown    HairColour = ""
	HairBlond      HairColour = "blond"
	HairLightBrown HairColour = "light_brown"
	HairBrown      HairColour = "brown"
	HairBlack      HairColour = "black"
	HairRed        HairColour = "red"
	HairGrey       HairColour = "grey"
	HairWhite      HairColour = "white"
	HairDyed       HairColour = "dyed"
)

// HairLength of a person.
type HairLength string

// The hair lengths. HairBald has no colour.
const (
	LengthUnknown HairLength = ""
	LengthShort   HairLength = "short"
	LengthMedium  HairLength = "shoulder"
	LengthLong    HairLength = "long"
	LengthBald    HairLength = "bald"
)

// EyeColour of a person.
type EyeColour string

// The eye colours.
const (
	EyesUnknown EyeColour = ""
	EyesBlue    EyeColour = "blue"
	EyesGreen   EyeColour = "green"
	EyesBrown   EyeColour = "brown"
	EyesGrey    EyeColour = "grey"
	EyesHazel   EyeColour = "hazel"
)

// Garment is one piece of clothing or thing carried.
type Garment struct {
	Item   Item   `json:"item"`
	Colour Colour `json:"colour,omitempty"`
}

// Item is what is worn or carried.
type Item string

// The items a description may use, most useful first.
const (
	Jacket    Item = "jacket"
	Coat      Item = "coat"
	Hoodie    Item = "hoodie"
	Sweater   Item = "sweater"
	TShirt    Item = "t_shirt"
	Shirt     Item = "shirt"
	Trousers  Item = "trousers"
	Jeans     Item = "jeans"
	Leggings  Item = "leggings"
	Shorts    Item = "shorts"
	Skirt     Item = "skirt"
	Dress     Item = "dress"
	Tracksuit Item = "tracksuit"
	Pyjamas   Item = "pyjamas"
	Swimsuit  Item = "swimsuit"
	Shoes     Item = "shoes"
	Trainers  Item = "trainers"
	Boots     Item = "boots"
	Sandals   Item = "sandals"
	Cap       Item = "cap"
	WoollyHat Item = "woolly_hat"
	Headscarf Item = "headscarf"
	Scarf     Item = "scarf"
	Gloves    Item = "gloves"
	Glasses   Item = "glasses"
	Backpack  Item = "backpack"
	Bag       Item = "bag"
	SoftToy   Item = "soft_toy"
)

// Colour of clothing or of a vehicle.
type Colour string

// The colours. ColourUnknown is left out of the words.
const (
	ColourUnknown Colour = ""
	Black         Colour = "black"
	White         Colour = "white"
	Grey          Colour = "grey"
	Silver        Colour = "silver"
	Red           Colour = "red"
	Pink          Colour = "pink"
	Orange        Colour = "orange"
	Yellow        Colour = "yellow"
	Green         Colour = "green"
	LightBlue     Colour = "light_blue"
	Blue          Colour = "blue"
	DarkBlue      Colour = "dark_blue"
	Purple        Colour = "purple"
	Brown         Colour = "brown"
	Beige         Colour = "beige"
	Multicoloured Colour = "multicoloured"
)

// Vehicle the child may be in.
type Vehicle struct {
	Kind    VehicleKind `json:"kind"`
	Make    string      `json:"make,omitempty"`  // at most 40 characters
	Model   string      `json:"model,omitempty"` // at most 40
	Colour  Colour      `json:"colour,omitempty"`
	Year    int         `json:"year,omitempty"`
	Plate   string      `json:"plate,omitempty"`   // at most 15; shown as written
	Country string      `json:"country,omitempty"` // ISO 3166-1 alpha-2 of the plate
}

// VehicleKind is what kind of vehicle it is.
type VehicleKind string

// The kinds of vehicle.
const (
	Car        VehicleKind = "car"
	Van        VehicleKind = "van"
	Lorry      VehicleKind = "lorry"
	Motorcycle VehicleKind = "motorcycle"
	Camper     VehicleKind = "camper"
	Bicycle    VehicleKind = "bicycle"
)

// LastSeen says where and when the child was last seen, and which way it went.
type LastSeen struct {
	At        time.Time `json:"at"`
	TimeZone  string    `json:"time_zone"` // IANA name, "Europe/Brussels": texts give local time
	Place     string    `json:"place"`     // as a sign would say: "Gare du Nord, Brussels"; at most 80 characters
	Point     *Point    `json:"point,omitempty"`
	Transport Transport `json:"transport,omitempty"`
	Towards   string    `json:"towards,omitempty"` // a place: "Lille"; at most 60 characters
}

// Transport is how the child left.
type Transport string

// The means of transport.
const (
	TransportUnknown Transport = ""
	OnFoot           Transport = "foot"
	ByBicycle        Transport = "bicycle"
	ByCar            Transport = "car"
	ByBus            Transport = "bus"
	ByTram           Transport = "tram"
	ByTrain          Transport = "train"
	ByPlane          Transport = "plane"
	ByBoat           Transport = "boat"
)

// Contact is how the public reaches the police.
type Contact struct {
	Phone   string `json:"phone"`             // E.164 or a short national number: "+3225544000", "112"; the one number to call
	Hotline string `json:"hotline,omitempty"` // "116000" where the State has it
	Form    string `json:"form,omitempty"`    // https address of a sighting form
}
