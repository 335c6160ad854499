package format

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ssf"
)

// A Report says what became of everything in a source: what was carried, how
// often, what was guessed and from what, and what was dropped.
type Report struct {
	File    string  `json:"file"`
	Format  string  `json:"format"`
	Tool    string  `json:"tool,omitempty"`
	Carried []Count `json:"carried"` // what the source has, in its own numbers
	Guessed []Note  `json:"guessed"`
	Dropped []Note  `json:"dropped"`
	Joined  []Join  `json:"joined"` // threats that the library derives too
}

// A Count is how many things of one sort the source has, and how many of them
// stand in the model.
type Count struct {
	What string `json:"what"`
	Of   int    `json:"of"`
	Here int    `json:"here"`
}

// A Note is one guess or drop, at a path in the source. Times is at how many places
// with that pattern it happened; Path and the place are those of the first.
type Note struct {
	Path  string `json:"path"`
	Says  string `json:"says"`
	Times int    `json:"times"`
	ssf.Pos

	form  string // what notes have in common that say the same of several things
	about string // of what this one says it
}

// A Join is a threat of the source that is the same as one that the library derives.
type Join struct {
	Path   string `json:"path"`
	Own    ssf.ID `json:"own"`
	Threat ssf.ID `json:"threat"`
}

func note(at *Node, says string, args []any) Note {
	n := Note{Path: at.Path(), Says: fmt.Sprintf(says, args...), Times: 1, Pos: at.Pos()}
	rest := slices.Clone(args)
	if len(args) > 0 {
		if s, ok := args[0].(string); ok {
			n.about, rest[0] = s, ""
		}
	}
	n.form = at.Pattern() + "\x00" + fmt.Sprintf(says, rest...)
	return n
}

// Gathered is a note with what others say the same of.
type Gathered struct {
	Note
	Also []string
}

// Gather makes one of notes at paths of one pattern that differ in nothing but what
// they are about, each at the place of the first.
func Gather(notes []Note) (out []Gathered) {
	at := map[string]int{}
	named := map[[2]string]bool{} // form, and what it is about
	for _, n := range notes {
		key := [2]string{n.form, n.about}
		i, ok := at[n.form]
		if !ok || n.form == "" {
			at[n.form], named[key] = len(out), true
			out = append(out, Gathered{Note: n})
			continue
		}
		g := &out[i]
		g.Times += n.Times
		if n.about != "" && !named[key] {
			named[key] = true
			g.Also = append(g.Also, n.about)
		}
	}
	return out
}

// Guess notes what the source does not say outright.
func (r *Report) Guess(at *Node, says string, args ...any) {
	r.Guessed = append(r.Guessed, note(at, says, args))
}

// Omit notes that the model has nothing of a node and of what is below it, with
// the reason.
func (r *Report) Omit(at *Node, says string, args ...any) {
	at.See()
	r.Drop(at, says, args...)
}

// Drop notes what the model does not have of a node, with the reason.
func (r *Report) Drop(at *Node, says string, args ...any) {
	r.Dropped = append(r.Dropped, note(at, says, args))
}

// Counted notes how many things there are in the source.
func (r *Report) Counted(what string, of, here int) {
	if of > 0 || here > 0 {
		r.Carried = append(r.Carried, Count{what, of, here})
	}
}

// Unseen notes everything below root that nobody looked at, once for each
// pattern of paths. Nothing that is empty counts.
func (r *Report) Unseen(root *Node) {
	at := map[string]int{}
	var walk func(n *Node, pattern string)
	walk = func(n *Node, pattern string) {
		if !n.seen && n.up != nil {
			if !n.Holds() {
				return
			}
			i, ok := at[pattern]
			if !ok {
				i = len(r.Dropped)
				at[pattern] = i
				r.Dropped = append(r.Dropped, Note{Path: n.Path(), Says: "not part of our language: " + glimpse(n), Pos: n.Pos()})
			}
			r.Dropped[i].Times++
			return
		}
		for _, k := range n.Kids {
			step := pattern + "." + k.Key
			if n.Kind == List {
				step = pattern + "[]"
			}
			walk(k, step)
		}
	}
	walk(root, "")
}

// Sort puts the notes in the order of the source.
func (r *Report) Sort() {
	for _, ns := range [][]Note{r.Guessed, r.Dropped} {
		slices.SortStableFunc(ns, func(a, b Note) int { return cmp.Or(a.Pos.Compare(b.Pos), strings.Compare(a.Says, b.Says)) })
	}
}

// glimpse is the beginning of what a node holds.
func glimpse(n *Node) string {
	switch n.Kind {
	case List:
		return fmt.Sprintf("a list of %d", len(n.Kids))
	case Map:
		var keys []string
		for _, k := range n.Kids {
			keys = append(keys, k.Key)
		}
		return "an object with " + Clip(strings.Join(keys, ", "))
	}
	return Clip(n.text)
}

// Clip is a text of the source as messages show it: one line, no more than 60
// runes, no control characters.
func Clip(s string) string {
	s = strings.Join(strings.Fields(Clean(s)), " ")
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}
