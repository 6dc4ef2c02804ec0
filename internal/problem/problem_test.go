package problem

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	tests := []struct {
		d    Document
		want string
	}{
		{
			Document{Status: http.StatusNotFound, Detail: "d"},
			`{"type":"about:blank","title":"Not Found","status":404,"detail":"d"}`,
		},
		{
			Document{Type: "urn:x", Title: "T", Status: http.StatusConflict, Detail: "d"},
			`{"type":"urn:x","title":"T","status":409,"detail":"d"}`,
		},
		{
			Field(http.StatusUnprocessableEntity, "age", "range", "Write 0 to 17."),
			`{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"Write 0 to 17.",` +
				`"errors":[{"field":"age","code":"range","text":"Write 0 to 17."}]}`,
		},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		tt.d.Write(w)
		if got := strings.TrimSpace(w.Body.String()); got != tt.want || w.Code != tt.d.Status {
			t.Errorf("got %d %s\nwant %s", w.Code, got, tt.want)
		}
		if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
			t.Errorf("content type %q", ct)
		}
	}
}
