package console

import (
	"strings"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/web"
)

// The officer's words for the domain's, in English: the keys of the other languages.

var circumstances = []option{
	{string(alert.AbductionStranger), "Abducted by a stranger"},
	{string(alert.AbductionParent), "Taken by a parent or relative"},
	{string(alert.EndangeredRunaway), "Ran away and is in danger"},
	{string(alert.LostOrInjured), "Lost or injured"},
	{string(alert.OtherEndangered), "In danger for another reason"},
}

var instructions = []option{
	{string(alert.InstructionCall), "Call if you have seen the child"},
	{string(alert.InstructionDoNotApproach), "Do not approach or intervene – call at once"},
}

var (
	childSexes = []option{{string(alert.Female), "Girl"}, {string(alert.Male), "Boy"}}
	// Of any age: a companion may be a child himself.
	companionSexes = []option{{string(alert.Female), "Woman or girl"}, {string(alert.Male), "Man or boy"}}
)

var builds = []option{
	{string(alert.BuildSlim), "Slim"},
	{string(alert.BuildMedium), "Medium"},
	{string(alert.BuildStrong), "Strong"},
	{string(alert.BuildHeavy), "Heavy"},
}

var hairColours = []option{
	{string(alert.HairBlond), "Blond"},
	{string(alert.HairLightBrown), "Light brown"},
	{string(alert.HairBrown), "hair|Brown"},
	{string(alert.HairBlack), "hair|Black"},
	{string(alert.HairRed), "hair|Red"},
	{string(alert.HairGrey), "hair|Grey"},
	{string(alert.HairWhite), "hair|White"},
	{string(alert.HairDyed), "Dyed"},
}

var hairLengths = []option{
	{string(alert.LengthShort), "Short"},
	{string(alert.LengthMedium), "To the shoulder"},
	{string(alert.LengthLong), "Long"},
	{string(alert.LengthBald), "Bald"},
}

var eyeColours = []option{
	{string(alert.EyesBlue), "eyes|Blue"},
	{string(alert.EyesGreen), "eyes|Green"},
	{string(alert.EyesBrown), "eyes|Brown"},
	{string(alert.EyesGrey), "eyes|Grey"},
	{string(alert.EyesHazel), "Hazel"},
}

var items = []option{
	{string(alert.Jacket), "Jacket"},
	{string(alert.Coat), "Coat"},
	{string(alert.Hoodie), "Hoodie"},
	{string(alert.Sweater), "Sweater"},
	{string(alert.TShirt), "T-shirt"},
	{string(alert.Shirt), "Shirt"},
	{string(alert.Trousers), "Trousers"},
	{string(alert.Jeans), "Jeans"},
	{string(alert.Leggings), "Leggings"},
	{string(alert.Shorts), "Shorts"},
	{string(alert.Skirt), "Skirt"},
	{string(alert.Dress), "Dress"},
	{string(alert.Tracksuit), "Tracksuit"},
	{string(alert.Pyjamas), "Pyjamas"},
	{string(alert.Swimsuit), "Swimsuit"},
	{string(alert.Shoes), "Shoes"},
	{string(alert.Trainers), "Trainers"},
	{string(alert.Boots), "Boots"},
	{string(alert.Sandals), "Sandals"},
	{string(alert.Cap), "Cap"},
	{string(alert.WoollyHat), "Woolly hat"},
	{string(alert.Headscarf), "Headscarf"},
	{string(alert.Scarf), "Scarf"},
	{string(alert.Gloves), "Gloves"},
	{string(alert.Glasses), "Glasses"},
	{string(alert.Backpack), "Backpack"},
	{string(alert.Bag), "Bag"},
	{string(alert.SoftToy), "Soft toy"},
}

var colours = []option{
	{string(alert.Black), "Black"},
	{string(alert.White), "White"},
	{string(alert.Grey), "Grey"},
	{string(alert.Silver), "Silver"},
	{string(alert.Red), "Red"},
	{string(alert.Pink), "Pink"},
	{string(alert.Orange), "Orange"},
	{string(alert.Yellow), "Yellow"},
	{string(alert.Green), "Green"},
	{string(alert.LightBlue), "Light blue"},
	{string(alert.Blue), "Blue"},
	{string(alert.DarkBlue), "Dark blue"},
	{string(alert.Purple), "Purple"},
	{string(alert.Brown), "Brown"},
	{string(alert.Beige), "Beige"},
	{string(alert.Multicoloured), "Multicoloured"},
}

var vehicleKinds = []option{
	{string(alert.Car), "Car"},
	{string(alert.Van), "Van"},
	{string(alert.Lorry), "Lorry"},
	{string(alert.Motorcycle), "Motorcycle"},
	{string(alert.Camper), "Camper van"},
	{string(alert.Bicycle), "Bicycle"},
}

var transports = []option{
	{string(alert.OnFoot), "On foot"},
	{string(alert.ByBicycle), "Bicycle"},
	{string(alert.ByCar), "Car"},
	{string(alert.ByBus), "Bus"},
	{string(alert.ByTram), "Tram"},
	{string(alert.ByTrain), "Train"},
	{string(alert.ByPlane), "Plane"},
	{string(alert.ByBoat), "Boat"},
}

var outcomes = []option{
	{string(alert.OutcomeFound), "The child was found"},
	{string(alert.OutcomeError), "The alert was sent in error"},
	{string(alert.OutcomeExpired), "The alert is no longer useful"},
	{string(alert.OutcomeOther), "Another reason"},
}

// timeZones are those of the OSCE States that a place of last sight can be in.
var timeZones = zoneOptions("UTC",
	"Europe/Amsterdam", "Europe/Andorra", "Europe/Athens", "Europe/Belgrade", "Europe/Berlin", "Europe/Bratislava",
	"Europe/Brussels", "Europe/Bucharest", "Europe/Budapest", "Europe/Chisinau", "Europe/Copenhagen", "Europe/Dublin",
	"Europe/Helsinki", "Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/Ljubljana", "Europe/London",
	"Europe/Luxembourg", "Europe/Madrid", "Europe/Malta", "Europe/Minsk", "Europe/Monaco", "Europe/Moscow", "Europe/Oslo",
	"Europe/Paris", "Europe/Podgorica", "Europe/Prague", "Europe/Riga", "Europe/Rome", "Europe/Samara", "Europe/San_Marino",
	"Europe/Sarajevo", "Europe/Skopje", "Europe/Sofia", "Europe/Stockholm", "Europe/Tallinn", "Europe/Tirane",
	"Europe/Vaduz", "Europe/Vatican", "Europe/Vienna", "Europe/Vilnius", "Europe/Warsaw", "Europe/Zagreb", "Europe/Zurich",
	"Atlantic/Azores", "Atlantic/Canary", "Atlantic/Reykjavik", "Asia/Almaty", "Asia/Ashgabat", "Asia/Baku", "Asia/Bishkek",
	"Asia/Dushanbe", "Asia/Nicosia", "Asia/Novosibirsk", "Asia/Tashkent", "Asia/Tbilisi", "Asia/Ulaanbaatar",
	"Asia/Vladivostok", "Asia/Yekaterinburg", "Asia/Yerevan", "America/Anchorage", "America/Chicago", "America/Denver",
	"America/Halifax", "America/Los_Angeles", "America/New_York", "America/St_Johns", "America/Toronto",
	"America/Vancouver", "America/Winnipeg", "Pacific/Honolulu")

func zoneOptions(names ...string) []option {
	list := make([]option, len(names))
	for i, n := range names {
		_, city, found := strings.Cut(n, "/")
		if !found {
			city = n
		}
		list[i] = option{n, strings.ReplaceAll(city, "_", " ")}
	}
	return list
}

var stageWords = map[casework.Stage]string{
	casework.StageDraft: tr("Draft"), casework.StageSubmitted: tr("Waiting for release"), casework.StageReleased: tr("Live"),
	casework.StageRejected: tr("Rejected"), casework.StageWithdrawn: tr("Withdrawn"),
	casework.StagePractised: tr("Practised, not sent"),
}

var eventWords = map[string]string{
	"drafted": tr("Draft begun"), "edited": tr("Answers changed"), "worded": tr("Text edited"), "photo_added": tr("Photo added"), "photo_edited": tr("Photo edited"), "submitted": tr("Submitted for release"),
	"released": tr("Released"), "returned": tr("Returned to the author"), "rejected": tr("Rejected"), "withdrawn": tr("Withdrawn"),
	"kit_made": tr("Slides, poster and sound made"), "purged": tr("Pictures and sound deleted"),
	"published": tr("Handed to the channels"), "agreed": tr("Agreed to other areas"), "growth_declined": tr("Kept the area as it is"),
	"resent": tr("Sent again to one"), "practised": tr("Released in practice; nothing was sent"),
}

var stateWords = map[adapter.State]string{
	adapter.Queued: tr("Waiting"), adapter.Sent: tr("Sent"), adapter.Accepted: tr("Accepted"), adapter.Received: tr("Received"),
	adapter.Delivered: tr("Delivered"), adapter.Seen: tr("Seen"), adapter.OnAir: tr("On air"), adapter.Declined: tr("Declined"),
	adapter.Removed: tr("Removal confirmed"), adapter.Failed: tr("Failed"), adapter.Superseded: tr("Replaced by a newer revision"),
	adapter.Expired: tr("Expired"),
}

func (t *tongue) stateWord(s adapter.State) string { return t.say(stateWords[s]) }

func (t *tongue) outcomeWord(o alert.Outcome) string { return t.textOf(outcomes, string(o)) }

// reach says in words how many a channel reaches: "10,000 phones by push".
func (t *tongue) reach(channel, title string, n int) string {
	switch channel {
	case "webpush":
		return t.count(n, "{n} phone by push", "{n} phones by push")
	case "sms":
		return t.count(n, "{n} phone by SMS", "{n} phones by SMS")
	case "broadcast":
		return t.count(n, "{n} broadcaster", "{n} broadcasters")
	case "website":
		return t.count(n, "{n} partner site", "{n} partner sites")
	default:
		return t.count(n, "{n} recipient by {channel}", "{n} recipients by {channel}", "channel", t.retell(title))
	}
}

func languageName(l alert.Lang) string {
	list, _ := web.Languages() // parsed at start by LoadPages' tests; an unreadable file shows codes
	for _, x := range list {
		if x.Code == string(l) {
			return x.Name
		}
	}
	return string(l)
}

func languageOptions() []option {
	list := make([]option, len(alert.Langs))
	for i, l := range alert.Langs {
		list[i] = option{string(l), languageName(l)}
	}
	return list
}
