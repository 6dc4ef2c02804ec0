package alert

var ruItems = map[Item]noun{
	Jacket: {fem, "куртка"}, Coat: {neut, "пальто"}, Hoodie: {fem, "толстовка с капюшоном"}, Sweater: {masc, "свитер"},
	TShirt: {fem, "футболка"}, Shirt: {fem, "рубашка"}, Trousers: {mascPl, "брюки"}, Jeans: {mascPl, "джинсы"},
	Leggings: {mascPl, "леггинсы"}, Shorts: {mascPl, "шорты"}, Skirt: {fem, "юбка"}, Dress: {neut, "платье"},
	Tracksuit: {masc, "спортивный костюм"}, Pyjamas: {fem, "пижама"}, Swimsuit: {masc, "купальный костюм"},
	Shoes: {fem, "обувь"}, Trainers: {mascPl, "кроссовки"}, Boots: {mascPl, "сапоги"}, Sandals: {mascPl, "сандалии"},
	Cap: {fem, "кепка"}, WoollyHat: {fem, "вязаная шапка"}, Headscarf: {masc, "платок"}, Scarf: {masc, "шарф"},
	Gloves: {mascPl, "перчатки"}, Glasses: {mascPl, "очки"}, Backpack: {masc, "рюкзак"}, Bag: {fem, "сумка"},
	SoftToy: {fem, "мягкая игрушка"},
}

var ruVehicles = map[VehicleKind]noun{
	Car: {masc, "автомобиль"}, Van: {masc, "фургон"}, Lorry: {masc, "грузовик"},
	Motorcycle: {masc, "мотоцикл"}, Camper: {masc, "автодом"}, Bicycle: {masc, "велосипед"},
}

var ruColours = map[Colour]adjective{
	Black: ruAdjective("чёрн", "ый"), White: ruAdjective("бел", "ый"), Grey: ruAdjective("сер", "ый"),
	Silver: ruAdjective("серебрист", "ый"), Red: ruAdjective("красн", "ый"), Pink: ruAdjective("розов", "ый"),
	Orange: ruAdjective("оранжев", "ый"), Yellow: ruAdjective("жёлт", "ый"), Green: ruAdjective("зелён", "ый"),
	LightBlue: ruAdjective("голуб", "ой"), Blue: ruAdjective("син", "ий"), DarkBlue: ruAdjective("тёмно-син", "ий"),
	Purple: ruAdjective("фиолетов", "ый"), Brown: ruAdjective("коричнев", "ый"), Beige: ruAdjective("бежев", "ый"),
	Multicoloured: ruAdjective("разноцветн", "ый"),
}

// ruAdjective declines by the ending of the masculine: hard -ый and -ой, soft -ий.
func ruAdjective(stem, ending string) adjective {
	if ending == "ий" {
		return adjective{stem + "ий", stem + "яя", stem + "ее", stem + "ие", stem + "ие"}
	}
	return adjective{stem + ending, stem + "ая", stem + "ое", stem + "ые", stem + "ые"}
}

// ruThing is "красная куртка". Russian descriptions list in the nominative, as
// police notices do ("была одета: красная куртка"), so an object looks the same.
func ruThing(n noun, a adjective, _ bool) string {
	return join(" ", []string{a[n.gender], n.word})
}
