package lang

import (
	"slices"
	"sync"

	"ssf"
)

// A Target is a class of things that a reference may name.
type Target string

// The targets in a model, and those in the library.
const (
	AZone         Target = "zone"
	AnActor       Target = "actor"
	AnAsset       Target = "asset"
	AComponent    Target = "component"
	AFlow         Target = "flow"
	AFunction     Target = "function"
	TheSystem     Target = "system"
	APerson       Target = "person"
	ASigner       Target = "signer"
	ARequirement  Target = "requirement"
	AnAssumption  Target = "assumption"
	AnOwnThreat   Target = "own threat"
	AMitigation   Target = "mitigation"
	ARun          Target = "run"
	AVerification Target = "verification"
	AnAudit       Target = "audit"
	ADeployment   Target = "deployment"

	ALibrary   Target = "library"
	AFact      Target = "fact"
	AKind      Target = "kind"
	ATech      Target = "technology"
	AProtocol  Target = "protocol"
	ARule      Target = "threat"
	AMeasure   Target = "measure"
	AControl   Target = "control"
	ACatalogue Target = "catalogue"
	AList      Target = "list"
	AnAnalyser Target = "analyser"
	AStandard  Target = "standard"
	APolicy    Target = "policy"
	ACheck     Target = "check"
)

// allTargets are all of them, elements first.
var allTargets = []Target{
	AZone, AnActor, AnAsset, AComponent, AFlow, AFunction, TheSystem, APerson, ASigner, ARequirement, AnAssumption, AnOwnThreat, AMitigation, ARun, AVerification, AnAudit, ADeployment,
	ARule, AMeasure, AKind, ATech, AProtocol, AFact, AControl, ACatalogue, AList, AnAnalyser, AStandard, APolicy, ALibrary, ACheck,
}

// anElement are the targets that share one space of ids.
var anElement = []Target{TheSystem, AZone, AnActor, AnAsset, AComponent, AFlow, AFunction}

// aBearer is what a threat can stand on.
var aBearer = append(slices.Clone(anElement), AMitigation)

// A Type describes the values of a field, for messages, JSON Schema and docs.
// Name is text, word, enum, ref, list, dict, object, or the name of a small
// grammar; What says in words what is wanted.
type Type struct {
	Name    string
	What    string
	Values  []string // of an enum
	Targets []Target // of a ref
	Pattern string   // of a small grammar, as a regular expression of JSON Schema
	Elem    *Type    // of a list or dict
	Key     *Type    // of a dict, if its keys are told
	Some    bool     // of a list that may not be empty
	Or      *Type    // another form that is read too
	Rows    []Row    // of an object
	More    *Type    // of an object that takes facts: their type
	Title   string   // of an object: its name
}

// A Row is what the field table says of one key.
type Row struct {
	Key      string
	Doc      string
	Required bool
	Type     Type
}

// typ describes the object.
func (o *Object[T]) typ() Type {
	t := Type{Name: "object", Title: o.Name, What: ssf.Article(o.Name), More: o.MoreType}
	for _, f := range o.Fields {
		t.Rows = append(t.Rows, Row{f.Key, f.Doc, f.Required, f.Type})
	}
	return t
}

// Words is the vocabulary that a model may use: a library, indexed.
type Words struct {
	lib   *ssf.Library
	names map[Target][]string
	facts map[ssf.ID]*ssf.FactDef
	here  map[ssf.Sort][]string // facts that may be declared, by sort

	partial bool // a library has a fault, so that names may be missing
}

// NewWords indexes a library.
func NewWords(lib *ssf.Library) *Words {
	w := &Words{lib: lib, names: map[Target][]string{}, facts: map[ssf.ID]*ssf.FactDef{}, here: map[ssf.Sort][]string{}}
	add := func(t Target, id ssf.ID) { w.names[t] = append(w.names[t], string(id)) }
	for i := range lib.Facts {
		f := &lib.Facts[i]
		w.facts[f.ID] = f
		add(AFact, f.ID)
		for _, on := range f.On {
			w.here[ssf.Sort(on.ID)] = append(w.here[ssf.Sort(on.ID)], string(f.ID))
		}
	}
	for _, k := range lib.Kinds {
		add(AKind, k.ID)
	}
	for _, k := range lib.Techs {
		add(ATech, k.ID)
	}
	for _, k := range lib.Protocols {
		add(AProtocol, k.ID)
	}
	for _, x := range lib.Threats {
		add(ARule, x.ID)
	}
	for _, x := range lib.Measures {
		add(AMeasure, x.ID)
	}
	for _, x := range lib.Controls {
		add(AControl, x.ID)
	}
	for _, x := range lib.Checks {
		add(ACheck, x.ID)
	}
	for _, x := range lib.Catalogues {
		add(ACatalogue, x.ID)
	}
	for _, x := range lib.Lists {
		add(AList, x.ID)
	}
	for _, x := range lib.Analysers {
		add(AnAnalyser, x.ID)
	}
	for _, x := range lib.Standards {
		add(AStandard, x.ID)
	}
	for _, x := range lib.Policies {
		add(APolicy, x.ID)
	}
	for _, x := range lib.Packs {
		add(ALibrary, ssf.ID(x.Name))
	}
	for _, names := range w.names {
		slices.Sort(names)
	}
	return w
}

// has reports whether the library knows id as a t.
func (w *Words) has(t Target, id ssf.ID) bool {
	_, ok := slices.BinarySearch(w.names[t], string(id))
	return ok
}

// isKey reports whether a word is a key of the language or a fact, for who
// wonders what somebody meant.
func isKey(w *Words, word string) bool {
	if w != nil && w.facts[ssf.ID(word)] != nil {
		return true
	}
	return languageKeys()[word]
}

var languageKeys = sync.OnceValue(func() map[string]bool {
	keys := map[string]bool{}
	var add func(t Type)
	add = func(t Type) {
		for _, r := range t.Rows {
			keys[r.Key] = true
			add(r.Type)
		}
		if t.Elem != nil {
			add(*t.Elem)
		}
	}
	add(modelTable.typ())
	return keys
})
