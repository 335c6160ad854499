package ssf

// A Ref is a word with the place where it stands: a reference, a value of an
// enumeration, a path. The zero Ref is absent.
type Ref struct {
	ID  ID
	Pos Pos
}

// A Text is prose with its place.
type Text struct {
	S   string
	Pos Pos
}

// A Model is what a team wrote, read and resolved: every reference in it
// exists, or a diagnostic says so. Slices keep the order of the files.
type Model struct {
	Version      Ref // of the language, from `ssf:`
	System       System
	Use          Use
	People       []Person
	Signers      []Signer
	Zones        []Zone
	Actors       []Actor
	Assets       []Asset
	Components   []Component
	Flows        []Flow
	Functions    []Function
	Requirements []Requirement
	Assumptions  []Assumption
	Threats      []OwnThreat
	Decisions    []Decision
	Mitigations  []Mitigation
	Runs         []Run
	Verify       []Verification
	Audits       []Audit
	Deployments  []Deployment
	Policy       Policy
}

// Named is what everything with an id has.
type Named struct {
	ID  ID
	Pos Pos // of the id
}

// Element is what the parts of a system share. Facts are those declared here.
type Element struct {
	Named
	Title string // `name:`, for people
	Says  string
	Was   []Ref // former ids
	From  string
	Facts []DeclaredFact
}

// A DeclaredFact is an inline key of an element. Value is unknown where the
// team says that it does not know yet (`{unknown: yes, asked: cto}`).
type DeclaredFact struct {
	Fact  Ref
	Value Value
	Pos   Pos // of the value
	Asked Ref // person who was asked
	Until Ref // date by which an answer is due
}

// System is the product as a whole; its element id is `system`.
type System struct {
	Element
	Version      Text // as text; `git` takes it from the commit
	Supplier     Text
	Purpose      Text
	Misuse       []Text
	Contact      Text
	SupportUntil Ref // a date
}

// Use names what the model builds on.
type Use struct {
	Libraries  []Ref
	Catalogues []Ref // `name` or `name@level`
	Standards  []Ref
	Policy     Ref
}

// A Person decides; AcceptsUpTo is the highest risk the person may accept.
type Person struct {
	Named
	Title       string
	AcceptsUpTo Ref // level
	ForAtMost   Ref // duration
}

// A Signer is a key whose evidence this model expects.
type Signer struct {
	Named
	Key Ref
}

// A Zone is a trust zone, possibly inside another.
type Zone struct {
	Element
	In Ref
}

// An Actor is a person or a system outside the product that takes part.
type Actor struct {
	Element
	Zone Ref
}

// An Asset is what is worth protecting.
type Asset struct {
	Element
	Needs []Need
}

// A Need says how much of a property an asset needs; Only restricts it to the
// named actors and components, which is a requirement too.
type Need struct {
	Property Ref
	Level    Ref
	Only     []Ref
}

// A Component is a part of the product that runs, stores or is delivered.
type Component struct {
	Element
	Kind   Ref
	Zone   Ref
	Tech   []Ref
	TechAt Pos   // of the `tech` key; not Known means unknown, not none
	Code   []Ref // globs
	Stores []Ref
	Calls  []Flow // the short form of flows from here
}

// A Flow carries data: request and answer are one flow.
type Flow struct {
	Element
	From, To Ref
	Over     Ref // protocol
	Sends    []Ref
	Returns  []Ref
}

// A Function is behaviour: who may do what with what.
type Function struct {
	Element
	At        Ref // component
	Does      Ref
	On        []Ref // assets
	Allow     []Allow
	Otherwise Ref
	Misuse    []Ref // threats that were considered
}

// Allow says how one actor may use a function.
type Allow struct {
	Actor Ref
	Scope Ref
	Auth  Ref
}

// A CellRef is a cell as written, with the places of both parts.
type CellRef struct {
	Element, Property Ref
}

// Cell is the cell it names.
func (c CellRef) Cell() Cell { return Cell{c.Element.ID, Property(c.Property.ID)} }

// A Requirement says what secure means for this system.
type Requirement struct {
	Named
	Says     string
	Protects []CellRef
	Meets    []Ref // `catalogue:id`
}

// An Assumption is a contract about the environment: who owns it, when it
// holds, how it is checked and what falls if it is false.
type Assumption struct {
	Named
	Says      string
	Owner     Ref
	HoldsIf   Text // a condition
	Do        Text // the check
	Expect    Text
	When      Ref
	Effort    Ref
	Default   Ref
	Dismisses []Pattern
	Answers   []CellRef
}

// A Pattern names threat instances: `rule@element`, `*` standing for any run
// of characters on its own side of the @.
type Pattern struct {
	Rule, Element Ref
	Pos           Pos
}

// ID is the pattern as written.
func (p Pattern) ID() ID { return Instance(p.Rule.ID, p.Element.ID) }

// An OwnThreat is a threat that the team found itself, or another tool.
// Severity is the risk as its author rated it as a whole. SameAs are threats of
// the library that it is the same as: while one of them is there, it stands in
// that one and not by itself.
type OwnThreat struct {
	Named
	Title      string // `name:`, for people
	From       string // its id in the tool that it came from
	At         Ref
	Says       string
	Origin     Ref
	Endangers  []CellRef
	Stride     []Ref
	Weaknesses []Ref // CWE ids
	Attacks    []Ref // CAPEC ids
	Likelihood Ref
	Severity   Ref
	SameAs     []Pattern
}

// Name is what it is called for people: its name, or what it says.
func (t *OwnThreat) Name() string {
	if t.Title != "" {
		return t.Title
	}
	return t.Says
}

// A Decision is one entry of `decisions`: what the team does about a threat, a
// cell or a finding, other than mitigating it, with person, reason and end.
type Decision struct {
	Pos     Pos
	Threat  Pattern // exact or with `*`; the element side is empty with At
	At      []Where // attributes that select elements
	Cell    CellRef
	Finding Ref
	In      Ref // glob of a finding
	Rate    Pattern
	Treat   Ref
	Because Text
	By      Ref
	Until   Ref // date
	HoldsIf Text
	To      Ref // assumption that takes a transferred threat
	Level   Ref // the likelihood of `rate`
	Due     Ref // plan
	Owner   Ref
	Ticket  Ref
}

// Where is one attribute of a decision's `at`: the element's Key is Value.
type Where struct {
	Key, Value Ref
}

// A Mitigation counters threats at a place, with a measure of the library or
// of the team's own making.
type Mitigation struct {
	Named
	Title    string // `name:`, for people
	From     string // its id in the tool that it came from
	Says     string
	Measure  Ref
	Counters []Pattern
	Where    []Ref
	State    Ref
}

// A Run is a command that serves verifications, or a report that is read.
type Run struct {
	Named
	Command []Ref // program and arguments; of a shell one text
	Line    Ref   // the command as it is written, where it is one text
	Shell   Ref
	Read    Ref // glob
	Signer  Ref
	Limit   Ref   // time limit
	Env     []Ref // variables of the environment that the command may see
}

// A Verification shows that mitigations or claimed facts hold.
type Verification struct {
	Named
	Says     string
	Verifies []Ref // mitigation, or `element.fact`
	In       Ref   // run
	Tests    []Ref
	Covers   []Ref
	Method   Ref
	Breaks   []Break
}

// A Break takes a mitigation out, to see its verification go red.
type Break struct {
	Pos        Pos
	How        Ref // skip, replace, patch, env, config, canary or none
	Value      Ref
	With       Text // of replace
	Red, Green []Ref
	Because    Text // of none
	By         Ref
}

// An Audit checks code against a standard with an analyser.
type Audit struct {
	Named
	Standard Ref
	Command  []Ref
	Read     Ref
	Covers   []Ref
}

// A Deployment is one way the product runs; each is evaluated by itself.
type Deployment struct {
	Element
}

// A Policy is what this product demands of itself.
type Policy struct {
	Pos   Pos
	Reach Ref
	Gates []Gate
}

// A Gate fails the check when more than AtMost threats match.
type Gate struct {
	Named
	Risk   Ref // `at_least LEVEL`, `at_most LEVEL` or `LEVEL`
	State  []Ref
	Origin []Ref
	AtMost int
}

// HasRef reports whether one of the references is to id.
func HasRef(rs []Ref, id ID) bool {
	for _, r := range rs {
		if r.ID == id {
			return true
		}
	}
	return false
}
