package alert

var enItems = map[Item]noun{
	Jacket: {masc, "jacket"}, Coat: {masc, "coat"}, Hoodie: {masc, "hoodie"},
	Sweater: {masc, "sweater"}, TShirt: {masc, "T-shirt"}, Shirt: {masc, "shirt"},
	Trousers: {mascPl, "trousers"}, Jeans: {mascPl, "jeans"}, Leggings: {mascPl, "leggings"},
	Shorts: {mascPl, "shorts"}, Skirt: {masc, "skirt"}, Dress: {masc, "dress"},
	Tracksuit: {masc, "tracksuit"}, Pyjamas: {mascPl, "pyjamas"}, Swimsuit: {masc, "swimsuit"},
	Shoes: {mascPl, "shoes"}, Trainers: {mascPl, "trainers"}, Boots: {mascPl, "boots"},
	Sandals: {mascPl, "sandals"}, Cap: {masc, "cap"}, WoollyHat: {masc, "woolly hat"},
	Headscarf: {masc, "headscarf"}, Scarf: {masc, "scarf"}, Gloves: {mascPl, "gloves"},
	Glasses: {mascPl, "glasses"}, Backpack: {masc, "backpack"}, Bag: {masc, "bag"},
	SoftToy: {masc, "soft toy"},
}

var enVehicles = map[VehicleKind]noun{
	Car: {masc, "car"}, Van: {masc, "van"}, Lorry: {masc, "lorry"},
	Motorcycle: {masc, "motorcycle"}, Camper: {masc, "camper van"}, Bicycle: {masc, "bicycle"},
}

var enColours = map[Colour]adjective{
	Black: {"black"}, White: {"white"}, Grey: {"grey"}, Silver: {"silver"}, Red: {"red"}, Pink: {"pink"},
	Orange: {"orange"}, Yellow: {"yellow"}, Green: {"green"}, LightBlue: {"light blue"}, Blue: {"blue"},
	DarkBlue: {"dark blue"}, Purple: {"purple"}, Brown: {"brown"}, Beige: {"beige"}, Multicoloured: {"multicoloured"},
}
