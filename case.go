package ssf

import (
	"iter"
	"time"
)

// CaseSchema names the version of the case's JSON form; see spec/case.schema.json.
const CaseSchema = "ssf/case/1"

// Inputs is all that an evaluation reads.
type Inputs struct {
	Model       *Model
	Diagnostics []Diagnostic // from reading the model
	Library     *Library
	Tree        *Tree
	Lock        *Lock      // nil: there is none
	Evidence    []Evidence // each after those that it names in Prev
	Now         time.Time
	Tool        string           // name and version of this program
	Line        func(Pos) string // a line of the model's files, for snippets; may be nil, and is called concurrently
}

// A Tree is what the repository holds at a commit: the paths of tracked and
// unignored files, sorted, with `/`. A nil Tree knows nothing, and then no place
// is judged. Its functions may be nil, and may be called at the same time.
type Tree struct {
	Commit  string // empty outside a repository
	Dirty   bool
	Changed []string // the paths that differ from the commit, sorted; those of deleted files too
	Files   []string
	// Symbols lists the places within a file.
	Symbols func(path string) (names []string, known bool)
	// Digest is SHA-256 over the bytes of a file, Read are the bytes of one that
	// is not too large to be source. Neither leaves the tree by a link.
	Digest func(path string) (Digest, bool)
	Read   func(path string) ([]byte, bool)
	// Toolchain is the version of what a program compiles with, such as
	// `go1.26.8` of `go`; empty if there is none or it is not known.
	Toolchain func(program string) string
	// Env is a variable of the environment.
	Env func(name string) (value string, set bool)
	// Ignored are the files in a folder, not below it, that Git ignores.
	Ignored func(dir string) []string
	// Outside are the paths that differ from the commit outside the folder, from
	// the top of the repository, sorted.
	Outside []string
}

// A Lock is what the lock file holds. Conflict is where Git left both sides of
// a merge in it, if it did; the pins are those of both.
type Lock struct {
	Pins     []Pin
	Conflict Pos
}

// A Case is the whole assurance case of a system: a plain value from which
// every output is made. Its JSON form is published and versioned.
type Case struct {
	Schema        string              `json:"schema"`
	Tool          string              `json:"tool"`
	System        SystemInfo          `json:"system"`
	Commit        string              `json:"commit"`
	Dirty         bool                `json:"dirty"`
	Now           time.Time           `json:"now"`
	Reach         Phase               `json:"reach"`
	ReachAsked    Phase               `json:"reach_asked,omitempty"`
	Phases        []PhaseResult       `json:"phases"`
	Gates         []GateResult        `json:"gates"`
	Elements      []ElementInfo       `json:"elements"`
	Threats       []Threat            `json:"threats"`
	Joined        []JoinedThreat      `json:"joined,omitempty"` // own threats that are the same as some of those
	Questions     []OpenQuestion      `json:"questions"`        // to answer now, those that decide most first
	Later         []OpenQuestion      `json:"later"`            // that answers to those may settle
	Matrices      []Matrix            `json:"matrices"`
	Requirements  []RequirementResult `json:"requirements"`
	Assumptions   []AssumptionInfo    `json:"assumptions"`
	Assertions    []FactRef           `json:"assertions"`
	Mitigations   []MitigationResult  `json:"mitigations"`
	Verifications []VerificationInfo  `json:"verifications"`
	Deployments   []DeploymentResult  `json:"deployments"`
	Decisions     []DecisionResult    `json:"decisions"`
	Pins          []Pin               `json:"pins"`
	Locked        bool                `json:"locked"` // there is a lock file
	Diagnostics   []Diagnostic        `json:"diagnostics"`
	Base          Comparison          `json:"base,omitzero"`
	People        []PersonInfo        `json:"people"`
	Rules         []RuleInfo          `json:"rules"`    // of the threats
	Measures      []MeasureInfo       `json:"measures"` // that the rules and mitigations name
	Checks        []CheckInfo         `json:"checks"`   // of the diagnostics
	Library       []LibraryRef        `json:"library"`
}

// SystemInfo says which product the case is about.
type SystemInfo struct {
	Name         string   `json:"name"`
	Version      string   `json:"version,omitempty"`
	Supplier     string   `json:"supplier,omitempty"`
	Purpose      string   `json:"purpose,omitempty"`
	Contact      string   `json:"contact,omitempty"`
	SupportUntil string   `json:"support_until,omitempty"`
	Misuse       []string `json:"misuse"`
}

// Status is the state of a control.
type Status string

// A control is Met only if its checks looked at something and found nothing;
// Unknown if an open question or an empty set leaves it undecided; NotAssessed
// if no check is registered for it.
const (
	Met         Status = "met"
	Unmet       Status = "unmet"
	UnknownYet  Status = "unknown"
	NotAssessed Status = "not_assessed"
)

// PhaseResult is one phase with its controls.
type PhaseResult struct {
	Name     Phase           `json:"name"`
	Done     int             `json:"done"`   // of Of: cells answered, threats treated, mitigated, verified
	Of       int             `json:"of"`     // 0: not shown
	Counts   string          `json:"counts"` // what Done and Of count
	Controls []ControlResult `json:"controls"`
}

// ControlResult is one control's state. Looked is how many subjects its checks
// examined; Open lists the subjects that are not right, Judged what only a
// person can say.
type ControlResult struct {
	ID     ID       `json:"id"`
	Title  string   `json:"title"`
	Status Status   `json:"status"`
	Why    string   `json:"why"`
	Looked int      `json:"looked"`
	Open   []ID     `json:"open"`
	Judged []string `json:"judged"`
}

// GateResult is one gate of the policy: Open are the threats that match it.
type GateResult struct {
	ID     ID   `json:"id"`
	Met    bool `json:"met"`
	AtMost int  `json:"at_most"`
	Open   []ID `json:"open"`
}

// ElementInfo is one element with the facts that hold of it.
type ElementInfo struct {
	ID      ID         `json:"id"`
	Sort    Sort       `json:"sort"`
	Name    string     `json:"name,omitempty"`
	Kind    ID         `json:"kind,omitempty"`
	Zone    ID         `json:"zone,omitempty"` // it is in; of a zone, the one around it
	From    ID         `json:"from,omitempty"`
	To      ID         `json:"to,omitempty"`
	Over    ID         `json:"over,omitempty"`    // protocol of a flow
	At      ID         `json:"at,omitempty"`      // component of a function
	Tech    []ID       `json:"tech,omitempty"`    // of a component
	Stores  []ID       `json:"stores,omitempty"`  // assets that a component keeps
	Sends   []ID       `json:"sends,omitempty"`   // assets that the caller of a flow sends
	Returns []ID       `json:"returns,omitempty"` // assets in the answer of a flow
	On      []ID       `json:"on,omitempty"`      // assets of a function
	Was     []ID       `json:"was,omitempty"`     // former ids
	Says    string     `json:"says,omitempty"`
	Facts   []FactInfo `json:"facts"`

	FromTool  string      `json:"from_tool,omitempty"` // its id in the tool that it was imported from
	Needs     []NeedInfo  `json:"needs,omitempty"`     // of an asset, as stated
	Code      []string    `json:"code,omitempty"`      // of a component: paths and globs
	Does      ID          `json:"does,omitempty"`      // of a function: what it does with its assets
	Allow     []AllowInfo `json:"allow,omitempty"`     // of a function
	Otherwise ID          `json:"otherwise,omitempty"` // of a function: deny or allow to everybody else
	Pos
}

// NeedInfo is how much of a property an asset needs, and who alone may.
type NeedInfo struct {
	Property Property `json:"property"`
	Level    Level    `json:"level"`
	Only     []ID     `json:"only,omitempty"`
}

// AllowInfo says how one actor or component may use a function: on which
// objects, and how it proves who it is.
type AllowInfo struct {
	Actor ID `json:"actor"`
	Scope ID `json:"scope"`
	Auth  ID `json:"auth"`
}

// FactInfo is a fact that is known, and where it comes from.
type FactInfo struct {
	Name  ID    `json:"name"`
	Value Value `json:"value"`
	Via   Via   `json:"via"`
	By    ID    `json:"by,omitempty"` // the kind, technology, protocol or person
}

// Via is how a fact came to be known.
type Via string

// The ways: written in the model; implied by a kind, technology or protocol;
// computed from structure; or fixed because the fact does not apply there.
const (
	Declared  Via = "declared"
	ImpliedBy Via = "implied"
	Derived   Via = "derived"
	NotHere   Via = "elsewhere"
)

// State is what has become of a threat. It is computed, never stored.
type State string

// The states. Open, Undecided, Unreviewed and Stale count as open; the others
// are treated.
const (
	Open          State = "open"
	Undecided     State = "undecided"
	Claimed       State = "claimed"
	Planned       State = "planned"
	Mitigated     State = "mitigated"
	Verified      State = "verified"
	Accepted      State = "accepted"
	Transferred   State = "transferred"
	NotApplicable State = "not_applicable"
	Unreviewed    State = "unreviewed"
	Stale         State = "stale"
)

// States lists the states from the worst to the best.
var States = []State{Open, Undecided, Stale, Unreviewed, Planned, Claimed, Accepted, Transferred, Mitigated, Verified, NotApplicable}

// Treated reports whether a threat in state s needs nothing more to count as treated.
func (s State) Treated() bool {
	switch s {
	case Open, Undecided, Unreviewed, Stale:
		return false
	}
	return true
}

// A Threat is one instance: a rule at an element, or a threat of the team's own.
type Threat struct {
	ID            ID        `json:"id"`
	Rule          ID        `json:"rule"`
	Element       ID        `json:"element"`
	Title         string    `json:"title"`
	Origin        Origin    `json:"origin"` // empty: nobody says, of one of the team's own
	Stride        []string  `json:"stride"`
	State         State     `json:"state"`
	Why           string    `json:"why"` // why it is in this state
	Risk          Level     `json:"risk"`
	Likelihood    Level     `json:"likelihood"`
	LikelihoodWhy string    `json:"likelihood_why"`
	Impact        Level     `json:"impact"`
	ImpactWhy     string    `json:"impact_why"`
	Endangers     []Cell    `json:"endangers"`                // the greatest needs first, at most MaxEndangers
	EndangersMore int       `json:"endangers_more,omitempty"` // cells beside those
	Mitigations   []ID      `json:"mitigations"`
	Measures      []ID      `json:"measures"`
	Needs         []FactRef `json:"needs"` // unknown facts that would decide it
	Rests         []FactRef `json:"rests"` // known facts that it stands on
	Basis         Digest    `json:"basis"`
	Changes       []Change  `json:"changes,omitempty"` // why it is stale
	Also          []ID      `json:"also,omitempty"`    // the team's own that it is the same as, as `own/ID`; see [Case.Joined]

	// Of a threat of the team's own; those of a rule stand in its [RuleInfo].
	Says       string `json:"says,omitempty"`
	Weaknesses []ID   `json:"weaknesses,omitempty"` // CWE ids
	Attacks    []ID   `json:"attacks,omitempty"`    // CAPEC ids
	Severity   Level  `json:"severity,omitempty"`   // the risk as its author rated it as a whole
	FromTool   string `json:"from_tool,omitempty"`  // its id in the tool that it was imported from
}

// A JoinedThreat is a threat of the team's own that has no instance of its own,
// because it is the same as derived ones: their rating and state are its.
type JoinedThreat struct {
	ID         ID     `json:"id"` // `own/ID`
	Element    ID     `json:"element"`
	Title      string `json:"title"`
	Says       string `json:"says"`
	As         []ID   `json:"as"`                   // the threats that it is the same as
	Weaknesses []ID   `json:"weaknesses,omitempty"` // CWE ids
	Attacks    []ID   `json:"attacks,omitempty"`    // CAPEC ids
	Severity   Level  `json:"severity,omitempty"`   // the risk as its author rated it as a whole; it counts where a factor is unknown
	FromTool   string `json:"from_tool,omitempty"`  // its id in the tool that it was imported from
	Pos
}

// MaxEndangers is how many endangered cells a threat names; a hub of thousands
// of assets would else repeat them in each threat at each of its flows.
const MaxEndangers = 20

// An OpenQuestion is one fact that is unknown at some elements.
type OpenQuestion struct {
	Fact     ID       `json:"fact"`
	Elements []ID     `json:"elements"`
	Asks     string   `json:"asks"`
	Values   []string `json:"values"`
	Means    []string `json:"means,omitempty"`    // what each of the values means, in their order
	KnownBy  []string `json:"known_by,omitempty"` // who usually knows
	Unlocks  int      `json:"unlocks"`            // threats that an answer decides or claims
	Asked    []ID     `json:"asked,omitempty"`    // elements at which somebody was asked already
}

// A Matrix is one elicitation matrix; only cells that apply stand in it.
type Matrix struct {
	Name     string       `json:"name"`
	Columns  []Property   `json:"columns"`
	Cells    []MatrixCell `json:"cells"`
	Answered int          `json:"answered"`
}

// MatrixCell is one cell and what answers it: needs, requirements, decisions,
// assumptions or the access rules of a function. None means a gap.
type MatrixCell struct {
	Cell       Cell  `json:"cell"`
	Level      Level `json:"level"`
	AnsweredBy []ID  `json:"answered_by"`
}

// RequirementStatus says whether a requirement is upheld.
type RequirementStatus string

// NotShown is a requirement that nothing endangers in the model: no threat was
// derived, so nothing shows that it holds.
const (
	Upheld             RequirementStatus = "upheld"
	UpheldByAssumption RequirementStatus = "upheld_by_assumption"
	Residual           RequirementStatus = "residual"
	NotShown           RequirementStatus = "not_shown"
	NotUpheld          RequirementStatus = "not_upheld"
)

// RequirementResult is one requirement and the threats that keep it open.
type RequirementResult struct {
	ID       ID                `json:"id"`
	Says     string            `json:"says"`
	Status   RequirementStatus `json:"status"`
	Protects []Cell            `json:"protects"`
	Threats  []ID              `json:"threats"`
	Open     []ID              `json:"open"`
	Pos
}

// AssumptionInfo is one assumption. Holds is whether its condition is true of
// the deployments: yes, no or unknown (empty).
type AssumptionInfo struct {
	ID    ID     `json:"id"`
	Says  string `json:"says"`
	Owner string `json:"owner"`
	Holds Value  `json:"holds"`
	When  string `json:"when"`

	Do      string `json:"do,omitempty"`     // how somebody finds out whether it holds
	Expect  string `json:"expect,omitempty"` // and what is seen if it does
	Effort  string `json:"effort,omitempty"`
	Default string `json:"default,omitempty"` // safe or unsafe, if nobody does anything
	Pos
}

// MitigationResult is one mitigation, the threats it counters and its places.
// One that is only proposed would counter them: no threat names it.
type MitigationResult struct {
	ID       ID     `json:"id"`
	Name     string `json:"name,omitempty"`
	Says     string `json:"says,omitempty"`
	FromTool string `json:"from_tool,omitempty"` // its id in the tool that it was imported from
	Measure  ID     `json:"measure,omitempty"`
	State    string `json:"state"` // proposed, planned or implemented
	Placed   bool   `json:"placed"`
	Where    []ID   `json:"where"`
	Counters []ID   `json:"counters"`
	Pos
}

// VerificationInfo is one verification and what it is worth today. Evidence is
// the records that decide it; the time, commit, key and tests are those of the
// latest of them.
type VerificationInfo struct {
	ID       ID           `json:"id"`
	State    Standing     `json:"state"`
	Why      string       `json:"why,omitempty"` // it does not stand, in a sentence
	Method   string       `json:"method"`
	Run      ID           `json:"run,omitempty"`
	Proven   bool         `json:"proven"` // seen red with its mitigation taken out
	Verifies []ID         `json:"verifies"`
	Inputs   int          `json:"inputs"`            // files and other things on which it rests; 0 if they were not looked at
	Changed  []string     `json:"changed,omitempty"` // of them, those that differ from its evidence
	Tests    []TestResult `json:"tests,omitempty"`
	Evidence []Digest     `json:"evidence"`
	Time     time.Time    `json:"time,omitzero"`
	Lapses   string       `json:"lapses,omitempty"` // the day on which it is too old, if it ever is
	Commit   string       `json:"commit,omitempty"`
	Key      string       `json:"key,omitempty"`
	Signer   ID           `json:"signer,omitempty"` // by which the model knows the key
	Pos
}

// Standing is what a verification is worth today: a [Result] with today's
// inputs, or one of these.
type Standing string

// The standings beside the results; see spec/evidence.md.
const (
	NeverRun Standing = "never_run"
	Disputed Standing = "disputed" // it passed and failed with the same inputs
	NotToday Standing = "stale"    // what it rests on has changed
	TooOld   Standing = "too_old"  // for its method
	Stands   Standing = "passed"   // it passed with today's inputs
)

// DeploymentResult says how one deployment differs from the worst of all.
type DeploymentResult struct {
	ID      ID      `json:"id"`
	Reach   Phase   `json:"reach"`
	Threats []Delta `json:"threats"`
}

// Delta is a threat whose state in one deployment is not the state in the case.
type Delta struct {
	ID    ID    `json:"id"`
	State State `json:"state"` // empty: not derived there
}

// DecisionResult is one entry of `decisions` and the threats that it covers.
// About is what it is about, as written: a threat or pattern, a cell, a finding.
type DecisionResult struct {
	About      string `json:"about"`
	Kind       string `json:"kind"` // threat, rate, cell or finding
	At         string `json:"at,omitempty"`
	Treat      string `json:"treat,omitempty"`
	Likelihood string `json:"likelihood,omitempty"` // that a rating sets
	Because    string `json:"because,omitempty"`
	By         ID     `json:"by,omitempty"`
	Until      string `json:"until,omitempty"`
	HoldsIf    string `json:"holds_if,omitempty"`
	To         ID     `json:"to,omitempty"` // the assumption that takes a transferred threat
	Due        string `json:"due,omitempty"`
	Owner      ID     `json:"owner,omitempty"`
	Ticket     string `json:"ticket,omitempty"`
	Lapsed     bool   `json:"lapsed"`
	Pattern    bool   `json:"pattern"` // it may cover more than one threat
	Covers     []ID   `json:"covers"`  // threats, or the cell
	Pos
}

// PinStatus is what the lock file knows of something that was decided.
type PinStatus string

// A pin is Confirmed if the lock holds it as it is; Added if it names one
// threat and was never confirmed, in which case it applies all the same;
// Unconfirmed if a pattern covers it that nobody confirmed; Outdated if what it
// rests on has changed since; and Gone if the lock holds what is decided no more.
const (
	Confirmed   PinStatus = "confirmed"
	Added       PinStatus = "new"
	Unconfirmed PinStatus = "unreviewed"
	Outdated    PinStatus = "stale"
	Gone        PinStatus = "gone"
)

// A Pin is one thing that stands, or should stand, in the lock file; see
// spec/lock.md.
type Pin struct {
	Kind    PinKind   `json:"kind"`
	ID      ID        `json:"id"`
	Treat   string    `json:"treat"` // what treats it; of a part of the library its version
	Digest  Digest    `json:"digest"`
	Rests   []string  `json:"rests,omitempty"` // what the digest is over, as NAME=VALUE
	Was     []ID      `json:"was,omitempty"`   // the ids that it may have in an older lock
	Status  PinStatus `json:"status"`
	Changes []Change  `json:"changes,omitempty"`
	Because string    `json:"because,omitempty"`
	Pos
}

// PinKind is the sort of thing that a pin is about.
type PinKind string

// The kinds of pin: parts of the library; treatments of threats, ratings, and
// answers to cells.
const (
	PinLibrary   PinKind = "library"
	PinCatalogue PinKind = "catalogue"
	PinStandard  PinKind = "standard"
	PinPolicy    PinKind = "policy"
	PinThreat    PinKind = "threat"
	PinRate      PinKind = "rate"
	PinCell      PinKind = "cell"

	// PinCheckpoint is a head of the evidence. It is no decision: no review
	// confirms it and nothing but new evidence replaces it.
	PinCheckpoint PinKind = "checkpoint"
)

// A Change is a value that is not what it was. Empty is a value that did not
// count then, or does not count now.
type Change struct {
	What string `json:"what"`
	Was  string `json:"was"`
	Is   string `json:"is"`
}

func (c Change) String() string {
	switch {
	case c.Was == "":
		return c.What + " is " + c.Is + ", and did not count before"
	case c.Is == "":
		return c.What + " was " + c.Was + ", and does not count any more"
	}
	return c.What + " was " + c.Was + " and is " + c.Is
}

// A Comparison is the case beside that of an earlier commit: what is worse now.
type Comparison struct {
	Rev    string  `json:"rev"`
	Commit string  `json:"commit"`
	Absent bool    `json:"absent"` // there was no model yet
	Worse  []Worse `json:"worse"`
	Known  int     `json:"known"` // diagnostics that were there before
}

// Worse is one thing that the change made worse.
type Worse struct {
	Subject ID     `json:"subject"`
	What    string `json:"what"`
}

// PersonInfo is one person who decides.
type PersonInfo struct {
	ID          ID     `json:"id"`
	Name        string `json:"name"`
	AcceptsUpTo Level  `json:"accepts_up_to"`
	ForAtMost   string `json:"for_at_most,omitempty"`
}

// RuleInfo is what a reader of the case needs of a rule.
type RuleInfo struct {
	ID         ID       `json:"id"`
	Title      string   `json:"title"`
	Origin     Origin   `json:"origin"`
	On         Sort     `json:"on"` // what its threats stand on
	Stride     []string `json:"stride"`
	Weaknesses []ID     `json:"weaknesses"` // CWE ids
	Attacks    []ID     `json:"attacks"`    // CAPEC ids
	Says       string   `json:"says"`
	Plain      string   `json:"plain,omitempty"`
	QuietWhen  string   `json:"quiet_when,omitempty"`
	Measures   []ID     `json:"measures"`
}

// MeasureInfo is what a reader of the case needs of a measure.
type MeasureInfo struct {
	ID     ID           `json:"id"`
	Title  string       `json:"title"`
	Kind   string       `json:"kind"`
	Effort Level        `json:"effort"`
	Says   string       `json:"says"`
	Leaves string       `json:"leaves,omitempty"`
	Where  string       `json:"where,omitempty"`
	Verify []RecipeInfo `json:"verify"`

	Answers []ID `json:"answers,omitempty"` // entries of catalogues that it answers, as `catalogue:id`
}

// RecipeInfo is one way to show that a measure works.
type RecipeInfo struct {
	Method string `json:"method"`
	How    string `json:"how"`
	Rules  []ID   `json:"rules,omitempty"`  // rules of analysers, as `gosec:G201`
	Expect string `json:"expect,omitempty"` // the evidence that shows it
	Fresh  string `json:"fresh,omitempty"`  // how long that holds: `change`, or a time such as 90d
	Break  string `json:"break,omitempty"`
}

// CheckInfo is what a reader of the case needs of a check.
type CheckInfo struct {
	ID       ID       `json:"id"`
	Severity Severity `json:"severity"`
	Control  ID       `json:"control,omitempty"`
	Title    string   `json:"title"`
	Says     string   `json:"says"`
	Fix      string   `json:"fix"`
}

// An Explanation tells why a rule's threat stands at an element, or why not.
type Explanation struct {
	ID      ID      `json:"id"`
	Rule    *Rule   `json:"-"`              // nil for a threat of the team's own
	Kind    string  `json:"kind,omitempty"` // how the kind of the element fits the rule's kinds
	Verdict string  `json:"verdict"`
	When    *Why    `json:"when,omitempty"`
	Unless  *Why    `json:"unless,omitempty"`
	Threat  *Threat `json:"threat,omitempty"`

	Joined   []JoinedThreat `json:"joined,omitempty"`   // the team's own that it is the same as
	Variants []Branch       `json:"variants,omitempty"` // of the attack: any of them is enough
	Steps    []Branch       `json:"steps,omitempty"`    // all of them are needed
}

// A Branch is a part of an attack that is a threat by itself, and where in the
// model that stands.
type Branch struct {
	Rule  ID         `json:"rule"`
	Title string     `json:"title"`
	At    []BranchAt `json:"at"`
}

// ThreatIDs are the ids of the threats, in their order.
func (c *Case) ThreatIDs() iter.Seq[ID] {
	return func(yield func(ID) bool) {
		for i := range c.Threats {
			if !yield(c.Threats[i].ID) {
				return
			}
		}
	}
}

// OnMitigation tells the rules whose threats stand on mitigations: their elements
// are ids of mitigations, which may be those of elements too.
func (c *Case) OnMitigation() map[ID]bool {
	out := map[ID]bool{}
	for i := range c.Rules {
		if c.Rules[i].On == SortMitigation {
			out[c.Rules[i].ID] = true
		}
	}
	return out
}

// BranchAt is one place of a branch.
type BranchAt struct {
	Element ID    `json:"element"`
	State   State `json:"state"`
}

// A Why is a condition or a part of it with its truth and the facts it read.
type Why struct {
	Text    string   `json:"text"`
	Truth   string   `json:"truth"`            // true, false or unknown
	Member  ID       `json:"member,omitempty"` // of a list, for parts of exists and all
	Facts   []FactAt `json:"facts,omitempty"`
	Parts   []Why    `json:"parts,omitempty"`
	Members int      `json:"members,omitempty"` // of exists and all: how many there are
	Omitted int      `json:"omitted,omitempty"` // and how many that matter are not shown
}

// A FactAt is a fact of an element with where it comes from.
type FactAt struct {
	Element ID `json:"element"`
	FactInfo
	Pos
}
