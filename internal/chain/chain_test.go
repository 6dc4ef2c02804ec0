package chain

import (
	"errors"
	"testing"
)

func TestChain(t *testing.T) {
	var c Chain
	if err := c.Add([]byte("one"), ""); err != nil {
		t.Fatal(err)
	}
	first := c
	if first.Len != 1 || first.Head != Hash([]byte("one")) || len(first.Head) != 64 {
		t.Errorf("after one record: %+v", first)
	}
	for name, prev := range map[string]string{"a second beginning": "", "another record's hash": Hash([]byte("two"))} {
		if err := c.Add([]byte("two"), prev); !errors.Is(err, ErrBroken) || c != first {
			t.Errorf("%s: %v, chain %+v", name, err, c)
		}
	}
	if err := c.Add([]byte("two"), first.Head); err != nil || c.Len != 2 {
		t.Errorf("the next record: %v, %+v", err, c)
	}
}
