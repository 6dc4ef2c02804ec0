package alert

var deItems = map[Item]noun{
	Jacket: {fem, "Jacke"}, Coat: {masc, "Mantel"}, Hoodie: {masc, "Kapuzenpullover"}, Sweater: {masc, "Pullover"},
	TShirt: {neut, "T-Shirt"}, Shirt: {neut, "Hemd"}, Trousers: {fem, "Hose"}, Jeans: {fem, "Jeans"},
	Leggings: {fem, "Leggings"}, Shorts: {mascPl, "Shorts"}, Skirt: {masc, "Rock"}, Dress: {neut, "Kleid"},
	Tracksuit: {masc, "Trainingsanzug"}, Pyjamas: {masc, "Schlafanzug"}, Swimsuit: {mascPl, "Badesachen"},
	Shoes: {mascPl, "Schuhe"}, Trainers: {mascPl, "Turnschuhe"}, Boots: {mascPl, "Stiefel"}, Sandals: {mascPl, "Sandalen"},
	Cap: {fem, "Schirmmütze"}, WoollyHat: {fem, "Wollmütze"}, Headscarf: {neut, "Kopftuch"}, Scarf: {masc, "Schal"},
	Gloves: {mascPl, "Handschuhe"}, Glasses: {fem, "Brille"}, Backpack: {masc, "Rucksack"}, Bag: {fem, "Tasche"},
	SoftToy: {neut, "Kuscheltier"},
}

var deVehicles = map[VehicleKind]noun{
	Car: {neut, "Auto"}, Van: {masc, "Lieferwagen"}, Lorry: {masc, "Lastwagen"},
	Motorcycle: {neut, "Motorrad"}, Camper: {neut, "Wohnmobil"}, Bicycle: {neut, "Fahrrad"},
}

var deColours = map[Colour]adjective{
	Black: deAdjective("schwarz"), White: deAdjective("weiß"), Grey: deAdjective("grau"), Silver: deAdjective("silberfarben"),
	Red: deAdjective("rot"), Pink: same5("rosa"), Orange: deAdjective("orangefarben"), Yellow: deAdjective("gelb"),
	Green: deAdjective("grün"), LightBlue: deAdjective("hellblau"), Blue: deAdjective("blau"), DarkBlue: deAdjective("dunkelblau"),
	Purple: deAdjective("violett"), Brown: deAdjective("braun"), Beige: same5("beige"), Multicoloured: deAdjective("bunt"),
}

// deAdjective declines without an article: roter Mantel, rote Jacke, rotes Kleid, rote Schuhe.
func deAdjective(stem string) adjective {
	return adjective{stem + "er", stem + "e", stem + "es", stem + "e", stem + "e"}
}

// same5 is an adjective that never changes.
func same5(word string) adjective { return adjective{word, word, word, word, word} }

// deThing is "rote Jacke", or after "trug" the accusative "eine rote Jacke",
// "einen roten Mantel". What does not bend (rosa) does not here either.
func deThing(n noun, a adjective, object bool) string {
	colour, article := a[n.gender], ""
	if object {
		article = map[gender]string{masc: "einen", fem: "eine", neut: "ein"}[n.gender]
		if n.gender == masc && a[masc] != a[fem] {
			colour = a[fem] + "n"
		}
	}
	return join(" ", []string{article, colour, n.word})
}
