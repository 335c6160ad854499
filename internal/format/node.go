package format

import (
	"fmt"
	"strconv"
	"strings"

	"ssf"
)

// The limits on what is read. A document beyond one of them is refused by the
// name of the limit.
const (
	MaxSize  = 64 << 20  // bytes of one document
	MaxDepth = 100       // nested lists and mappings
	MaxNodes = 5_000_000 // values of one document
	MaxText  = 16 << 10  // bytes of one text that goes into a model; the rest is cut and reported
)

// Kind is what a node is.
type Kind uint8

// The kinds. XML has only Map and Text.
const (
	Null Kind = iota
	Bool
	Number
	Text
	List
	Map
)

func (k Kind) String() string {
	return []string{"nothing", "yes or no", "a number", "a text", "a list", "an object"}[k]
}

// A Node is a value in a document with its place. It remembers whether anybody
// looked at it, so that what nobody looked at can be reported as dropped. All
// methods take nil, which is a value that is not there.
type Node struct {
	Key  string // in the mapping around it; of an XML element or attribute its name
	Kind Kind
	Kids []*Node // of a list or mapping
	Line int     // from 1
	Col  int     // from 1, in runes

	text  string // of a scalar; of an XML element its own text
	up    *Node
	doc   *document // of the root
	nth   int32     // of an XML element or block among those of its name around it, from 1; 0 if it is the only one
	seen  bool
	index int32 // of an entry of a list, its place in it, from 0
}

type document struct {
	name string // of the file, as it was given
}

// See marks nodes as looked at, with all below them, and is for what a format
// knows and has no use for, such as the look of a drawing.
func (n *Node) See() {
	if n == nil {
		return
	}
	n.seen = true
	for _, k := range n.Kids {
		k.See()
	}
}

// At is the value at a path of keys; nil if there is none. Of keys that are
// doubled it is the last, as most programs have it.
func (n *Node) At(keys ...string) *Node {
	for _, key := range keys {
		if n == nil {
			return nil
		}
		n.seen = true
		var found *Node
		for _, k := range n.Kids {
			if k.Key == key && n.Kind == Map {
				found = k
			}
		}
		n = found
	}
	if n != nil {
		n.seen = true
	}
	return n
}

// Any is the value at the first of some keys that is there and holds something.
func (n *Node) Any(keys ...string) *Node {
	for _, key := range keys {
		if v := n.At(key); v.Holds() {
			return v
		}
	}
	return nil
}

// All are the values of a list, of a mapping, or of all keys of this name in an XML
// element. A scalar that stands where a list is expected counts as a list of one.
func (n *Node) All(key string) []*Node {
	if n == nil {
		return nil
	}
	n.seen = true
	var out []*Node
	for _, k := range n.Kids {
		if k.Key != key || n.Kind != Map {
			continue
		}
		switch k.seen = true; k.Kind {
		case List:
			out = append(out, k.Kids...)
		case Null:
		default:
			out = append(out, k)
		}
	}
	return out
}

// Entries are the values of a list or mapping.
func (n *Node) Entries() []*Node {
	if n == nil || n.Kind != List && n.Kind != Map {
		return nil
	}
	n.seen = true
	return n.Kids
}

// Has reports whether a mapping has a key.
func (n *Node) Has(key string) bool {
	if n != nil && n.Kind == Map {
		for _, k := range n.Kids {
			if k.Key == key {
				return true
			}
		}
	}
	return false
}

// Holds reports whether a value is there and not empty.
func (n *Node) Holds() bool {
	return n != nil && (len(n.Kids) > 0 || strings.TrimSpace(n.text) != "")
}

// Text is the text of a scalar at a path, without space around it.
func (n *Node) Text(keys ...string) string {
	v := n.At(keys...)
	if v == nil {
		return ""
	}
	v.seen = true
	return strings.TrimSpace(v.text)
}

// Bool is the truth at a path; known is false where nothing or something else
// stands there.
func (n *Node) Bool(keys ...string) (value, known bool) {
	switch strings.ToLower(n.Text(keys...)) {
	case "true", "yes":
		return true, true
	case "false", "no":
		return false, true
	}
	return false, false
}

// Number is the number at a path.
func (n *Node) Number(keys ...string) (float64, bool) {
	f, err := strconv.ParseFloat(n.Text(keys...), 64)
	return f, err == nil && f == f && f < 1e12 && f > -1e12
}

// Path is the way to the node from the top of its document, as
// `diagrams[0].cells[3].data`.
func (n *Node) Path() string { return n.path(false) }

// Pattern is the path without the numbers of list entries, as `cells[].data`.
func (n *Node) Pattern() string { return n.path(true) }

func (n *Node) path(blank bool) string {
	if n == nil {
		return ""
	}
	var parts []string
	for ; n.up != nil; n = n.up {
		switch {
		case n.up.Kind != List && n.nth > 0 && !blank:
			parts = append(parts, n.Key+"["+strconv.Itoa(int(n.nth)-1)+"]")
		case n.up.Kind != List:
			parts = append(parts, n.Key)
		case blank:
			parts = append(parts, "[]")
		default:
			parts = append(parts, "["+strconv.Itoa(int(n.index))+"]")
		}
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		if parts[i][:min(1, len(parts[i]))] != "[" && b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(parts[i])
	}
	return b.String()
}

// File is the name of the file in which the node stands.
func (n *Node) File() string {
	for ; n != nil; n = n.up {
		if n.doc != nil {
			return n.doc.name
		}
	}
	return ""
}

// Pos is the node's place.
func (n *Node) Pos() ssf.Pos {
	if n == nil {
		return ssf.Pos{}
	}
	return ssf.Pos{File: n.File(), Line: n.Line, Col: n.Col}
}

// A Refusal is why a document cannot be read, with its place and a way out.
type Refusal struct {
	At        ssf.Pos
	Path      string
	Why, Hint string
}

func (r *Refusal) Error() string {
	s := r.At.String() + ": " + r.Why
	if r.Path != "" {
		s = r.At.String() + ": at " + r.Path + ": " + r.Why
	}
	if r.Hint != "" {
		s += "; " + r.Hint
	}
	return s
}

// Refuse is the refusal of a document because of what stands at a node.
func Refuse(n *Node, hint, why string, args ...any) error {
	return &Refusal{At: n.Pos(), Path: n.Path(), Why: fmt.Sprintf(why, args...), Hint: hint}
}
