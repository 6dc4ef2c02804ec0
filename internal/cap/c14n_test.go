package cap

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tocsin/internal/peertest"
)

// Our canonical forms are libxml2's, letter by letter.
func TestCanonicalFormsAreLibxml2s(t *testing.T) {
	tool := peertest.Tool(t, "xmllint", "libxml2-utils")
	docs := map[string]string{
		"ours":             string(mustEncode(t, good())),
		"escapes":          "<a b='&lt;&gt;&amp;&quot;&apos;'>&lt;&gt;&amp;\"'&#xD;&#9;\r\n\r x]]&gt;</a>",
		"empty elements":   `<a><b/><c  d = "e"  /></a >`,
		"CDATA":            `<a><![CDATA[<b>&amp;]]>x</a>`,
		"characters":       `<a b="é&#233;">漢&#x1F600;&#xFFFD;</a>`,
		"default undone":   `<a xmlns="urn:u"><b xmlns=""><c xmlns="urn:u"/><d/></b></a>`,
		"default repeated": `<a xmlns="urn:u"><b xmlns="urn:u"><c xmlns="urn:v"><d xmlns="urn:u"/></c></b></a>`,
		"unused prefixes":  `<a xmlns:z="urn:z" xmlns:y="urn:y"><b xmlns:x="urn:x" z:q="1"><y:c/></b></a>`,
		"prefix changed":   `<p:a xmlns:p="urn:u"><p:b xmlns:p="urn:v"><p:c xmlns:p="urn:u"/></p:b><p:d/></p:a>`,
		"attribute order":  `<a xmlns:b="urn:z" xmlns:a="urn:y" b:x="1" a:x="2" x="3" a:w="4" xml:lang="fr" w="5"/>`,
		"siblings":         `<a><p:b xmlns:p="urn:u"/><p:b xmlns:p="urn:u"><p:c/></p:b></a>`,
		"no declaration":   `<a xmlns=""><b xmlns=""/></a>`,
	}
	for name, doc := range docs {
		path := filepath.Join(t.TempDir(), "doc.xml")
		if err := os.WriteFile(path, []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
		parsed, err := parse([]byte(doc))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for flag, exclusive := range map[string]bool{"--exc-c14n": true, "--c14n": false, "--c14n11": false} {
			want, err := exec.Command(tool, flag, path).Output()
			if err != nil {
				t.Fatalf("%s %s: %v", name, flag, err)
			}
			got := canonical(parsed.root, exclusive, nil)
			if !bytes.Equal(got, bytes.TrimSuffix(want, []byte("\n"))) {
				t.Errorf("%s %s:\ngot  %q\nwant %q", name, flag, got, want)
			}
		}
	}
}

// Encode's bytes are their own canonical form: Sign hashes them as they are.
func TestEncodedIsCanonical(t *testing.T) {
	doc := mustEncode(t, good())
	parsed, err := parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	if got := header + string(canonical(parsed.root, true, nil)) + "\n"; got != string(doc) {
		t.Errorf("got %q\nwant %q", got, doc)
	}
}
