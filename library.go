package ssf

import (
	"crypto/sha256"
	"fmt"
)

// A Library is what the program knows: vocabulary, threats, measures and the
// framework's controls, as read from files by internal/lang. Slices are sorted
// by id, but for the controls, which are in the framework's order; ids are
// unique within a slice.
type Library struct {
	Packs      []LibraryRef
	Facts      []FactDef
	Kinds      []KindDef
	Techs      []KindDef
	Protocols  []KindDef
	Threats    []Rule
	Measures   []Measure
	Controls   []Control
	Checks     []Check
	Catalogues []Catalogue
	Lists      []List
	Analysers  []Analyser
	Standards  []Standard
	Policies   []PolicyDef
}

// A LibraryRef pins one library: the digest is over its files.
type LibraryRef struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Digest  Digest `json:"digest"`
}

// Domain is the kind of value a fact takes.
type Domain string

// The domains. A Boolean has the words `yes` and `no`; an Enum has words
// without order; an Ordered has words from least to greatest; a Set holds any
// of its words; a Text is free and cannot be read by a condition.
const (
	Boolean  Domain = "boolean"
	Enum     Domain = "enum"
	Ordered  Domain = "ordered"
	Set      Domain = "set"
	FreeText Domain = "text"
)

// Class says what a fact may do to a threat.
type Class string

// A Nature fact says what a thing is and may decide whether a threat is there.
// A Control fact claims a protection: it never removes a threat, it asks for
// proof.
const (
	Nature       Class = "nature"
	ControlClass Class = "control"
)

// A FactDef is one word of the vocabulary.
type FactDef struct {
	Named
	Title     string
	Domain    Domain
	Values    []Ref    // the words, in order; for a boolean yes and no
	Means     []string // what each word says, in the order of Values; nil if the question tells it
	On        []Ref    // sorts that declare it
	Kinds     []Ref    // kinds of component it applies to; none means all
	DerivedOn []Ref    // sorts on which the engine computes it and nobody may declare it
	Elsewhere Value    // its value on a component of another kind
	Class     Class
	Assertion bool   // lowers a threat by nature: listed with who said so
	Asks      string // the question in plain words
	Why       string // what hangs on it
	Example   string
	KnownBy   []string // who usually knows the answer
}

// A KindDef is a kind of component, a technology or a protocol. Is is its
// parent, whose facts it inherits and may refine.
type KindDef struct {
	Named
	Is       Ref
	Title    string
	Says     string
	Implies  []Implied
	Because  string // why what it implies follows
	Tests    string // of a technology: the command that runs its tests
	Whole    bool   // what stands or falls with it is the product: it endangers all assets where it names none
	Runs     bool   // a process: it has a technology and code
	Abstract bool   // a superkind: its subkinds decide facts that rules read
}

// Implied is a fact that follows from a kind, technology or protocol.
type Implied struct {
	Fact  Ref
	Value Value
	Pos   Pos
	By    ID // the definition it stands in
}

// A Rule derives one threat. See the design of the library for each field.
type Rule struct {
	Named
	Since      string
	Title      string
	Origin     Origin
	On         Sort
	Kinds      []Ref
	Of         []Ref // on a mitigation: the measures that it goes around
	When       Text  // over nature facts
	Unless     Text  // over control facts
	Endangers  []Property
	Stride     []string
	Linddun    []string
	Weaknesses []Ref
	Attacks    []Ref
	Covers     []Ref // entries of published lists, as `list:entry`
	Likelihood Level
	Because    string
	Anywhere   bool // the likelihood is not shifted by exposure
	Says       string
	Plain      string
	QuietWhen  string
	Measures   []Ref
	Variants   []Ref
	Steps      []Ref
	Digest     Digest // over everything that decides, without prose
}

// Origin is where a threat comes from in the framework.
type Origin string

// The three origins of threats.
const (
	Behaviour      Origin = "behaviour"
	Architecture   Origin = "architecture"
	Implementation Origin = "implementation"
)

// Origins lists the origins in the framework's order.
var Origins = []Origin{Behaviour, Architecture, Implementation}

// A Measure counters threats; many to many.
type Measure struct {
	Named
	Title  string
	Kind   string // prevent, detect or recover
	Effort Level
	Says   string
	Leaves string // what it leaves open
	Where  string // where it usually sits
	Verify []Recipe

	DependsOn []Ref // measures without which it does not hold
	Answers   []Ref // ids of catalogues that it answers, as `catalogue:id`
}

// A Recipe tells how a measure is shown to work, and how to break it so that
// the verification is seen red.
type Recipe struct {
	Method string // test, scan, review, pentest, config_check or attestation
	How    string
	Rules  []Ref  // rules of analysers that bear on it, as `gosec:G201`
	Expect string // the evidence that shows it
	Fresh  string // how long that holds: `change`, or a time such as 90d
	Break  string
}

// An Analyser is a program whose rules recipes name. Its id is what the names of
// its rules begin with, such as `gosec:` or `codeql:go/`.
type Analyser struct {
	Named
	Title string
	For   []Ref  // technologies whose code it reads; none means any
	Says  string // what it looks at
}

// A List is what others publish about threats or weaknesses that matter: the
// library covers each entry, or says why not.
type List struct {
	Named
	Title   string
	Source  string
	Entries []ListEntry
}

// A ListEntry is one entry of a list. Weaknesses are those that its publisher
// maps to it; Hole is the reason why no rule covers it.
type ListEntry struct {
	Named
	Weaknesses []Ref
	Hole       string
}

// Phase is one phase of the framework, and the values of reach.
type Phase string

// The phases. Reach is the last phase all of whose controls are met.
const (
	PhaseNone           Phase = "none"
	PhaseContext        Phase = "context"
	PhaseThreats        Phase = "threats"
	PhaseImplementation Phase = "implementation"
	PhaseVerification   Phase = "verification"
	PhaseEvaluation     Phase = "evaluation"
)

// Phases lists the phases in order, without none.
var Phases = []Phase{PhaseContext, PhaseThreats, PhaseImplementation, PhaseVerification, PhaseEvaluation}

// A Control is one demand of the framework: what the developer does, by which
// criterion an auditor judges it, and what of that only a person can judge.
type Control struct {
	Named
	Phase     Phase // empty: it counts in every phase
	Title     string
	Action    string
	Criterion string
	Basis     string
	Judged    []string
}

// A Check is one kind of diagnostic, named `phase/name`.
type Check struct {
	Named
	Severity Severity
	Control  Ref
	Title    string
	Says     string // what it means and why it matters
	Fix      string // how to mend it
}

// A Catalogue is a list of controls that others publish: ids and levels only.
type Catalogue struct {
	Named
	Title  string
	Source string
	Levels []CatalogueLevel
}

// A CatalogueLevel lists the ids that a level adds to those before it.
type CatalogueLevel struct {
	Name string
	IDs  []string
}

// A Standard is a secure coding standard for some languages.
type Standard struct {
	Named
	Title string
	For   []Ref // technologies
	Rules []StandardRule
}

// A StandardRule is one rule of a standard, and the analyser rules that check it.
type StandardRule struct {
	Named
	Says      string
	CheckedBy []string
}

// A PolicyDef is an organisation's policy: a product may be stricter.
type PolicyDef struct {
	Named
	Title  string
	Policy Policy
}

// Decides is the digest of what a rule decides with: conditions, kinds,
// endangered properties, likelihood and measures, but no prose.
func (r *Rule) Decides() Digest {
	var props []string
	for _, p := range r.Endangers {
		props = append(props, string(p))
	}
	lists := [][]string{
		{string(r.ID), string(r.Origin), string(r.On), r.When.S, r.Unless.S, r.Likelihood.String(), fmt.Sprint(r.Anywhere)},
		words(r.Kinds), props, r.Stride, words(r.Measures), words(r.Variants), words(r.Steps),
	}
	if len(r.Of) > 0 {
		lists = append(lists, words(r.Of))
	}
	return digestOf(lists...)
}

// Decides is the digest of a catalogue's ids by level.
func (c *Catalogue) Decides() Digest {
	lists := [][]string{{string(c.ID)}}
	for _, l := range c.Levels {
		lists = append(lists, []string{l.Name}, l.IDs)
	}
	return digestOf(lists...)
}

// Decides is the digest of a standard's rules and of what checks them.
func (s *Standard) Decides() Digest {
	lists := [][]string{{string(s.ID)}, words(s.For)}
	for _, r := range s.Rules {
		lists = append(lists, []string{string(r.ID), r.Says}, r.CheckedBy)
	}
	return digestOf(lists...)
}

// Decides is the digest of what a policy demands.
func (p *PolicyDef) Decides() Digest {
	lists := [][]string{{string(p.ID), string(p.Policy.Reach.ID)}}
	for _, g := range p.Policy.Gates {
		lists = append(lists, []string{string(g.ID), string(g.Risk.ID), fmt.Sprint(g.AtMost)}, words(g.State), words(g.Origin))
	}
	return digestOf(lists...)
}

func words(rs []Ref) (out []string) {
	for _, r := range rs {
		out = append(out, string(r.ID))
	}
	return out
}

// digestOf is SHA-256 over lists of texts. Lists have their number of entries
// before them and entries their length, so that no two have the same encoding.
func digestOf(lists ...[]string) (d Digest) {
	h := sha256.New()
	for _, l := range lists {
		fmt.Fprintf(h, "%d;", len(l))
		for _, w := range l {
			fmt.Fprintf(h, "%d:%s", len(w), w)
		}
	}
	h.Sum(d[:0])
	return d
}
