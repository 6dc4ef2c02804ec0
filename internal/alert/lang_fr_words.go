package alert

var frItems = map[Item]noun{
	Jacket: {fem, "veste"}, Coat: {masc, "manteau"}, Hoodie: {masc, "sweat à capuche"}, Sweater: {masc, "pull"},
	TShirt: {masc, "t-shirt"}, Shirt: {fem, "chemise"}, Trousers: {masc, "pantalon"}, Jeans: {masc, "jean"},
	Leggings: {masc, "legging"}, Shorts: {masc, "short"}, Skirt: {fem, "jupe"}, Dress: {fem, "robe"},
	Tracksuit: {masc, "survêtement"}, Pyjamas: {masc, "pyjama"}, Swimsuit: {masc, "maillot de bain"},
	Shoes: {femPl, "chaussures"}, Trainers: {femPl, "baskets"}, Boots: {femPl, "bottes"}, Sandals: {femPl, "sandales"},
	Cap: {fem, "casquette"}, WoollyHat: {masc, "bonnet"}, Headscarf: {masc, "foulard"}, Scarf: {fem, "écharpe"},
	Gloves: {mascPl, "gants"}, Glasses: {femPl, "lunettes"}, Backpack: {masc, "sac à dos"}, Bag: {masc, "sac"},
	SoftToy: {fem, "peluche"},
}

var frVehicles = map[VehicleKind]noun{
	Car: {fem, "voiture"}, Van: {fem, "camionnette"}, Lorry: {masc, "camion"},
	Motorcycle: {fem, "moto"}, Camper: {masc, "camping-car"}, Bicycle: {masc, "vélo"},
}

// Colours named after things (orange, marron) and those of two words (bleu foncé) do not agree.
var frColours = map[Colour]adjective{
	Black: {"noir", "noire", "", "noirs", "noires"}, White: {"blanc", "blanche", "", "blancs", "blanches"},
	Grey: {"gris", "grise", "", "gris", "grises"}, Silver: {"argenté", "argentée", "", "argentés", "argentées"},
	Red: {"rouge", "rouge", "", "rouges", "rouges"}, Pink: {"rose", "rose", "", "roses", "roses"},
	Orange: same5("orange"), Yellow: {"jaune", "jaune", "", "jaunes", "jaunes"}, Green: {"vert", "verte", "", "verts", "vertes"},
	LightBlue: same5("bleu clair"), Blue: {"bleu", "bleue", "", "bleus", "bleues"}, DarkBlue: same5("bleu foncé"),
	Purple: {"violet", "violette", "", "violets", "violettes"}, Brown: same5("marron"),
	Beige:         {"beige", "beige", "", "beiges", "beiges"},
	Multicoloured: {"multicolore", "multicolore", "", "multicolores", "multicolores"},
}

// frThing is "veste rouge", and as object "une veste rouge", "des chaussures blanches".
func frThing(n noun, a adjective, object bool) string {
	article := ""
	if object {
		article = map[gender]string{masc: "un", fem: "une", mascPl: "des", femPl: "des"}[n.gender]
	}
	return join(" ", []string{article, n.word, a[n.gender]})
}
