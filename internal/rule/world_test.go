package rule

import (
	"fmt"
	"slices"
	"testing"

	"ssf"
)

func TestEncoding(t *testing.T) {
	v := testVocabulary()
	for _, test := range []struct {
		fact  ssf.ID
		value ssf.Value
		word  Word
		ok    bool
	}{
		{"encrypted", "", 0, true},
		{"encrypted", "no", 1, true},
		{"encrypted", "yes", 2, true},
		{"encrypted", "true", 0, false},
		{"trust", "none", 1, true},
		{"trust", "high", 4, true},
		{"trust", "utmost", 0, false},
		{"checks", "{}", 1 << 63, true},
		{"checks", "{length,origin}", 1<<63 | 5, true},
		{"checks", "{size}", 0, false},
		{"checks", "length", 0, false},
		{"country", "wcr", 70, true},
		{"notes", "free", 0, false},
		{"huge_set", "{waa}", 0, false},
	} {
		f := v.Fact(test.fact)
		word, ok := f.Encode(test.value)
		if word != test.word || ok != test.ok {
			t.Errorf("%s=%s is %x, %v", test.fact, test.value, word, ok)
		}
		if back := f.Decode(word); ok && back != test.value {
			t.Errorf("%s=%s comes back as %s", test.fact, test.value, back)
		}
	}
	if f := v.Fact("checks"); f.Decode(1<<63|1<<60) != "" || f.Decode(5) != "" || v.Fact("trust").Decode(5) != "" {
		t.Error("a word that Encode never makes has a value")
	}
	for sort, want := range map[ssf.Sort]int{ssf.SortDeployment: 1, ssf.SortComponent: 5, ssf.SortFlow: 5, ssf.SortMitigation: 0} {
		facts := v.Slots(sort)
		for slot, f := range facts {
			if got, ok := f.Slot(sort); got != slot || !ok {
				t.Errorf("%s is in slot %d of a %s, and says %d", f.ID, slot, sort, got)
			}
		}
		if len(facts) != want {
			t.Errorf("a %s has %d slots", sort, len(facts))
		}
	}
	if v.Fact("nothing") != nil || len(v.Facts()) != 18 {
		t.Error("the vocabulary is not what it was made of")
	}
}

func TestWorldKeepsTheOrderOfLinks(t *testing.T) {
	w := NewWorld(testVocabulary())
	web := w.Add("web", "component")
	var flows []int32
	for i := range 5 {
		flows = append(flows, w.Add(ssf.ID(fmt.Sprint("f", i)), "flow"))
	}
	other := w.Add("other", "component")
	for _, f := range []int32{3, 1, 4} {
		w.Link(web, Incoming, f)
		w.Link(other, Outgoing, f)
	}
	w.Link(other, Incoming, flows[0])
	w.Freeze()
	if got := w.Many(web, Incoming); !slices.Equal(got, []int32{3, 1, 4}) || len(w.Many(web, Outgoing)) > 0 || len(w.Many(flows[4], Carries)) > 0 {
		t.Errorf("got %v", got)
	}
	if w.One(flows[0], From) != -1 || w.Lookup("nobody") != -1 {
		t.Error("what is absent is not -1")
	}
}

// TestWorldLike builds worlds on others and on none: what they find is the same.
func TestWorldLike(t *testing.T) {
	v := testVocabulary()
	lists := [][]ssf.ID{{}, {"a"}, {"a", "b", "c"}, {"a", "b", "c", "d"}, {"b", "a", "c"}, {"a", "c", "b", "a"}, {"x", "x", "y"}}
	build := func(w *World, ids []ssf.ID) (found []int32) {
		for i, id := range ids {
			found = append(found, w.AddNew(id, ssf.SortAsset))
			for _, id := range []ssf.ID{"a", "b", "c", "d", "x", "y"} { // while it is built
				found = append(found, w.Lookup(id))
			}
			if again := w.AddNew(ids[i], ssf.SortAsset); again != -1 {
				t.Errorf("%s of %v was added twice", id, ids)
			}
		}
		w.Freeze()
		for _, id := range []ssf.ID{"a", "b", "c", "d", "x", "y"} {
			found = append(found, w.Lookup(id))
		}
		return append(found, int32(w.Len()))
	}
	for _, before := range lists {
		for _, ids := range lists {
			old := NewWorld(v)
			build(old, before)
			if got, want := build(NewWorldLike(old), ids), build(NewWorld(v), ids); !slices.Equal(got, want) {
				t.Errorf("%v on %v finds %v, want %v", ids, before, got, want)
			}
		}
	}
}
