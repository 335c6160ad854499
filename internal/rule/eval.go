package rule

import (
	"cmp"
	"fmt"

	"ssf"
)

// Truth is a value of Kleene's three-valued logic. Negation is the minus sign.
type Truth int8

// The truths. The zero Truth is unknown.
const (
	False   Truth = -1
	Unknown Truth = 0
	True    Truth = 1
)

func (t Truth) String() string {
	switch t {
	case False:
		return "false"
	case True:
		return "true"
	}
	return "unknown"
}

func truthOf(b bool) Truth {
	if b {
		return True
	}
	return False
}

// node is a part of a condition, with every name resolved.
type node struct {
	op     op
	truth  Truth    // of opConst; the deciding truth of opAll and opEach
	accept uint8    // of opCompare
	bit    uint8    // of opHas
	list   int8     // of opEach: which list of a World
	bind   uint8    // of opEach: the variable that holds the member
	a, b   ref      // a: the fact of a leaf, the list's element of opEach; b: of opCompare
	mask   []uint64 // of opIs: a bit for each word that makes it true
	kids   []*node
	text   string
}

type op uint8

const (
	opConst   op = iota
	opIs         // the word of a is one of mask
	opHas        // the set of a has member bit
	opCompare    // the words of a and b compare as accept says
	opNot        // of one kid
	opSame       // two kids have one truth
	opAll        // && and ||: one kid with the deciding truth decides
	opEach       // all and exists: one member with the deciding truth decides
)

// ref says how to get from the element a condition is evaluated on to another,
// and which fact to read there. No chain of relations is longer than two.
type ref struct {
	base int8 // a variable's index, or one of the bases below
	n    uint8
	hops [2]hop
	fact *Fact
	id   ssf.ID // of baseElement
}

type hop struct {
	column int8
	zone   bool
}

const (
	baseSelf int8 = -1 - iota
	baseSystem
	baseDeployment
	baseElement
)

// DefaultBudget is how many steps an evaluation may take: one for each part of
// the condition, once for each member that it looks at.
const DefaultBudget = 1 << 20

// A BudgetError is an evaluation that took more steps than it may.
type BudgetError struct {
	Condition ssf.Text
	Element   ssf.ID
	Budget    int
}

func (e *BudgetError) Error() string {
	return fmt.Sprintf("evaluating `%s` (%v) at %s: more than %d steps", e.Condition.S, e.Condition.Pos, e.Element, e.Budget)
}

// A Scratch holds what an evaluation needs, so that evaluating allocates only
// while it grows. The zero Scratch is ready. It serves one goroutine at a time.
type Scratch struct {
	Budget int // steps; DefaultBudget if 0

	world *World
	self  int32
	vars  [MaxNesting + 1]int32
	left  int   // of the budget; below 0 it is spent
	needs []Ref // unknown facts read by parts that are undecided so far
	rests []Ref // known facts likewise, if resting
	seen  map[Ref]struct{}

	resting bool
	watch   watch
}

// Eval is the truth of the condition at node n, which must be of the sort that
// the condition is on; a condition that does not read `self` may be evaluated
// at -1. The error is a [*BudgetError].
//
// Eval is Kleene's strong logic over the leaves. A leaf is unknown when its
// fact is, even where every word or no word of the domain would satisfy it.
// A fact read through a relation that is absent is unknown; an empty list makes
// `exists` false and `all` true. Of an end of a flow that does not carry a fact,
// the fact's value elsewhere is read.
//
// When the result is unknown, [Scratch.Needs] tells why. When it is known, Eval
// does not allocate.
func (c *Condition) Eval(w *World, n int32, s *Scratch) (Truth, error) {
	t, err := c.run(w, n, s, false)
	if t != Unknown {
		return t, err
	}
	s.needs = s.distinct(s.needs)
	return t, err
}

// Needs are the unknown facts that left the last Eval undecided: those read by
// parts of the condition that are undecided themselves, each once, in the order
// of evaluation. As long as none of them becomes known, the result stays
// unknown. It is empty for a known result, and where no fact could help, as
// when a function has no component. It is valid until s is used again.
func (s *Scratch) Needs() []Ref { return s.needs }

// Rests evaluates the condition and returns the known facts that its result
// stands on, each once, in the order of evaluation: if all other facts were
// unknown, the result would be the same. Of several members or alternatives
// that would each decide, the first counts. The slice is valid until s is used
// again.
func (c *Condition) Rests(w *World, n int32, s *Scratch) (Truth, []Ref, error) {
	t, err := c.run(w, n, s, true)
	s.needs = s.distinct(s.needs)
	s.rests = s.distinct(s.rests)
	return t, s.rests, err
}

func (c *Condition) run(w *World, n int32, s *Scratch, resting bool) (Truth, error) {
	c.scratch(w, n, s).resting = resting
	t := s.eval(c.root)
	if s.left < 0 {
		return Unknown, c.overBudget(n, s)
	}
	return t, nil
}

// scratch readies s for one evaluation at node n.
func (c *Condition) scratch(w *World, n int32, s *Scratch) *Scratch {
	if c.vocabulary != w.vocabulary {
		panic("rule: the condition and the world have different vocabularies")
	}
	s.world, s.self, s.resting = w, n, false
	s.needs, s.rests = s.needs[:0], s.rests[:0]
	if s.left = s.Budget; s.left == 0 {
		s.left = DefaultBudget
	}
	return s
}

func (c *Condition) overBudget(n int32, s *Scratch) error {
	s.needs, s.rests = s.needs[:0], s.rests[:0]
	e := &BudgetError{Condition: c.Text, Budget: cmp.Or(s.Budget, DefaultBudget)}
	if n >= 0 {
		e.Element = s.world.ids[n]
	}
	return e
}

// eval is the truth of a node. What it notes in needs and rests, it takes back
// when the parts that noted it turn out not to matter.
func (s *Scratch) eval(n *node) Truth {
	if s.left--; s.left < 0 {
		return Unknown
	}
	switch n.op {
	case opIs:
		w := s.read(&n.a)
		if w == 0 {
			return Unknown
		}
		return truthOf(n.mask[w>>6]>>(w&63)&1 != 0)
	case opAll:
		result, needs, rests := -n.truth, len(s.needs), len(s.rests)
		for _, kid := range n.kids {
			from := len(s.rests)
			switch s.eval(kid) {
			case n.truth:
				return s.decide(n.truth, needs, rests, from)
			case Unknown:
				result = Unknown
			}
		}
		return result
	case opEach:
		return s.each(n)
	case opNot:
		return -s.eval(n.kids[0])
	case opHas:
		w := s.read(&n.a)
		if w == 0 {
			return Unknown
		}
		return truthOf(w>>n.bit&1 != 0)
	case opCompare:
		a, b := s.read(&n.a), s.read(&n.b)
		if a == 0 || b == 0 {
			return Unknown
		}
		return truthOf(outcome(a, b)&n.accept != 0)
	case opSame:
		return s.eval(n.kids[0]) * s.eval(n.kids[1])
	}
	return n.truth
}

// each is the truth of exists and all.
func (s *Scratch) each(n *node) Truth {
	of := s.walk(&n.a)
	if of < 0 {
		return Unknown
	}
	result, needs, rests := -n.truth, len(s.needs), len(s.rests)
	for _, member := range s.world.lists[n.list].row(of) {
		s.vars[n.bind] = member
		from := len(s.rests)
		switch s.eval(n.kids[0]) {
		case n.truth:
			return s.decide(n.truth, needs, rests, from)
		case Unknown:
			if result = Unknown; s.left < 0 {
				return Unknown
			}
		}
	}
	return result
}

// decide takes back what undecided and overruled parts noted: everything but
// the rests of the part that decides, which begin at from.
func (s *Scratch) decide(t Truth, needs, rests, from int) Truth {
	s.needs = s.needs[:needs]
	s.rests = append(s.rests[:rests], s.rests[from:]...)
	return t
}

// walk is the element that r leads to, or -1.
func (s *Scratch) walk(r *ref) int32 {
	var n int32
	switch r.base {
	case baseSelf:
		n = s.self
	case baseSystem:
		n = s.world.system
	case baseDeployment:
		n = s.world.deployment
	case baseElement:
		n = s.world.Lookup(r.id)
	default:
		n = s.vars[r.base]
	}
	for _, hop := range r.hops[:r.n] {
		if n < 0 {
			return n
		}
		s.Touch(n)
		next := s.world.one[n][hop.column]
		if next < 0 && hop.zone {
			s.needs = append(s.needs, Ref{n, SlotZone})
		}
		n = next
	}
	s.Touch(n)
	return n
}

// read is the word of the fact that r names, and notes it.
func (s *Scratch) read(r *ref) Word {
	n := s.walk(r)
	if n < 0 {
		return 0
	}
	slot := r.fact.slot[s.world.sorts[n]]
	if slot < 0 {
		return r.fact.elsewhere
	}
	w := s.world.words[int(s.world.base[n])+int(slot)]
	if w == 0 {
		s.needs = append(s.needs, Ref{n, int32(slot)})
	} else if s.resting {
		s.rests = append(s.rests, Ref{n, int32(slot)})
	}
	return w
}

// distinct removes what refs repeats, in place.
func (s *Scratch) distinct(refs []Ref) []Ref {
	if len(refs) < 2 {
		return refs
	}
	if s.seen == nil {
		s.seen = make(map[Ref]struct{})
	}
	clear(s.seen)
	kept := refs[:0]
	for _, r := range refs {
		if _, ok := s.seen[r]; !ok {
			s.seen[r] = struct{}{}
			kept = append(kept, r)
		}
	}
	return kept
}
