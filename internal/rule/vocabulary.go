package rule

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"ssf"
)

// A Word is a fact's value in one machine word, by the domain of the fact:
//
//	any domain     0 is unknown
//	boolean        1 is no, 2 is yes
//	enum, ordered  1 for the first word of the domain, 2 for the second, ...
//	set            the highest bit, and bit i for the i-th word of the domain
//
// So ordered values compare as numbers. A Word means nothing without its fact.
type Word uint64

// MaxSetWords is the largest number of words in the domain of a set.
const MaxSetWords = 63

const (
	wordNo   Word = 1
	wordYes  Word = 2
	setKnown Word = 1 << MaxSetWords
)

// A Vocabulary is the facts that conditions can read, encoded: each sort of
// element has a dense row of slots, one for each fact that its elements carry.
// It is immutable and safe for concurrent use.
type Vocabulary struct {
	facts []*Fact
	byID  map[ssf.ID]*Fact
	slots [][]*Fact // by sort, then by slot
}

// A Fact is one definition of the vocabulary and its encoding.
type Fact struct {
	ssf.FactDef

	index     int // in the vocabulary
	words     []string
	domain    string         // equal for facts whose values compare with each other
	rank      map[string]int // word -> position in words
	slot      [numSorts]int16
	elsewhere Word
}

// NewVocabulary encodes facts. Slots are in the order of facts. A free text,
// and a set of more than [MaxSetWords] words, gets no slot: no condition can
// read it. Of two definitions with one id the first counts; a sort that is not
// one of [ssf.Sorts] is passed over. Both are for the reader of the library to
// report.
func NewVocabulary(facts []ssf.FactDef) *Vocabulary {
	v := &Vocabulary{byID: make(map[ssf.ID]*Fact, len(facts)), slots: make([][]*Fact, numSorts)}
	for _, def := range facts {
		if v.byID[def.ID] != nil {
			continue
		}
		f := newFact(def, len(v.facts))
		v.facts = append(v.facts, f)
		v.byID[def.ID] = f
		if !f.Readable() {
			continue
		}
		for _, on := range slices.Concat(def.On, def.DerivedOn) {
			if s := sortIndex(ssf.Sort(on.ID)); s >= 0 && f.slot[s] < 0 {
				f.slot[s] = int16(len(v.slots[s]))
				v.slots[s] = append(v.slots[s], f)
			}
		}
	}
	return v
}

func newFact(def ssf.FactDef, index int) *Fact {
	f := &Fact{FactDef: def, index: index, rank: make(map[string]int)}
	if def.Domain == ssf.Boolean {
		f.words = []string{string(ssf.No), string(ssf.Yes)}
	} else {
		for _, w := range def.Values {
			f.words = append(f.words, string(w.ID))
		}
	}
	f.domain = string(def.Domain) + " " + strings.Join(f.words, " ")
	for i, w := range f.words {
		f.rank[w] = i
	}
	for s := range f.slot {
		f.slot[s] = -1
	}
	f.elsewhere, _ = f.Encode(def.Elsewhere)
	return f
}

// Fact is the fact with an id, or nil if the vocabulary has none.
func (v *Vocabulary) Fact(id ssf.ID) *Fact { return v.byID[id] }

// Facts is every fact, in the order in which the vocabulary was made. The
// caller must not change it.
func (v *Vocabulary) Facts() []*Fact { return v.facts }

// Slots is the facts that elements of a sort carry, by slot; empty for a sort
// that carries none. The caller must not change it.
func (v *Vocabulary) Slots(sort ssf.Sort) []*Fact {
	if s := sortIndex(sort); s >= 0 {
		return v.slots[s]
	}
	return nil
}

// Readable reports whether conditions can read the fact at all.
func (f *Fact) Readable() bool {
	return f.Domain != ssf.FreeText && (f.Domain != ssf.Set || len(f.words) <= MaxSetWords)
}

// Slot is the fact's slot on elements of a sort; false if they do not carry it.
func (f *Fact) Slot(sort ssf.Sort) (int, bool) {
	if s := sortIndex(sort); s >= 0 && f.slot[s] >= 0 {
		return int(f.slot[s]), true
	}
	return -1, false
}

// Encode is the word of a value. Unknown is 0 and is always encoded; false
// means that the value is not one of the fact's domain.
func (f *Fact) Encode(v ssf.Value) (Word, bool) {
	switch {
	case v == "":
		return 0, true
	case !f.Readable():
		return 0, false
	case f.Domain != ssf.Set:
		i, ok := f.rank[string(v)]
		if !ok {
			return 0, false
		}
		return Word(i + 1), true
	}
	members := v.Members()
	if members == nil {
		return 0, false
	}
	w := setKnown
	for _, m := range members {
		i, ok := f.rank[m]
		if !ok {
			return 0, false
		}
		w |= 1 << i
	}
	return w, true
}

// Decode is the value of a word that Encode made; unknown for any other word.
func (f *Fact) Decode(w Word) ssf.Value {
	switch {
	case w == 0 || !f.Readable():
		return ""
	case f.Domain != ssf.Set:
		if w > Word(len(f.words)) {
			return ""
		}
		return ssf.Value(f.words[w-1])
	case w&setKnown == 0 || bits.Len64(uint64(w&^setKnown)) > len(f.words):
		return ""
	}
	var members []string
	for rest := uint64(w &^ setKnown); rest != 0; rest &= rest - 1 {
		members = append(members, f.words[bits.TrailingZeros64(rest)])
	}
	return ssf.SetOf(members)
}

// numSorts is len(nodeSorts), as a constant for array types.
const numSorts = 9

// nodeSorts are the sorts that a node can have. A mitigation carries no facts.
var nodeSorts = append(slices.Clone(ssf.Sorts), ssf.SortMitigation)

// sortIndex is the place of a sort in nodeSorts, or -1.
func sortIndex(s ssf.Sort) int { return slices.Index(nodeSorts, s) }

// A sortMask is a set of sorts: bit i is nodeSorts[i].
type sortMask uint16

func maskOf(sorts ...ssf.Sort) (m sortMask) {
	for _, s := range sorts {
		if i := sortIndex(s); i >= 0 {
			m |= 1 << i
		}
	}
	return m
}

// names are the sorts of m in words: `component or actor`.
func (m sortMask) names() string {
	var names []string
	for i, s := range nodeSorts {
		if m&(1<<i) != 0 {
			names = append(names, string(s))
		}
	}
	slices.Reverse(names)
	return strings.Join(names, " or ")
}

// carriedOn reports whether elements of any of the sorts carry the fact.
func (f *Fact) carriedOn(m sortMask) bool {
	for s, slot := range f.slot {
		if slot >= 0 && m&(1<<s) != 0 {
			return true
		}
	}
	return false
}

// quoted is a word as one writes it in a condition.
func quoted(word string) string { return strconv.Quote(word) }
