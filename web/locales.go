package web

import (
	"encoding/json"
	"fmt"
)

// Words are the texts of locales/LANG.json, by key.
func Words(lang string) (map[string]string, error) {
	data, err := files.ReadFile("locales/" + lang + ".json")
	if err != nil {
		return nil, err
	}
	words := map[string]string{}
	if err := json.Unmarshal(data, &words); err != nil {
		return nil, fmt.Errorf("%s.json: %w", lang, err)
	}
	return words, nil
}
