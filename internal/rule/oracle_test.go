package rule

import (
	"math/rand/v2"
	"slices"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"

	"ssf"
)

// randomConditions compiles random conditions on every sort and calls do with
// each, and its text in standard CEL.
func randomConditions(t *testing.T, seed uint64, count int, do func(r *rand.Rand, c *Condition, celText string)) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	v := testVocabulary()
	compiler := NewCompiler(v)
	for i := range count {
		on := []ssf.Sort{ssf.SortFlow, ssf.SortComponent, ssf.SortFunction, ssf.SortAsset, ssf.SortActor}[i%5]
		w := &writer{Rand: r, v: v, on: maskOf(on)}
		text := w.condition(1 + r.IntN(4))
		c, ds := compiler.Compile(ssf.Text{S: text.ours}, Place{On: on, Elements: testElements})
		if len(text.ours) > MaxBytes {
			continue
		}
		if c == nil {
			t.Fatalf("%s: %+v", text.ours, ds)
		}
		do(r, c, text.cel)
	}
}

// TestOracle compares our evaluator with that of cel-go. The two are known to
// differ on unknowns within a list, on presence tests and on errors behind
// unknowns; our language has none of them.
func TestOracle(t *testing.T) {
	var count, quantified int
	var tally [3]int
	var s Scratch
	envs := make(map[ssf.Sort]*cel.Env)
	var worlds []*World
	var oracles []*oracle
	randomConditions(t, 1, 3000, func(r *rand.Rand, c *Condition, celText string) {
		env := envs[c.On]
		if env == nil {
			env = oracleEnv(t, c.On)
			envs[c.On] = env
		}
		ast, iss := env.Compile(celText)
		if iss.Err() != nil {
			t.Fatalf("%s: %v", celText, iss.Err())
		}
		program, err := env.Program(ast)
		if err != nil {
			t.Fatal(err)
		}
		for range 12 {
			if len(worlds) < 400 {
				worlds = append(worlds, randomWorld(r, c.vocabulary, 0.4*r.Float64(), 0.2*r.Float64()))
				oracles = append(oracles, newOracle(worlds[len(worlds)-1]))
			}
			i := r.IntN(len(worlds))
			w, oracle := worlds[i], oracles[i]
			for n := range int32(w.Len()) {
				if w.Sort(n) != c.On {
					continue
				}
				got, err := c.Eval(w, n, &s)
				if err != nil {
					t.Fatal(err)
				}
				out, _, err := program.Eval(oracle.activation(n))
				if err != nil {
					t.Fatalf("%s: %v", celText, err)
				}
				want := Unknown
				if b, ok := out.(types.Bool); ok {
					want = truthOf(bool(b))
				} else if !types.IsUnknown(out) {
					t.Fatalf("%s: got %v", celText, out)
				}
				if got != want {
					trace, _ := c.Explain(w, n, 9)
					t.Fatalf("%s at %s is %v, and by cel-go %v\n%+v", c.Text.S, w.ID(n), got, want, trace)
				}
				count++
				tally[want+1]++
				if hasEach(c.root) {
					quantified++
				}
			}
		}
	})
	t.Logf("%d evaluations, %d with exists or all; false, unknown, true: %v", count, quantified, tally)
	if count < 100_000 || quantified < count/4 || slices.Min(tally[:]) < count/10 {
		t.Errorf("the generator is too one-sided")
	}
}

func hasEach(n *node) bool { return n.op == opEach || slices.ContainsFunc(n.kids, hasEach) }

// oracleEnv is standard CEL with the names that a condition on a sort sees.
// `element("id")`, which it does not have, is a field of a map.
func oracleEnv(t *testing.T, on ssf.Sort) *cel.Env {
	element := cel.GlobalMacro("element", 1, func(f cel.MacroExprFactory, _ celast.Expr, args []celast.Expr) (celast.Expr, *cel.Error) {
		return f.NewSelect(f.NewIdent("elements"), string(args[0].AsLiteral().(types.String))), nil
	})
	opts := []cel.EnvOption{cel.Variable("elements", cel.DynType), cel.Macros(append(cel.StandardMacros, element)...)}
	for _, v := range variables(on) {
		opts = append(opts, cel.Variable(v.Name(), cel.DynType))
	}
	env, err := cel.NewEnv(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// oracle is a world as CEL sees it: a map for each node. What is unknown or
// absent is CEL's unknown value.
type oracle struct {
	w     *World
	nodes []map[string]any
	byID  map[string]any
}

func newOracle(w *World) *oracle {
	o := &oracle{w: w, byID: make(map[string]any)}
	for n := range int32(w.Len()) {
		o.nodes = append(o.nodes, make(map[string]any))
		o.byID[string(w.ID(n))] = o.nodes[n]
	}
	end := relations[From].to
	for n := range int32(w.Len()) {
		fields := o.nodes[n]
		mask := maskOf(w.Sort(n))
		for r := range relations {
			switch rel := relations[r]; {
			case rel.list >= 0 && rel.on&mask == 0 && mask&end != 0:
				fields[rel.name] = []any{} // an actor as the end of a flow
			case rel.on&mask == 0:
			case rel.list >= 0:
				members := []any{}
				for _, m := range w.Many(n, Relation(r)) {
					members = append(members, o.nodes[m])
				}
				fields[rel.name] = members
			default:
				fields[rel.name] = oracleUnknown
				if m := w.One(n, Relation(r)); m >= 0 {
					fields[rel.name] = o.nodes[m]
				}
			}
		}
		for _, f := range w.vocabulary.facts {
			if slot, ok := f.Slot(w.Sort(n)); ok {
				fields[string(f.ID)] = o.value(f, w.Get(n, slot))
			} else if mask&end != 0 {
				fields[string(f.ID)] = o.value(f, f.elsewhere)
			}
		}
	}
	return o
}

var oracleUnknown = types.NewUnknown(1, nil)

func (o *oracle) value(f *Fact, word Word) any {
	value := f.Decode(word)
	switch {
	case value == "":
		return oracleUnknown
	case f.Domain == ssf.Boolean:
		return value == ssf.Yes
	case f.Domain == ssf.Ordered:
		return int64(word)
	case f.Domain == ssf.Set:
		return value.Members()
	}
	return string(value)
}

func (o *oracle) activation(n int32) map[string]any {
	vars := map[string]any{
		"self": o.nodes[n], "elements": o.byID,
		"system": o.nodes[o.w.system], "deployment": o.nodes[o.w.deployment],
	}
	for name, v := range o.nodes[n] {
		if _, ok := relationOn(maskOf(o.w.Sort(n)), name); ok {
			vars[name] = v
		}
	}
	return vars
}

// TestParsersAgree holds the hand-written parser to the generated one.
func TestParsersAgree(t *testing.T) {
	generated, err := parser.NewParser(parser.Macros(parser.ExistsMacro, parser.AllMacro),
		parser.EnableVariadicOperatorASTs(true), parser.PopulateMacroCalls(true))
	if err != nil {
		t.Fatal(err)
	}
	written, err := parser.NewParser(parser.Macros(parser.ExistsMacro, parser.AllMacro), parser.EnablePrattParser(true),
		parser.EnableVariadicOperatorASTs(true), parser.PopulateMacroCalls(true))
	if err != nil {
		t.Fatal(err)
	}
	randomConditions(t, 2, 300, func(_ *rand.Rand, c *Condition, _ string) {
		var texts [2]string
		for i, p := range []*parser.Parser{generated, written} {
			tree, errs := p.Parse(common.NewTextSource(c.Text.S))
			if len(errs.GetErrors()) > 0 {
				t.Fatalf("%s: %s", c.Text.S, errs.ToDisplayString())
			}
			if texts[i], err = parser.Unparse(tree.Expr(), tree.SourceInfo()); err != nil {
				t.Fatal(err)
			}
		}
		if texts[0] != texts[1] {
			t.Errorf("%s\n%s\n%s", c.Text.S, texts[0], texts[1])
		}
	})
}

// TestCheckerKnowsDomains: CEL's checker is a second opinion on the lowering,
// so its environment must tell domains apart by itself.
func TestCheckerKnowsDomains(t *testing.T) {
	compiler := NewCompiler(testVocabulary())
	for text, want := range map[string]bool{
		`to.query_language == "sql"`:             true,
		`to.query_language == "no such"`:         true, // the words are not CEL's to know
		`to.query_language == to.other_language`: true,
		`to.query_language == to.skill`:          false,
		`to.zone.trust < "low"`:                  true,
		`to.query_language < "sql"`:              false,
		`self.encrypted < true`:                  false,
		`self.encrypted == "yes"`:                false,
		`self.checks == "type"`:                  false,
		`"type" in self.checks`:                  true,
		`"type" in to.query_language`:            false,
		`self.encrypted in ["yes"]`:              false,
		`self.notes == "x"`:                      false,
		`to.querylanguage == "sql"`:              false,
		`self == to`:                             false,
		`carries.exists(a, a.personal)`:          true,
		`to.exists(a, a.personal)`:               false,
		`to.exposed ? true : false`:              false,
		`"a" + "b" == "ab"`:                      false,
	} {
		input := common.NewTextSource(text)
		parsed, errs := compiler.parser.Parse(input)
		if len(errs.GetErrors()) > 0 {
			t.Fatal(errs.ToDisplayString())
		}
		_, errs = checker.Check(parsed, input, compiler.env(ssf.SortFlow))
		if got := len(errs.GetErrors()) == 0; got != want {
			t.Errorf("%s: checks %v: %s", text, got, errs.ToDisplayString())
		}
	}
}
