package format

import (
	"slices"
	"testing"

	"ssf"
	"ssf/library"
)

// TestTelltales: each rule that a telltale names exists.
func TestTelltales(t *testing.T) {
	lib := library.Index()
	for _, tell := range telltales {
		for _, r := range tell.rules {
			if !slices.ContainsFunc(lib.Threats, func(x ssf.Rule) bool { return x.ID == r }) {
				t.Errorf("%q names the rule %s, which does not exist", tell.says, r)
			}
		}
	}
	for _, p := range phrases {
		if !slices.ContainsFunc(lib.Kinds, func(x ssf.KindDef) bool { return x.ID == p.kind }) {
			t.Errorf("%q names the kind %s, which does not exist", p.words, p.kind)
		}
	}
	for word, id := range protocolWords {
		if id != "" && !slices.ContainsFunc(lib.Protocols, func(x ssf.KindDef) bool { return x.ID == id }) {
			t.Errorf("%q names the protocol %s, which does not exist", word, id)
		}
	}
}
