// Package web is what browsers get from Tocsin: templates, styles, scripts and
// words, embedded in the program. It has no logic besides serving the files
// under addresses that change with their content, and parsing every template
// once, so that a broken page stops the start and not an officer.
package web

import "embed"

// Named folders only: web/node_modules holds test peers and never ships; vendor
// holds what ships of it. "all:" takes the shared templates too, whose names start
// with "_".
//
//go:embed all:templates static vendor locales embed openapi.yaml
var files embed.FS

// File is one embedded file by its path below web/, for what has a fixed
// address: the service worker, the partners' script, the API's description.
func File(name string) ([]byte, error) { return files.ReadFile(name) }
