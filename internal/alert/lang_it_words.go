package alert

import "strings"

var itItems = map[Item]noun{
	Jacket: {fem, "giacca"}, Coat: {masc, "cappotto"}, Hoodie: {fem, "felpa con cappuccio"}, Sweater: {masc, "maglione"},
	TShirt: {fem, "maglietta"}, Shirt: {fem, "camicia"}, Trousers: {mascPl, "pantaloni"}, Jeans: {mascPl, "jeans"},
	Leggings: {mascPl, "leggings"}, Shorts: {mascPl, "pantaloncini"}, Skirt: {fem, "gonna"}, Dress: {masc, "vestito"},
	Tracksuit: {fem, "tuta"}, Pyjamas: {masc, "pigiama"}, Swimsuit: {masc, "costume da bagno"},
	Shoes: {femPl, "scarpe"}, Trainers: {femPl, "scarpe da ginnastica"}, Boots: {mascPl, "stivali"}, Sandals: {mascPl, "sandali"},
	Cap: {masc, "cappellino"}, WoollyHat: {masc, "berretto di lana"}, Headscarf: {masc, "foulard"}, Scarf: {fem, "sciarpa"},
	Gloves: {mascPl, "guanti"}, Glasses: {mascPl, "occhiali"}, Backpack: {masc, "zaino"}, Bag: {fem, "borsa"},
	SoftToy: {masc, "peluche"},
}

var itVehicles = map[VehicleKind]noun{
	Car: {fem, "auto"}, Van: {masc, "furgone"}, Lorry: {masc, "camion"},
	Motorcycle: {fem, "moto"}, Camper: {masc, "camper"}, Bicycle: {fem, "bicicletta"},
}

var itColours = map[Colour]adjective{
	Black: {"nero", "nera", "", "neri", "nere"}, White: {"bianco", "bianca", "", "bianchi", "bianche"},
	Grey: {"grigio", "grigia", "", "grigi", "grigie"}, Silver: same5("argento"), Red: {"rosso", "rossa", "", "rossi", "rosse"},
	Pink: same5("rosa"), Orange: {"arancione", "arancione", "", "arancioni", "arancioni"},
	Yellow: {"giallo", "gialla", "", "gialli", "gialle"}, Green: {"verde", "verde", "", "verdi", "verdi"},
	LightBlue: {"azzurro", "azzurra", "", "azzurri", "azzurre"}, Blue: same5("blu"), DarkBlue: same5("blu scuro"),
	Purple: same5("viola"), Brown: {"marrone", "marrone", "", "marroni", "marroni"}, Beige: same5("beige"),
	Multicoloured: {"multicolore", "multicolore", "", "multicolori", "multicolori"},
}

// itThing is "giacca rossa", and as object "una giacca rossa"; a plural takes no article.
func itThing(n noun, a adjective, object bool) string {
	article := ""
	if object && !n.gender.plural() {
		article = itArticle(n.gender, n.word)
	}
	return join(" ", []string{article, n.word, a[n.gender]})
}

// itArticle is uno before z and before s with a consonant, as in uno zaino.
func itArticle(g gender, next string) string {
	switch {
	case g == fem:
		return "una"
	case next[0] == 'z', next[0] == 's' && !strings.ContainsAny(next[1:2], "aeiou"):
		return "uno"
	}
	return "un"
}
