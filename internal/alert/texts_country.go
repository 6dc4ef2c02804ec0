package alert

import (
	"slices"
	"strings"
)

// country names the State of a number plate. A State outside the OSCE keeps its code.
func (l *language) country(code string) string {
	code = strings.ToUpper(strings.TrimSpace(code))
	if names, ok := countries[code]; ok {
		return names[slices.Index(Langs, l.code)]
	}
	return code
}

// countries are the OSCE States by ISO 3166-1 code, named in the order of Langs.
var countries = map[string][6]string{
	"AD": {"Andorra", "Andorre", "Andorra", "Andorra", "Андорра", "Andorra"},
	"AL": {"Albania", "Albanie", "Albanien", "Albania", "Албания", "Albania"},
	"AM": {"Armenia", "Arménie", "Armenien", "Armenia", "Армения", "Armenia"},
	"AT": {"Austria", "Autriche", "Österreich", "Austria", "Австрия", "Austria"},
	"AZ": {"Azerbaijan", "Azerbaïdjan", "Aserbaidschan", "Azerbaigian", "Азербайджан", "Azerbaiyán"},
	"BA": {"Bosnia and Herzegovina", "Bosnie-Herzégovine", "Bosnien und Herzegowina", "Bosnia-Erzegovina", "Босния и Герцеговина", "Bosnia y Herzegovina"},
	"BE": {"Belgium", "Belgique", "Belgien", "Belgio", "Бельгия", "Bélgica"},
	"BG": {"Bulgaria", "Bulgarie", "Bulgarien", "Bulgaria", "Болгария", "Bulgaria"},
	"BY": {"Belarus", "Bélarus", "Belarus", "Bielorussia", "Беларусь", "Bielorrusia"},
	"CA": {"Canada", "Canada", "Kanada", "Canada", "Канада", "Canadá"},
	"CH": {"Switzerland", "Suisse", "Schweiz", "Svizzera", "Швейцария", "Suiza"},
	"CY": {"Cyprus", "Chypre", "Zypern", "Cipro", "Кипр", "Chipre"},
	"CZ": {"Czechia", "Tchéquie", "Tschechien", "Cechia", "Чехия", "Chequia"},
	"DE": {"Germany", "Allemagne", "Deutschland", "Germania", "Германия", "Alemania"},
	"DK": {"Denmark", "Danemark", "Dänemark", "Danimarca", "Дания", "Dinamarca"},
	"EE": {"Estonia", "Estonie", "Estland", "Estonia", "Эстония", "Estonia"},
	"ES": {"Spain", "Espagne", "Spanien", "Spagna", "Испания", "España"},
	"FI": {"Finland", "Finlande", "Finnland", "Finlandia", "Финляндия", "Finlandia"},
	"FR": {"France", "France", "Frankreich", "Francia", "Франция", "Francia"},
	"GB": {"United Kingdom", "Royaume-Uni", "Vereinigtes Königreich", "Regno Unito", "Великобритания", "Reino Unido"},
	"GE": {"Georgia", "Géorgie", "Georgien", "Georgia", "Грузия", "Georgia"},
	"GR": {"Greece", "Grèce", "Griechenland", "Grecia", "Греция", "Grecia"},
	"HR": {"Croatia", "Croatie", "Kroatien", "Croazia", "Хорватия", "Croacia"},
	"HU": {"Hungary", "Hongrie", "Ungarn", "Ungheria", "Венгрия", "Hungría"},
	"IE": {"Ireland", "Irlande", "Irland", "Irlanda", "Ирландия", "Irlanda"},
	"IS": {"Iceland", "Islande", "Island", "Islanda", "Исландия", "Islandia"},
	"IT": {"Italy", "Italie", "Italien", "Italia", "Италия", "Italia"},
	"KG": {"Kyrgyzstan", "Kirghizistan", "Kirgisistan", "Kirghizistan", "Кыргызстан", "Kirguistán"},
	"KZ": {"Kazakhstan", "Kazakhstan", "Kasachstan", "Kazakistan", "Казахстан", "Kazajistán"},
	"LI": {"Liechtenstein", "Liechtenstein", "Liechtenstein", "Liechtenstein", "Лихтенштейн", "Liechtenstein"},
	"LT": {"Lithuania", "Lituanie", "Litauen", "Lituania", "Литва", "Lituania"},
	"LU": {"Luxembourg", "Luxembourg", "Luxemburg", "Lussemburgo", "Люксембург", "Luxemburgo"},
	"LV": {"Latvia", "Lettonie", "Lettland", "Lettonia", "Латвия", "Letonia"},
	"MC": {"Monaco", "Monaco", "Monaco", "Monaco", "Монако", "Mónaco"},
	"MD": {"Moldova", "Moldova", "Moldau", "Moldova", "Молдова", "Moldavia"},
	"ME": {"Montenegro", "Monténégro", "Montenegro", "Montenegro", "Черногория", "Montenegro"},
	"MK": {"North Macedonia", "Macédoine du Nord", "Nordmazedonien", "Macedonia del Nord", "Северная Македония", "Macedonia del Norte"},
	"MN": {"Mongolia", "Mongolie", "Mongolei", "Mongolia", "Монголия", "Mongolia"},
	"MT": {"Malta", "Malte", "Malta", "Malta", "Мальта", "Malta"},
	"NL": {"Netherlands", "Pays-Bas", "Niederlande", "Paesi Bassi", "Нидерланды", "Países Bajos"},
	"NO": {"Norway", "Norvège", "Norwegen", "Norvegia", "Норвегия", "Noruega"},
	"PL": {"Poland", "Pologne", "Polen", "Polonia", "Польша", "Polonia"},
	"PT": {"Portugal", "Portugal", "Portugal", "Portogallo", "Португалия", "Portugal"},
	"RO": {"Romania", "Roumanie", "Rumänien", "Romania", "Румыния", "Rumanía"},
	"RS": {"Serbia", "Serbie", "Serbien", "Serbia", "Сербия", "Serbia"},
	"RU": {"Russia", "Russie", "Russland", "Russia", "Россия", "Rusia"},
	"SE": {"Sweden", "Suède", "Schweden", "Svezia", "Швеция", "Suecia"},
	"SI": {"Slovenia", "Slovénie", "Slowenien", "Slovenia", "Словения", "Eslovenia"},
	"SK": {"Slovakia", "Slovaquie", "Slowakei", "Slovacchia", "Словакия", "Eslovaquia"},
	"SM": {"San Marino", "Saint-Marin", "San Marino", "San Marino", "Сан-Марино", "San Marino"},
	"TJ": {"Tajikistan", "Tadjikistan", "Tadschikistan", "Tagikistan", "Таджикистан", "Tayikistán"},
	"TM": {"Turkmenistan", "Turkménistan", "Turkmenistan", "Turkmenistan", "Туркменистан", "Turkmenistán"},
	"TR": {"Türkiye", "Türkiye", "Türkei", "Turchia", "Турция", "Turquía"},
	"UA": {"Ukraine", "Ukraine", "Ukraine", "Ucraina", "Украина", "Ucrania"},
	"US": {"United States", "États-Unis", "Vereinigte Staaten", "Stati Uniti", "США", "Estados Unidos"},
	"UZ": {"Uzbekistan", "Ouzbékistan", "Usbekistan", "Uzbekistan", "Узбекистан", "Uzbekistán"},
	"VA": {"Holy See", "Saint-Siège", "Heiliger Stuhl", "Santa Sede", "Святой Престол", "Santa Sede"},
}
