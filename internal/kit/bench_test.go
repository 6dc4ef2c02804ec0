package kit

import (
	"testing"

	"tocsin/internal/alert"
)

// BenchmarkSlides draws the three slides of an alert in one language, its photo,
// map and frame included: what the first language costs.
func BenchmarkSlides(b *testing.B) {
	s := studio(b)
	photos := map[string][]byte{"anna": face(b, 1280, 1600, blond)}
	m := written(b, missing(b, alert.French))
	for b.Loop() {
		j, err := s.begin(m, photos, made)
		if err != nil {
			b.Fatal(err)
		}
		j.scenes()
		a := &artist{setter: newSetter(j.fonts, "fr")}
		for i, f := range j.formats {
			if _, err := j.slide(a, f, j.bases[i], alert.French); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkKit makes the whole kit, with sound, in one language and in six.
func BenchmarkKit(b *testing.B) {
	s := studio(b)
	photos := map[string][]byte{"anna": face(b, 1280, 1600, blond)}
	for name, langs := range map[string][]alert.Lang{"1 language": {alert.French}, "6 languages": alert.Langs} {
		m := written(b, missing(b, langs...))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				items, _, err := s.Make(b.Context(), m, photos, made)
				if err != nil || len(items) != 6*len(langs) {
					b.Fatalf("%d items, %v", len(items), err)
				}
			}
		})
	}
}
