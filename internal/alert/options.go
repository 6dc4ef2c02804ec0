package alert

// The values a form may offer, in the order it shows them. The unknown value
// ("") is not among them: leaving a field out says the same. A test holds these
// lists against the constants, so that a new constant cannot be forgotten here.
var (
	AllCircumstances = []Circumstances{AbductionStranger, AbductionParent, EndangeredRunaway, LostOrInjured, OtherEndangered}
	AllInstructions  = []Instruction{InstructionCall, InstructionDoNotApproach}
	AllSexes         = []Sex{Female, Male}
	AllBuilds        = []Build{BuildSlim, BuildMedium, BuildStrong, BuildHeavy}
	AllHairColours   = []HairColour{HairBlond, HairLightBrown, HairBrown, HairBlack, HairRed, HairGrey, HairWhite, HairDyed}
	AllHairLengths   = []HairLength{LengthShort, LengthMedium, LengthLong, LengthBald}
	AllEyeColours    = []EyeColour{EyesBlue, EyesGreen, EyesBrown, EyesGrey, EyesHazel}
	AllItems         = []Item{
		Jacket, Coat, Hoodie, Sweater, TShirt, Shirt, Trousers, Jeans, Leggings, Shorts,
		Skirt, Dress, Tracksuit, Pyjamas, Swimsuit, Shoes, Trainers, Boots, Sandals, Cap,
		WoollyHat, Headscarf, Scarf, Gloves, Glasses, Backpack, Bag, SoftToy,
	}
	AllColours = []Colour{
		Black, White, Grey, Silver, Red, Pink, Orange, Yellow, Green,
		LightBlue, Blue, DarkBlue, Purple, Brown, Beige, Multicoloured,
	}
	AllVehicleKinds = []VehicleKind{Car, Van, Lorry, Motorcycle, Camper, Bicycle}
	AllTransports   = []Transport{OnFoot, ByBicycle, ByCar, ByBus, ByTram, ByTrain, ByPlane, ByBoat}
	AllOutcomes     = []Outcome{OutcomeFound, OutcomeError, OutcomeExpired, OutcomeOther}
)
