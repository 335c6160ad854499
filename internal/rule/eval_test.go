package rule

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssf"
)

// shopElements are what element() may name; one of them has gone since.
var shopElements = map[ssf.ID]ssf.Sort{"web": ssf.SortComponent, "gone": ssf.SortComponent}

// mustCompile compiles a condition over v.
func mustCompile(t testing.TB, v *Vocabulary, on ssf.Sort, text string) *Condition {
	t.Helper()
	c, ds := NewCompiler(v).Compile(ssf.Text{S: text}, Place{On: on, Elements: shopElements})
	if c == nil {
		t.Fatalf("%s: %+v", text, ds)
	}
	return c
}

// state sets the facts of a world, each `element.fact=value`.
func state(t testing.TB, w *World, facts ...string) {
	t.Helper()
	for _, text := range facts {
		ref, value, _ := strings.Cut(text, "=")
		id, fact, _ := strings.Cut(ref, ".")
		n := w.Lookup(ssf.ID(id))
		f := w.Vocabulary().Fact(ssf.ID(fact))
		slot, ok := f.Slot(w.Sort(n))
		word, valid := f.Encode(ssf.Value(value))
		if !ok || !valid {
			t.Fatalf("%s: slot %v, value %v", text, ok, valid)
		}
		w.Set(n, slot, word)
	}
}

// bookshop is a world with an actor, two components in one zone, a component
// without a zone and three flows.
func bookshop(t testing.TB, facts ...string) *World {
	w := NewWorld(testVocabulary())
	w.Add("system", "system")
	w.Add("prod", "deployment")
	inner, outer := w.Add("inner", "zone"), w.Add("outer", "zone")
	customer := w.Add("customer", "actor")
	web, db, cache := w.Add("web", "component"), w.Add("db", "component"), w.Add("cache", "component")
	card := w.Add("card", "asset")
	browse, query, peek := w.Add("browse", "flow"), w.Add("query", "flow"), w.Add("peek", "flow")
	w.Link(customer, Zone, outer)
	w.Link(web, Zone, inner)
	w.Link(db, Zone, inner)
	for _, f := range [][3]int32{{browse, customer, web}, {query, web, db}, {peek, cache, db}} {
		w.Link(f[0], From, f[1])
		w.Link(f[0], To, f[2])
		w.Link(f[2], Incoming, f[0])
		w.Link(f[1], Outgoing, f[0])
	}
	w.Link(query, Carries, card)
	w.Link(db, Stores, card)
	w.Link(card, Holders, db)
	w.Freeze()
	state(t, w, facts...)
	return w
}

func TestEval(t *testing.T) {
	for _, test := range []struct {
		at    ssf.ID
		text  string
		facts []string
		want  Truth
		needs string
	}{
		// leaves
		{"query", `to.query_language == "sql"`, []string{"db.query_language=sql"}, True, ""},
		{"query", `to.query_language == "sql"`, []string{"db.query_language=nosql"}, False, ""},
		{"query", `to.query_language != "sql"`, nil, Unknown, "db.query_language"},
		{"query", `to.query_language in ["none", "sql", "nosql"]`, nil, Unknown, "db.query_language"},
		{"query", `"low" < self.least_trust`, []string{"query.least_trust=medium"}, True, ""},
		{"query", `self.least_trust <= "medium"`, []string{"query.least_trust=high"}, False, ""},
		{"query", `"type" in self.checks`, []string{"query.checks={length,type}"}, True, ""},
		{"query", `"type" in self.checks`, []string{"query.checks={}"}, False, ""},
		{"query", `"type" in self.checks`, nil, Unknown, "query.checks"},
		{"query", `self.encrypted == self.exposed`, []string{"query.encrypted=no", "query.exposed=no"}, True, ""},
		{"query", `self.encrypted != self.exposed`, []string{"query.encrypted=no"}, Unknown, "query.exposed"},
		{"query", `self.least_trust == to.zone.trust`, []string{"inner.trust=low"}, Unknown, "query.least_trust"},
		{"query", `self.least_trust == self.least_trust`, nil, Unknown, "query.least_trust"},

		// the way to a fact
		{"peek", `from.zone.trust == "low"`, []string{"inner.trust=low"}, Unknown, "cache.zone"},
		{"peek", `from.zone.trust == "low" || to.zone.trust == "low"`, []string{"inner.trust=low"}, True, ""},
		{"browse", `from.query_language == "none"`, nil, True, ""}, // an actor has its value elsewhere
		{"browse", `from.builds_queries == "parametrised"`, nil, Unknown, ""},
		{"browse", `to.hostile`, nil, Unknown, ""},
		{"browse", `from.stores.exists(a, a.personal)`, nil, False, ""},
		{"card", `element("web").exposed`, []string{"web.exposed=yes"}, True, ""},
		{"card", `element("gone").exposed`, nil, Unknown, ""},
		{"card", `deployment.network == "private" && !system.can_hurt`, []string{"prod.network=private"}, Unknown, "system.can_hurt"},

		// lists
		{"db", `incoming.exists(f, f.encrypted)`, []string{"query.encrypted=no", "peek.encrypted=no"}, False, ""},
		{"db", `incoming.exists(f, f.encrypted)`, []string{"peek.encrypted=yes"}, True, ""},
		{"db", `incoming.exists(f, f.encrypted)`, []string{"query.encrypted=no"}, Unknown, "peek.encrypted"},
		{"db", `incoming.all(f, f.encrypted)`, []string{"query.encrypted=no"}, False, ""},
		{"db", `incoming.all(f, f.encrypted)`, nil, Unknown, "query.encrypted peek.encrypted"},
		{"cache", `incoming.exists(f, f.encrypted)`, nil, False, ""},
		{"cache", `incoming.all(f, f.encrypted)`, nil, True, ""},
		{"card", `holders.exists(c, c.incoming.all(f, f.from.zone.trust >= c.zone.trust))`, []string{"inner.trust=low"}, Unknown, "cache.zone"},

		// only what is undecided asks
		{"query", `self.encrypted && to.exposed`, []string{"db.exposed=no"}, False, ""},
		{"query", `self.encrypted || to.exposed`, []string{"db.exposed=yes"}, True, ""},
		{"query", `(self.encrypted && to.exposed) || self.exposed`, []string{"db.exposed=no"}, Unknown, "query.exposed"},
		{"query", `(self.encrypted || to.exposed) && self.exposed`, []string{"db.exposed=yes"}, Unknown, "query.exposed"},
		{"query", `self.exposed && (self.encrypted || !self.exposed)`, nil, Unknown, "query.exposed query.encrypted"},
		{"db", `incoming.exists(f, f.encrypted && f.exposed)`, []string{"query.exposed=no"}, Unknown, "peek.encrypted peek.exposed"},
	} {
		w := bookshop(t, test.facts...)
		c := mustCompile(t, w.Vocabulary(), w.Sort(w.Lookup(test.at)), test.text)
		var s Scratch
		got, err := c.Eval(w, w.Lookup(test.at), &s)
		if err != nil {
			t.Fatal(err)
		}
		var needs []string
		for _, r := range s.Needs() {
			needs = append(needs, w.FactRef(r).String())
		}
		if got != test.want || strings.Join(needs, " ") != test.needs {
			t.Errorf("%s at %s with %v is %v and needs %v, want %v and %s", test.text, test.at, test.facts, got, needs, test.want, test.needs)
		}
	}
}

// TestTruthTables states Kleene's logic in full: rows and columns are false,
// unknown, true.
func TestTruthTables(t *testing.T) {
	for _, test := range []struct {
		text string
		want [3][3]Truth
	}{
		{`self.exposed && self.encrypted`, [3][3]Truth{{False, False, False}, {False, Unknown, Unknown}, {False, Unknown, True}}},
		{`self.exposed || self.encrypted`, [3][3]Truth{{False, Unknown, True}, {Unknown, Unknown, True}, {True, True, True}}},
		{`self.exposed == self.encrypted`, [3][3]Truth{{True, Unknown, False}, {Unknown, Unknown, Unknown}, {False, Unknown, True}}},
		{`self.exposed != self.encrypted`, [3][3]Truth{{False, Unknown, True}, {Unknown, Unknown, Unknown}, {True, Unknown, False}}},
		{`!self.exposed && (self.encrypted || true)`, [3][3]Truth{{True, True, True}, {Unknown, Unknown, Unknown}, {False, False, False}}},
	} {
		var got [3][3]Truth
		values := []string{"no", "", "yes"}
		for i := range values {
			for j := range values {
				w := bookshop(t, "query.exposed="+values[i], "query.encrypted="+values[j])
				got[i][j], _ = mustCompile(t, w.Vocabulary(), ssf.SortFlow, test.text).Eval(w, w.Lookup("query"), new(Scratch))
			}
		}
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", test.text, d)
		}
	}
}

func TestDeployments(t *testing.T) {
	v := testVocabulary()
	w := NewWorld(v)
	w.Add("system", "system")
	w.Add("eu", "deployment")
	us := w.Add("us", "deployment")
	w.Freeze()
	state(t, w, "eu.network=private", "us.network=public")
	c := mustCompile(t, v, ssf.SortSystem, `deployment.network == "private"`)
	var s Scratch
	here, _ := c.Eval(w, 0, &s)
	there, _ := c.Eval(w.In(us), 0, &s)
	nowhere, _ := c.Eval(w.In(-1), -1, &s)
	if here != True || there != False || nowhere != Unknown {
		t.Errorf("got %v, %v and %v", here, there, nowhere)
	}
}

func TestRests(t *testing.T) {
	w := bookshop(t, "query.encrypted=yes", "peek.encrypted=yes", "query.exposed=no", "db.exposed=yes")
	for _, test := range []struct{ at, text, want string }{
		{"query", `self.encrypted || to.exposed`, "query.encrypted"},
		{"query", `self.exposed || to.exposed`, "db.exposed"},
		{"query", `self.encrypted && to.exposed`, "query.encrypted db.exposed"},
		{"query", `self.encrypted && self.exposed`, "query.exposed"},
		{"query", `self.encrypted && self.least_trust == "low"`, "query.encrypted"},
		{"db", `incoming.all(f, f.encrypted)`, "query.encrypted peek.encrypted"},
		{"db", `incoming.exists(f, f.encrypted)`, "query.encrypted"},
	} {
		var s Scratch
		at := w.Lookup(ssf.ID(test.at))
		_, rests, err := mustCompile(t, w.Vocabulary(), w.Sort(at), test.text).Rests(w, at, &s)
		var got []string
		for _, r := range rests {
			got = append(got, w.FactRef(r).String())
		}
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s at %s rests on %v, want %s (%v)", test.text, test.at, got, test.want, err)
		}
	}
}

// hub is a component that flows many flows come into.
func hub(v *Vocabulary, flows int) *World {
	w := NewWorld(v)
	web := w.Add("web", "component")
	for i := range flows {
		f := w.Add(ssf.ID(fmt.Sprintf("f%d", i)), "flow")
		w.Link(web, Incoming, f)
		w.Link(f, To, web)
	}
	w.Freeze()
	return w
}

// TestHubIsLinear counts steps, so that it holds on any machine.
func TestHubIsLinear(t *testing.T) {
	v := testVocabulary()
	c := mustCompile(t, v, ssf.SortComponent, `incoming.exists(f, f.encrypted && "type" in f.checks) || self.exposed`)
	steps := func(flows int) int {
		w, s := hub(v, flows), Scratch{}
		got, err := c.Eval(w, 0, &s)
		if want := 2*flows + 1; got != Unknown || err != nil || len(s.Needs()) != want {
			t.Fatalf("%v, %v, %d needs, want %d", got, err, len(s.Needs()), want)
		}
		return DefaultBudget - s.left
	}
	if one, ten := steps(1000), steps(10_000); ten > 10*one || ten > 31_000 {
		t.Errorf("%d steps for 1,000 flows, %d for 10,000", one, ten)
	}
}

func TestBudget(t *testing.T) {
	v := testVocabulary()
	c, _ := NewCompiler(v).Compile(ssf.Text{S: `incoming.all(f, f.to.incoming.all(g, g.encrypted))`, Pos: ssf.Pos{File: "r.yaml", Line: 3, Col: 7}}, Place{On: ssf.SortComponent})
	w := hub(v, 10_000)
	for n := range int32(w.Len()) {
		if w.Sort(n) == ssf.SortFlow {
			state(t, w, string(w.ID(n))+".encrypted=yes")
		}
	}
	var s Scratch
	got, err := c.Eval(w, 0, &s)
	var budget *BudgetError
	if got != Unknown || !errors.As(err, &budget) || budget.Element != "web" || len(s.Needs()) > 0 {
		t.Errorf("got %v, %v", got, err)
	}
	want := "evaluating `incoming.all(f, f.to.incoming.all(g, g.encrypted))` (r.yaml:3:7) at web: more than 1048576 steps"
	if err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, err := c.Explain(w, 0, 3); !errors.As(err, &budget) {
		t.Errorf("explain: %v", err)
	}
}

// TestNoAllocation: once a Scratch has grown, a known result costs none, also
// where parts were undecided on the way.
func TestNoAllocation(t *testing.T) {
	v := testVocabulary()
	w := hub(v, 100)
	state(t, w, "f99.encrypted=yes", "web.query_language=sql")
	var s Scratch
	for _, text := range []string{
		`self.query_language == "sql"`,
		`incoming.exists(f, f.encrypted)`,
		`incoming.exists(f, f.encrypted && f.to.query_language in ["sql", "nosql"])`,
	} {
		c := mustCompile(t, v, ssf.SortComponent, text)
		if n := testing.AllocsPerRun(100, func() {
			if got, _ := c.Eval(w, 0, &s); got != True {
				t.Fatalf("%s is %v", text, got)
			}
		}); n != 0 {
			t.Errorf("%s allocates %v times", text, n)
		}
	}
}

func TestExplain(t *testing.T) {
	w := bookshop(t, "query.encrypted=yes", "peek.encrypted=no", "browse.encrypted=no", "inner.trust=low")
	db := w.Lookup("db")
	text := `!(self.zone.trust < "low") && (incoming.exists(f, f.encrypted || f.from.zone.trust == "none"))`
	got, err := mustCompile(t, w.Vocabulary(), ssf.SortComponent, text).Explain(w, db, 1)
	if err != nil {
		t.Fatal(err)
	}
	fact := func(element, fact ssf.ID, value ssf.Value) []FactValue {
		return []FactValue{{ssf.FactRef{Element: element, Fact: fact}, value}}
	}
	want := Trace{Text: text, Truth: True, Parts: []Trace{
		{Text: `!(self.zone.trust < "low")`, Truth: True, Parts: []Trace{
			{Text: `self.zone.trust < "low"`, Truth: False, Facts: fact("inner", "trust", "low")},
		}},
		{Text: `incoming.exists(f, f.encrypted || f.from.zone.trust == "none")`, Truth: True, Members: 2, Parts: []Trace{
			{Text: `f.encrypted || f.from.zone.trust == "none"`, Truth: True, Member: "query", Parts: []Trace{
				{Text: `f.encrypted`, Truth: True, Facts: fact("query", "encrypted", "yes")},
				{Text: `f.from.zone.trust == "none"`, Truth: False, Facts: fact("inner", "trust", "low")},
			}},
		}},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}

	got, err = mustCompile(t, w.Vocabulary(), ssf.SortComponent, `incoming.all(f, f.from.zone.trust == "none")`).Explain(w, db, 0)
	if err != nil || got.Truth != False || got.Members != 2 || got.Omitted != 1 || len(got.Parts) > 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	got, _ = mustCompile(t, w.Vocabulary(), ssf.SortFlow, `from.zone.trust == "none"`).Explain(w, w.Lookup("peek"), 3)
	if d := cmp.Diff(fact("cache", "zone", ""), got.Facts); d != "" || got.Truth != Unknown {
		t.Errorf("%v (-want +got)\n%s", got.Truth, d)
	}
}
