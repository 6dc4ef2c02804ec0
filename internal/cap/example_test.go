package cap_test

import (
	"fmt"
	"log"
	"os"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/cap"
)

// From a message to the bytes that every channel relays, and back at a receiver's.
func Example() {
	dir, err := os.MkdirTemp("", "cap")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	signer, err := cap.LoadOrCreateSigner(dir, "Police fédérale")
	if err != nil {
		log.Fatal(err)
	}

	now := time.Now()
	a, err := cap.FromMessage(&alert.Message{
		Identifier: "BEFED-4f7k2m9xw1bq-1", Sender: "alerts@police.example", Agency: "BEFED", Case: "4f7k2m9xw1bq", Revision: 1,
		MsgType: alert.TypeAlert, Status: alert.StatusTest, Sent: now, Expires: now.Add(time.Hour),
		Languages: []alert.Lang{alert.French},
		Areas:     []alert.Area{{Code: "BE", Names: map[alert.Lang]string{alert.French: "Belgique"}}},
		Texts:     map[alert.Lang]alert.Texts{alert.French: {Headline: "TEST : liaison"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := alert.Invalid(cap.Validate(a, now)).Err(); err != nil {
		log.Fatal(err)
	}
	doc, err := signer.Sign(a)
	if err != nil {
		log.Fatal(err)
	}

	got, err := cap.Verify(doc, signer.Certificate())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.Info[0].Event, got.Info[0].Headline)

	doc[len(doc)/3] ^= 1
	_, err = cap.Verify(doc, signer.Certificate())
	fmt.Println(err != nil)
	// Output:
	// TEST – Alerte enfant disparu TEST : liaison
	// true
}
