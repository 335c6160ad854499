package rule

import (
	"fmt"
	"sync"

	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/containers"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	cel "cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/parser"

	"ssf"
)

// A Compiler compiles conditions over one vocabulary. It is safe for
// concurrent use.
//
// It parses and checks with CEL's own parser and checker in an environment of
// its own: nothing of CEL's standard library is declared. The environment of
// each sort is made when the first condition on that sort is compiled.
type Compiler struct {
	vocabulary *Vocabulary
	parser     *parser.Parser
	functions  []*decls.FunctionDecl
	provider   provider
	envs       [numSorts + 1]struct { // by sortIndex + 1
		once sync.Once
		env  *checker.Env
	}
}

// NewCompiler makes a compiler. It panics if the vocabulary cannot be declared,
// which is a bug in this package.
func NewCompiler(v *Vocabulary) *Compiler {
	// The hand-written parser reads a condition in a twentieth of the time that
	// the generated one takes; a test holds the two together.
	p, err := parser.NewParser(
		parser.EnablePrattParser(true),
		parser.EnableVariadicOperatorASTs(true),
		parser.EnableHiddenAccumulatorName(true),
		parser.Macros(parser.ExistsMacro, parser.AllMacro),
		parser.ExpressionSizeCodePointLimit(MaxBytes),
		parser.MaxRecursionDepth(4*MaxNesting))
	if err != nil {
		panic(fmt.Sprintf("rule: %v", err))
	}
	c := &Compiler{vocabulary: v, parser: p, functions: functions(), provider: provider{vocabulary: v}}
	for _, f := range v.facts {
		c.provider.facts = append(c.provider.facts, &types.FieldType{Type: f.celType()})
	}
	return c
}

// env is the environment of conditions on a sort.
func (c *Compiler) env(sort ssf.Sort) *checker.Env {
	e := &c.envs[sortIndex(sort)+1]
	e.once.Do(func() {
		env, err := checker.NewEnv(containers.DefaultContainer, c.provider)
		if err == nil {
			err = env.AddFunctions(c.functions...)
		}
		if err == nil {
			err = env.AddIdents(variables(sort)...)
		}
		if err != nil {
			panic(fmt.Sprintf("rule: declaring conditions on %q: %v", sort, err))
		}
		e.env = env
	})
	return e.env
}

// variables are the names that a condition on a sort sees.
func variables(sort ssf.Sort) []*decls.VariableDecl {
	vs := []*decls.VariableDecl{
		decls.NewVariable("self", objectType(maskOf(sort))),
		decls.NewVariable("system", objectType(maskOf(ssf.SortSystem))),
		decls.NewVariable("deployment", objectType(maskOf(ssf.SortDeployment))),
	}
	for r := range relations {
		if relations[r].on&maskOf(sort) != 0 {
			vs = append(vs, decls.NewVariable(relations[r].name, relationTypes[r].Type))
		}
	}
	return vs
}

// scalarType is the type of a word of a domain. There is one CEL type for each
// domain, and the domain is a parameter, so that a few signatures serve all.
func scalarType(order, domain *types.Type) *types.Type {
	return types.NewOpaqueType("scalar", order, domain)
}

var (
	celEnum    = types.NewOpaqueType("enum")
	celOrdered = types.NewOpaqueType("ordered")
)

// celType is the type of the fact in CEL.
func (f *Fact) celType() *types.Type {
	domain := types.NewOpaqueType(f.domain)
	switch f.Domain {
	case ssf.Boolean:
		return types.BoolType
	case ssf.Enum:
		return scalarType(celEnum, domain)
	case ssf.Ordered:
		return scalarType(celOrdered, domain)
	case ssf.Set:
		return types.NewOpaqueType("set", domain)
	}
	return domain
}

// functions are the operators of the language. A type parameter makes checking
// several times slower, so only the comparison of two facts has one.
func functions() []*decls.FunctionDecl {
	text, truth, anything := types.StringType, types.BoolType, types.DynType
	domain := types.NewTypeParamType("D")
	fn := func(name string, result *types.Type, signatures ...[]*types.Type) *decls.FunctionDecl {
		var overloads []decls.FunctionOpt
		for i, args := range signatures {
			overloads = append(overloads, decls.Overload(fmt.Sprintf("%s %d", name, i), args, result))
		}
		f, err := decls.NewFunction(name, overloads...)
		if err != nil {
			panic(fmt.Sprintf("rule: declaring %s: %v", name, err))
		}
		return f
	}
	args := func(args ...*types.Type) []*types.Type { return args }
	compare := func(name string, order *types.Type, more ...[]*types.Type) *decls.FunctionDecl {
		return fn(name, truth, append(more,
			args(scalarType(order, anything), text), args(text, scalarType(order, anything)),
			args(scalarType(order, domain), scalarType(order, domain)))...)
	}
	return []*decls.FunctionDecl{
		fn(operators.LogicalAnd, truth, args(truth, truth)),
		fn(operators.LogicalOr, truth, args(truth, truth)),
		fn(operators.LogicalNot, truth, args(truth)),
		fn(operators.NotStrictlyFalse, truth, args(truth)),
		compare(operators.Equals, anything, args(truth, truth)),
		compare(operators.NotEquals, anything, args(truth, truth)),
		compare(operators.Less, celOrdered),
		compare(operators.LessEquals, celOrdered),
		compare(operators.Greater, celOrdered),
		compare(operators.GreaterEquals, celOrdered),
		fn(operators.In, truth, args(scalarType(anything, anything), types.NewListType(text)), args(text, types.NewOpaqueType("set", anything))),
		fn("element", anything, args(text)),
	}
}

// relationTypes are the types of what relations lead to.
var relationTypes = func() (ts [len(relations)]*types.FieldType) {
	for r, rel := range relations {
		t := objectType(rel.to)
		if rel.list >= 0 {
			t = types.NewListType(t)
		}
		ts[r] = &types.FieldType{Type: t}
	}
	return ts
}()

func objectType(m sortMask) *types.Type { return types.NewObjectType("ssf." + m.names()) }

// objects is every type of element by its CEL name: the sorts, an end of a
// flow, and what carries nothing.
var objects = func() map[string]sortMask {
	m := make(map[string]sortMask)
	add := func(s sortMask) { m[objectType(s).TypeName()] = s }
	add(0)
	for _, s := range ssf.Sorts {
		add(maskOf(s))
	}
	add(relations[From].to)
	return m
}()

// provider tells the checker what fields elements have: relations and facts.
type provider struct {
	vocabulary *Vocabulary
	facts      []*types.FieldType // by index
}

func (p provider) FindStructType(name string) (*types.Type, bool) {
	m, ok := objects[name]
	return types.NewTypeTypeWithParam(objectType(m)), ok
}

func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	m := objects[name]
	if r, ok := relationOn(m, field); ok {
		return relationTypes[r], true
	}
	if f := p.vocabulary.Fact(ssf.ID(field)); f != nil && f.carriedOn(m) {
		return p.facts[f.index], true
	}
	return nil, false
}

func (p provider) FindStructFieldNames(string) ([]string, bool) { return nil, false }
func (p provider) EnumValue(name string) cel.Val                { return types.NewErr("no enum %s", name) }
func (p provider) FindIdent(string) (cel.Val, bool)             { return nil, false }
func (p provider) NewValue(name string, _ map[string]cel.Val) cel.Val {
	return types.NewErr("no value %s", name)
}
