// Package missing measures what the library finds on threat models that other
// people wrote: how many of the threats that they wrote down are derived or asked
// about, and how much is derived for that.
package missing

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/format"
	"ssf/internal/format/all"
	"ssf/internal/lang"
	"ssf/library"
)

// A Pair is a class of STRIDE at an element: what can be compared between tools
// whose threats have different names.
type Pair struct {
	Element ssf.ID
	Class   string
}

// A Row is one model. Elements are its actors, components and flows; Theirs are
// the pairs of the threats that its authors wrote at them, Ours those that are
// derived or asked about, with all that decides them among the questions of now,
// Plain those of the table of STRIDE per element.
type Row struct {
	Name                string
	Elements            int
	Theirs, Ours, Plain map[Pair]bool
	Sure                map[Pair]bool // of ours, those that are derived
	Joined              map[Pair]bool // of theirs, those whose threat is one of the library, maybe at an end of the flow
	Questions           int           // grouped
	Asked               int           // facts, each at one element
	Case                *ssf.Case
	Interactions        bool // the tool puts what threatens a part at the flows to it
}

// Found is how many of their pairs are in others.
func (r *Row) Found(others map[Pair]bool) (n int) {
	for p := range r.Theirs {
		if others[p] {
			n++
		}
	}
	return n
}

// Missed are their pairs that are not in ours, and whose threats were joined to
// none of the library, sorted.
func (r *Row) Missed() (out []Pair) {
	for p := range r.Theirs {
		if !r.Ours[p] && !r.Joined[p] {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Pair) int {
		return cmp.Or(strings.Compare(string(a.Element), string(b.Element)), strings.Compare(a.Class, b.Class))
	})
	return out
}

// Measure reads one document and derives its threats.
func Measure(name string, data []byte, open func(string) ([]byte, error)) (*Row, error) {
	lib, now := library.Index(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	d, err := format.Read(all.Formats, name, "", data, lib, open)
	if err != nil {
		return nil, err
	}
	plan := d.Build(lib, now)
	snap, err := lang.Load(fstest.MapFS{lang.RootFile: {Data: []byte(plan.Bare())}}, lib)
	if err != nil {
		return nil, err
	}
	c, err := check.Case(ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: lib, Now: now, Tool: "missing"})
	if err != nil {
		return nil, err
	}
	r := &Row{Name: path.Base(name), Theirs: map[Pair]bool{}, Ours: map[Pair]bool{}, Plain: map[Pair]bool{}, Sure: map[Pair]bool{}, Joined: map[Pair]bool{}, Questions: len(c.Questions), Case: c}
	r.Interactions = d.Report.Format == "tm7"
	elements := map[ssf.ID]bool{}
	stores := storesOf(lib)
	for i := range c.Elements {
		e := &c.Elements[i]
		if e.Sort != ssf.SortActor && e.Sort != ssf.SortComponent && e.Sort != ssf.SortFlow {
			continue
		}
		elements[e.ID] = true
		for _, class := range perElement(e, stores) {
			r.Plain[Pair{e.ID, class}] = true
		}
	}
	r.Elements = len(elements)
	for _, q := range c.Questions {
		r.Asked += len(q.Elements)
	}
	asked := map[ssf.FactRef]bool{}
	for _, q := range c.Questions {
		for _, at := range q.Elements {
			asked[ssf.FactRef{Element: at, Fact: q.Fact}] = true
		}
	}
	for i := range c.Threats {
		t := &c.Threats[i]
		if t.State == ssf.Undecided && (len(t.Needs) == 0 || slices.ContainsFunc(t.Needs, func(n ssf.FactRef) bool { return !asked[question(n)] })) {
			continue // the answers may not decide it
		}
		for _, class := range t.Stride {
			if p := (Pair{t.Element, class}); elements[t.Element] {
				r.Ours[p] = true
				if t.State != ssf.Undecided {
					r.Sure[p] = true
				}
			}
		}
	}
	plan.Join(plan.Derived(lib, c.ThreatIDs()))
	joined := map[ssf.ID]bool{}
	for _, j := range plan.Report().Joined {
		joined[j.Own] = true
	}
	for _, in := range plan.Instances() {
		for _, class := range in.Stride {
			if p := (Pair{in.Element, class}); elements[in.Element] {
				r.Theirs[p] = true
				r.Joined[p] = r.Joined[p] || joined[in.Own]
			}
		}
	}
	return r, nil
}

// question is the fact as questions have it.
func question(n ssf.FactRef) ssf.FactRef {
	switch ssf.Property(n.Fact) {
	case ssf.Confidentiality, ssf.Integrity, ssf.Availability:
		n.Fact = "needs"
	}
	return n
}

// perElement is the table of STRIDE per element: Shostack, Threat Modeling (2014),
// table 3-9, with repudiation at every store.
func perElement(e *ssf.ElementInfo, stores map[ssf.ID]bool) []string {
	switch {
	case e.Sort == ssf.SortActor:
		return []string{"spoofing", "repudiation"}
	case e.Sort == ssf.SortFlow:
		return []string{"tampering", "information_disclosure", "denial_of_service"}
	case stores[e.Kind]:
		return []string{"tampering", "repudiation", "information_disclosure", "denial_of_service"}
	}
	return []string{"spoofing", "tampering", "repudiation", "information_disclosure", "denial_of_service", "elevation_of_privilege"}
}

func storesOf(lib *ssf.Library) map[ssf.ID]bool {
	up := map[ssf.ID]ssf.ID{}
	for i := range lib.Kinds {
		up[lib.Kinds[i].ID] = lib.Kinds[i].Is.ID
	}
	out := map[ssf.ID]bool{}
	for k := range up {
		for x := k; x != ""; x = up[x] {
			if x == "datastore" {
				out[k] = true
			}
		}
	}
	return out
}

// Corpus measures every document in the folder `models` of a file system that can
// be read; refused are those that cannot.
func Corpus(fsys fs.FS) (rows []*Row, refused []error, err error) {
	err = fs.WalkDir(fsys, "models", func(p string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(p) == ".md" {
			return err
		}
		data, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		r, err := Measure(p, data, func(other string) ([]byte, error) { return fs.ReadFile(fsys, path.Join(path.Dir(p), other)) })
		if err != nil {
			refused = append(refused, err)
			return nil
		}
		rows = append(rows, r)
		return nil
	})
	return rows, refused, err
}
