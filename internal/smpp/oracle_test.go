package smpp

import (
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/peertest"
)

// TestPartsAgreeWithTheCalculator holds alphabet and division against
// sms-segments-calculator, on a table and on random texts around every border.
func TestPartsAgreeWithTheCalculator(t *testing.T) {
	node, web := peertest.Node(t)
	script, err := filepath.Abs("testdata/segments.js")
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{
		"", "a", strings.Repeat("a", 160), strings.Repeat("a", 161), strings.Repeat("a", 306), strings.Repeat("a", 307),
		strings.Repeat("€", 80), strings.Repeat("€", 81), strings.Repeat("a", 152) + "€" + strings.Repeat("b", 20),
		strings.Repeat("ж", 70), strings.Repeat("ж", 71), strings.Repeat("ж", 134), strings.Repeat("ж", 135),
		strings.Repeat("ж", 66) + "😀" + strings.Repeat("ж", 10), strings.Repeat("😀", 35), strings.Repeat("😀", 36),
		"Ça fait 1 €", "Ωμέγα", "naïve", "^{}\\[~]|", "ünïcode", "ê",
	}
	for range 2000 {
		texts = append(texts, random())
	}
	in, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, script)
	cmd.Dir, cmd.Stdin = web, strings.NewReader(string(in))
	raw, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []struct {
		GSM   bool
		Parts []float64
	}
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	for i, s := range texts {
		got, err := Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		width := 2.0
		if got.GSM {
			width = 1
		}
		var sizes []float64
		for _, p := range got.Parts {
			sizes = append(sizes, float64(len(p))/width)
		}
		if got.GSM != want[i].GSM || !slices.Equal(sizes, want[i].Parts) {
			t.Errorf("%q: GSM %v %v, the calculator says %v %v", s, got.GSM, sizes, want[i].GSM, want[i].Parts)
		}
	}
}

// random is a text of characters that each take one place on the screen.
func random() string {
	alphabets := []string{
		"abc XYZ 0189 .,", "abcäöüéè€[]{}~^|\\", "abcжцю", "ab😀🚨", "жя😀", "éèàù", "\n@£Δ€",
	}
	runes := []rune(alphabets[rand.IntN(len(alphabets))])
	out := make([]rune, rand.IntN(330))
	for i := range out {
		out[i] = runes[rand.IntN(len(runes))]
	}
	return string(out)
}
