package site

import (
	"testing"

	"tocsin/internal/alert"
)

func TestUnbreakable(t *testing.T) {
	tests := []struct {
		lang     alert.Lang
		in, want string
	}{
		{alert.French, "Fugue inquiétante : Luc", "Fugue inquiétante\u00a0: Luc"},
		{alert.English, "What : no", "What : no"},
		{alert.German, "Rufen Sie +32 2 554 40 00 an", "Rufen Sie +32\u00a02\u00a0554\u00a040\u00a000 an"},
	}
	for _, tt := range tests {
		if got := unbreakable(tt.lang, tt.in, "+3225544000"); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.lang, got, tt.want)
		}
	}
}
