package kit

import "tocsin/internal/alert"

// words are the few that stand on sheets alone; all others are the alert's own texts.
type words struct {
	call string // above the number
	// Names of the files, for who cannot see them and for lists.
	slide, tall, square, poster, audio, teletext string
}

var wordsOf = map[alert.Lang]words{
	alert.English: {
		"Call",
		"Slide for television", "Slide, upright", "Slide, square", "Poster, A4", "Spoken text", "Teletext page",
	},
	alert.French: {
		"Appelez le",
		"Image pour la télévision", "Image verticale", "Image carrée", "Affiche A4", "Texte lu", "Page de télétexte",
	},
	alert.German: {
		"Hinweise an",
		"Tafel fürs Fernsehen", "Tafel, hochkant", "Tafel, quadratisch", "Plakat A4", "Gesprochener Text", "Videotextseite",
	},
	alert.Italian: {
		"Chiamate il",
		"Cartello per la televisione", "Cartello verticale", "Cartello quadrato", "Locandina A4", "Testo letto", "Pagina di televideo",
	},
	alert.Russian: {
		"Звоните",
		"Кадр для телевидения", "Вертикальный кадр", "Квадратный кадр", "Плакат A4", "Текст вслух", "Страница телетекста",
	},
	alert.Spanish: {
		"Llame al",
		"Imagen para televisión", "Imagen vertical", "Imagen cuadrada", "Cartel A4", "Texto leído", "Página de teletexto",
	},
}
