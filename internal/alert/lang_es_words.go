package alert

var esItems = map[Item]noun{
	Jacket: {fem, "chaqueta"}, Coat: {masc, "abrigo"}, Hoodie: {fem, "sudadera con capucha"}, Sweater: {masc, "jersey"},
	TShirt: {fem, "camiseta"}, Shirt: {fem, "camisa"}, Trousers: {masc, "pantalón"}, Jeans: {mascPl, "vaqueros"},
	Leggings: {femPl, "mallas"}, Shorts: {masc, "pantalón corto"}, Skirt: {fem, "falda"}, Dress: {masc, "vestido"},
	Tracksuit: {masc, "chándal"}, Pyjamas: {masc, "pijama"}, Swimsuit: {masc, "bañador"},
	Shoes: {mascPl, "zapatos"}, Trainers: {femPl, "zapatillas deportivas"}, Boots: {femPl, "botas"}, Sandals: {femPl, "sandalias"},
	Cap: {fem, "gorra"}, WoollyHat: {masc, "gorro de lana"}, Headscarf: {masc, "pañuelo"}, Scarf: {fem, "bufanda"},
	Gloves: {mascPl, "guantes"}, Glasses: {femPl, "gafas"}, Backpack: {fem, "mochila"}, Bag: {masc, "bolso"},
	SoftToy: {masc, "peluche"},
}

var esVehicles = map[VehicleKind]noun{
	Car: {masc, "coche"}, Van: {fem, "furgoneta"}, Lorry: {masc, "camión"},
	Motorcycle: {fem, "moto"}, Camper: {fem, "autocaravana"}, Bicycle: {fem, "bicicleta"},
}

// Colours named after things (rosa, naranja) and those of two words (azul oscuro) do not agree.
var esColours = map[Colour]adjective{
	Black: {"negro", "negra", "", "negros", "negras"}, White: {"blanco", "blanca", "", "blancos", "blancas"},
	Grey: {"gris", "gris", "", "grises", "grises"}, Silver: {"plateado", "plateada", "", "plateados", "plateadas"},
	Red: {"rojo", "roja", "", "rojos", "rojas"}, Pink: same5("rosa"), Orange: same5("naranja"),
	Yellow: {"amarillo", "amarilla", "", "amarillos", "amarillas"}, Green: {"verde", "verde", "", "verdes", "verdes"},
	LightBlue: same5("azul claro"), Blue: {"azul", "azul", "", "azules", "azules"}, DarkBlue: same5("azul oscuro"),
	Purple: {"morado", "morada", "", "morados", "moradas"}, Brown: {"marrón", "marrón", "", "marrones", "marrones"},
	Beige: same5("beige"), Multicoloured: {"multicolor", "multicolor", "", "multicolores", "multicolores"},
}

// esThing is "chaqueta roja", and as object "una chaqueta roja"; a plural takes no article.
func esThing(n noun, a adjective, object bool) string {
	article := ""
	if object {
		article = map[gender]string{masc: "un", fem: "una"}[n.gender]
	}
	return join(" ", []string{article, n.word, a[n.gender]})
}
