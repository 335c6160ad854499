package format

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ssf"
)

// A Source is one document to read.
type Source struct {
	Name    string // of its file
	Root    *Node
	Library *ssf.Library
	// Open reads a file that the document names, from its own folder and nowhere
	// else; nil where there is none.
	Open func(name string) (*Node, error)

	lexicon *lexicon
}

// A Draft is a threat model as another tool's file tells it, in our words. What
// the file does not say stands nowhere in it: an empty field is not known.
type Draft struct {
	Tool   string // and the version that it names, as `Threat Dragon 2.3.0`
	System struct {
		Name, Says, Version, Supplier, Contact, Purpose string

		SupportUntil string // a date
		Misuse       []string
		Facts        []Fact
	}
	Unnamed      bool // flows and stores hold data that the source has no names for, as drawings do
	Elements     []*Element
	Threats      []*Threat
	Mitigations  []*Mitigation
	Requirements []*Requirement
	Assumptions  []*Assumption
	Report       Report

	keys     map[string]*Element
	repeated map[string]int // how often a key was taken when it was used again
}

// NewDraft begins the draft of a source.
func NewDraft(src *Source, tool string) *Draft {
	d := &Draft{Tool: strings.TrimSpace(tool), keys: map[string]*Element{}, repeated: map[string]int{}}
	d.Report.File, d.Report.Tool = src.Name, d.Tool
	return d
}

// An Element is a zone, an actor, a component, an asset, a flow or a function.
type Element struct {
	Node *Node  // where it stands
	Key  string // by which others in the draft refer to it; made unique by [Draft.Add]
	Sort ssf.Sort
	ID   string // in the tool, for people who look there
	Name string
	Says string
	Want ssf.ID // its id in our language, in a file that this program wrote
	Ours bool   // the source has no such thing; the reader made it of something else

	Kind    ssf.ID   // of a component; empty: not known
	Tech    []ssf.ID // of a component
	Zone    string   // key of the zone it is in; of a zone, the one around it
	At      string   // key of a function's component
	From    string   // keys of a flow's ends
	To      string
	Over    ssf.ID   // protocol
	Stores  []string // keys of assets
	Sends   []string
	Returns []string
	Both    bool // of a flow: data goes both ways
	On      []string
	Does    string // of a function
	Needs   map[ssf.Property]ssf.Level
	Facts   []Fact

	told bool // its file is no drawing; see [Draft.Unnamed]
}

// A Fact is what the source says of an element, in the words of the library.
type Fact struct {
	Name  ssf.ID
	Value ssf.Value
	Node  *Node
}

// Fact adds a fact to an element, if the source says it.
func (e *Element) Fact(at *Node, name ssf.ID, v ssf.Value) {
	if v != "" {
		e.Facts = append(e.Facts, Fact{name, v, at})
	}
}

// Status is what a tool says has become of a threat.
type Status string

// The statuses. NoStatus is a threat of which the tool says nothing, or
// something that only means that nobody looked yet.
const (
	NoStatus      Status = ""
	IsOpen        Status = "open"
	IsMitigated   Status = "mitigated"
	IsAccepted    Status = "accepted"
	IsTransferred Status = "transferred"
	IsNotRelevant Status = "not_applicable"
	InPlanning    Status = "planned"
)

// A Threat is one that the file lists, at one or more elements; at none it
// threatens the whole system.
type Threat struct {
	Node       *Node
	ID         string // in the tool
	Rule       string // id of the tool's own rule, if it came from one
	Name       string
	Says       string
	At         []string // keys of elements
	Origin     ssf.Origin
	Stride     []string       // in the words of the language; see [Stride]
	Weaknesses []string       // `CWE-89`
	Attacks    []string       // `CAPEC-66`
	Endangers  []ssf.Property // of all assets that its elements have to do with
	Cells      []Cell         // of single assets
	Severity   ssf.Level
	Likelihood ssf.Level
	Status     Status
	Because    string // the reason of the status
	By         string // who decided
	Until      string // date
	Ticket     string
	Mitigated  []string // keys of mitigations
	Same       []ssf.ID // rules of the library that mean the same, for a threat that came from a rule of the tool
	Want       ssf.ID   // its id in our language, in a file that this program wrote
	Derived    bool     // it is one of the library's own, so where the library derives it nothing else need say so
}

// A Cell is a property of an element, by its key.
type Cell struct {
	Element  string
	Property ssf.Property
}

// A Mitigation is a countermeasure that the file names. State is what the tool
// says of it: `proposed`, `planned` or `implemented`, and empty if nothing.
type Mitigation struct {
	Node  *Node
	Key   string
	ID    string // in the tool
	Name  string
	Says  string
	State string
	Want  ssf.ID // its id in our language, in a file that this program wrote
}

// A Requirement and an Assumption are texts that the file has as such.
type (
	Requirement struct {
		Node *Node
		ID   string
		Name string
		Says string
		Want ssf.ID
	}
	Assumption struct {
		Node    *Node
		ID      string
		Name    string
		Says    string
		Owner   string    // supplier, customer, operator or third_party
		Threats []*Threat // that it takes
		Want    ssf.ID
	}
)

// Add takes in an element. A key that is taken is a repeated id: the element
// gets a key of its own, and who refers to the id means the first.
func (d *Draft) Add(e *Element) *Element {
	if e.Key == "" {
		e.Key = e.Node.Path()
	}
	if first, ok := d.keys[e.Key]; ok {
		d.Report.Guess(e.Node, "the id %s is used before, at %s; what refers to it is taken to mean that one", Clip(cmp.Or(e.ID, e.Key)), first.Node.Path())
		base := e.Key
		for e.Key = ""; e.Key == ""; {
			d.repeated[base]++
			if k := fmt.Sprintf("%s (%d)", base, d.repeated[base]+1); d.keys[k] == nil {
				e.Key = k
			}
		}
	}
	d.keys[e.Key] = e
	d.Elements = append(d.Elements, e)
	return e
}

// Find is the element with a key, of one of some sorts if any are named; nil if
// there is none.
func (d *Draft) Find(key string, sorts ...ssf.Sort) *Element {
	e := d.keys[key]
	if e == nil || len(sorts) > 0 && !slices.Contains(sorts, e.Sort) {
		return nil
	}
	return e
}

// strideWords are spellings of STRIDE classes without case, spaces and signs.
var strideWords = map[string]string{
	"s": "spoofing", "t": "tampering", "r": "repudiation", "i": "information_disclosure", "d": "denial_of_service", "e": "elevation_of_privilege",
	"spoofing": "spoofing", "spoof": "spoofing", "spoofed": "spoofing", "identityspoofing": "spoofing", "spoofingidentity": "spoofing",
	"tampering": "tampering", "tamper": "tampering", "dataintegrity": "tampering",
	"repudiation": "repudiation", "repudiate": "repudiation", "nonrepudiation": "repudiation",
	"informationdisclosure": "information_disclosure", "infodisclosure": "information_disclosure", "informationdiscloure": "information_disclosure", "informationleakage": "information_disclosure", "disclosure": "information_disclosure",
	"denialofservice": "denial_of_service", "dos": "denial_of_service", "denial": "denial_of_service",
	"elevationofprivilege": "elevation_of_privilege", "elevationofprivileges": "elevation_of_privilege", "elevationprivilege": "elevation_of_privilege", "escalationofprivilege": "elevation_of_privilege", "escalationofprivileges": "elevation_of_privilege", "privilegeescalation": "elevation_of_privilege", "eop": "elevation_of_privilege",
}

// Stride is a class of STRIDE in the language's word, however it is spelled;
// empty if it is none.
func Stride(s string) string { return strideWords[Squeeze(s)] }

// Squeeze is a text as letters and digits in lower case: what is left when
// spellings differ in nothing else.
func Squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, s)
}

// ParseStatus is the status of a threat in the words of many tools; known is
// false for a word that is none of them.
func ParseStatus(s string) (status Status, known bool) {
	switch Squeeze(s) {
	case "", "na_", "none", "undecided", "unchecked", "new", "notstarted", "autogenerated", "threatidentified", "identified", "notset":
		return NoStatus, true
	case "open", "needsinvestigation", "inprogressopen", "exposed", "indiscussion", "unresolved", "todo":
		return IsOpen, true
	case "mitigated", "mitigationimplemented", "resolved", "fixed", "closed", "threatresolved", "implemented", "resolvedwithpedigree":
		return IsMitigated, true
	case "accepted", "accept", "riskaccepted", "acceptedrisk":
		return IsAccepted, true
	case "transferred", "transfer", "delegated":
		return IsTransferred, true
	case "notapplicable", "na", "notaffected", "falsepositive", "threatresolvednotuseful", "notuseful", "irrelevant", "avoided":
		return IsNotRelevant, true
	case "inprogress", "planned", "partlymitigated", "partiallymitigated":
		return InPlanning, true
	}
	return NoStatus, false
}

// ParseSeverity is a rating in the words of many tools; unknown for those that
// only say that nobody rated, and for words that are none.
func ParseSeverity(s string) (level ssf.Level, known bool) {
	switch Squeeze(s) {
	case "", "tba", "tbd", "unknown", "undefined", "na", "notset", "unrated":
		return ssf.Unknown, true
	case "critical", "veryhigh", "severe", "4":
		return ssf.Critical, true
	case "high", "elevated", "important", "3":
		return ssf.High, true
	case "medium", "moderate", "mid", "2":
		return ssf.Medium, true
	case "low", "minor", "verylow", "1", "informational", "info":
		return ssf.Low, true
	case "none":
		return ssf.None, true
	}
	return ssf.Unknown, false
}
