package ssf

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
)

// An ID names one thing: an element, a rule, a requirement. Ids of a model are
// kebab-case; a threat instance is `rule@element`.
type ID string

// Instance is the id of rule's threat at element.
func Instance(rule, element ID) ID { return rule + "@" + element }

// Pos is a place in a file: line and columns count from 1, columns in runes.
// EndCol is the column after the last rune; 0 means the place has no extent.
// The zero Pos is no place.
type Pos struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Col    int    `json:"column,omitempty"`
	EndCol int    `json:"end_column,omitempty"`
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Known reports whether p is a place at all.
func (p Pos) Known() bool { return p.File != "" }

// Compare orders places by file, line and column.
func (p Pos) Compare(q Pos) int {
	if c := strings.Compare(p.File, q.File); c != 0 {
		return c
	}
	if p.Line != q.Line {
		return p.Line - q.Line
	}
	return p.Col - q.Col
}

// A Digest is a SHA-256 over a canonical encoding.
type Digest [sha256.Size]byte

func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText writes the digest as 64 hexadecimal digits.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Digest) UnmarshalText(b []byte) error {
	if len(b) != 2*len(d) {
		return fmt.Errorf("reading digest %q: want %d hexadecimal digits", b, 2*len(d))
	}
	_, err := hex.Decode(d[:], b)
	return err
}

// Level is an ordinal scale for needs, likelihood, impact, risk, trust and
// effort. It has an order and no arithmetic: nothing is added or averaged.
type Level int8

// The levels. Unknown ranks as the worst in ratings and gates; see [Level.Worst].
const (
	Unknown Level = iota
	None
	Low
	Medium
	High
	Critical
)

var levelNames = []string{"unknown", "none", "low", "medium", "high", "critical"}

func (l Level) String() string { return levelNames[l] }

// Worst is l, with unknown taken as critical.
func (l Level) Worst() Level {
	if l == Unknown {
		return Critical
	}
	return l
}

// ParseLevel reads the name of a level; unknown is not a name one can write.
func ParseLevel(s string) (Level, bool) {
	i := slices.Index(levelNames, s)
	return Level(max(i, 0)), i > 0
}

// MarshalText writes the level's name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a level's name, unknown included.
func (l *Level) UnmarshalText(b []byte) error {
	i := slices.Index(levelNames, string(b))
	if i < 0 {
		return fmt.Errorf("reading level %q: want one of %s", b, strings.Join(levelNames, ", "))
	}
	*l = Level(i)
	return nil
}

// Sort is what an element is in the model.
type Sort string

// The sorts of element a model has, and the four other things a rule can stand on.
const (
	SortSystem     Sort = "system"
	SortDeployment Sort = "deployment"
	SortZone       Sort = "zone"
	SortActor      Sort = "actor"
	SortAsset      Sort = "asset"
	SortComponent  Sort = "component"
	SortFlow       Sort = "flow"
	SortFunction   Sort = "function"
	SortMitigation Sort = "mitigation"
	SortDependency Sort = "dependency"
)

// Sorts lists the sorts whose elements carry facts, in the order in which
// every output shows them.
var Sorts = []Sort{SortSystem, SortDeployment, SortZone, SortActor, SortAsset, SortComponent, SortFlow, SortFunction}

// Property is what an asset or a function can need protected.
type Property string

// The properties of an asset (first five, then privacy and safety) and of a
// function (the last four). Confidentiality, integrity, availability,
// authenticity and accountability are as in ISO/IEC 27000:2018, clause 3.
const (
	Confidentiality Property = "confidentiality"
	Integrity       Property = "integrity"
	Availability    Property = "availability"
	Authenticity    Property = "authenticity"
	Accountability  Property = "accountability"
	Privacy         Property = "privacy"
	Safety          Property = "safety"
	Authentication  Property = "authentication"
	Authorisation   Property = "authorisation"
	Limits          Property = "limits"
)

// AssetProperties and FunctionProperties are the columns of the two
// elicitation matrices, in order.
var (
	AssetProperties    = []Property{Confidentiality, Integrity, Availability, Authenticity, Accountability, Privacy, Safety}
	FunctionProperties = []Property{Authentication, Authorisation, Accountability, Limits}
)

// A Cell is one property of one element: a place in an elicitation matrix, and
// what a threat endangers. Its text is `element.property`.
type Cell struct {
	Element  ID
	Property Property
}

func (c Cell) String() string { return string(c.Element) + "." + string(c.Property) }

// MarshalText writes `element.property`.
func (c Cell) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads `element.property`; a property has no dot.
func (c *Cell) UnmarshalText(b []byte) error {
	i := strings.LastIndexByte(string(b), '.')
	if i < 0 {
		return fmt.Errorf("reading cell %q: want element.property", b)
	}
	c.Element, c.Property = ID(b[:i]), Property(b[i+1:])
	return nil
}

// A FactRef names one fact of one element. Its text is `element.fact`.
type FactRef struct {
	Element ID
	Fact    ID
}

func (r FactRef) String() string { return string(r.Element) + "." + string(r.Fact) }

// MarshalText writes `element.fact`.
func (r FactRef) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads `element.fact`.
func (r *FactRef) UnmarshalText(b []byte) error {
	e, f, ok := strings.Cut(string(b), ".")
	if !ok {
		return fmt.Errorf("reading fact %q: want element.fact", b)
	}
	r.Element, r.Fact = ID(e), ID(f)
	return nil
}

// Compare orders by element, then fact.
func (r FactRef) Compare(o FactRef) int {
	if c := strings.Compare(string(r.Element), string(o.Element)); c != 0 {
		return c
	}
	return strings.Compare(string(r.Fact), string(o.Fact))
}

// Value is a fact's value in canonical text: a word of the fact's domain,
// `yes` or `no`, a set as `{a,b}` in the domain's order, or a free text. The
// zero Value is unknown.
type Value string

// Yes and No are the values of a boolean fact.
const (
	Yes Value = "yes"
	No  Value = "no"
)

// SetOf is the canonical value of a set whose members are already in order.
func SetOf(members []string) Value { return Value("{" + strings.Join(members, ",") + "}") }

// Members are the words of a set, or nil where v is not a set.
func (v Value) Members() []string {
	if len(v) < 2 || v[0] != '{' {
		return nil
	}
	if v == "{}" {
		return []string{}
	}
	return strings.Split(string(v[1:len(v)-1]), ",")
}

// Match reports whether s is what pattern says, `*` standing for any run of
// characters. The pattern is anchored at both ends.
func Match(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	rest, ok := strings.CutPrefix(s, parts[0])
	last := parts[len(parts)-1]
	if !ok || !strings.HasSuffix(rest, last) {
		return false
	}
	rest = rest[:len(rest)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, p)
		if i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	return true
}

// MatchPath reports whether a path fits a glob: `*` and `?` within one part of
// the path, `**` for any number of parts, anchored at both ends. A glob that
// names a folder fits everything below it.
func MatchPath(glob, p string) bool {
	return matchParts(strings.Split(strings.TrimSuffix(glob, "/"), "/"), strings.Split(p, "/"))
}

func matchParts(globs, parts []string) bool {
	for len(globs) > 0 {
		if globs[0] == "**" {
			for len(globs) > 1 && globs[1] == "**" {
				globs = globs[1:]
			}
			if len(globs) == 1 {
				return true
			}
			for i := range parts {
				if matchParts(globs[1:], parts[i:]) {
					return true
				}
			}
			return false
		}
		if len(parts) == 0 {
			return false
		}
		if ok, err := path.Match(globs[0], parts[0]); err != nil || !ok {
			return false
		}
		globs, parts = globs[1:], parts[1:]
	}
	return true
}

// Article is a noun with its article, for messages.
func Article(noun string) string {
	if noun != "" && strings.ContainsRune("aeiou", rune(noun[0])) && noun != "use" {
		return "an " + noun
	}
	return "a " + noun
}

// Join writes words for a person: a, b, c.
func Join[S ~string](words []S) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}
