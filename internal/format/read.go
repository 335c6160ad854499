package format

import (
	"fmt"
	"slices"
	"strings"

	"ssf"
)

// Read makes a draft of a document in one of some forms, or in the one that is
// named. Open reads the files that it names; it may be nil. An error is a
// [Refusal], with its place.
func Read(forms []Format, name, as string, data []byte, lib *ssf.Library, open func(string) ([]byte, error)) (*Draft, error) {
	f, root, err := detect(forms, name, as, data)
	if err != nil {
		return nil, err
	}
	src := &Source{Name: name, Root: root, Library: lib}
	roots := []*Node{root}
	if open != nil {
		src.Open = func(other string) (*Node, error) {
			data, err := open(other)
			if err != nil {
				return nil, err
			}
			if len(roots) > maxFiles {
				return nil, Refuse(root, "join some of them", "the document names more than %d files", maxFiles)
			}
			parse := Parse
			if f.Parse != nil && f.Text(data) {
				parse = f.Parse
			}
			n, err := parse(other, data)
			if err == nil {
				roots = append(roots, n)
			}
			return n, err
		}
	}
	d, err := f.Read(src)
	if err != nil {
		return nil, err
	}
	d.Report.Format = f.Name
	for _, n := range roots {
		d.Report.Unseen(n)
	}
	return d, nil
}

// maxFiles is how many files one document may name, those that they name included.
const maxFiles = 100

// detect finds the form of a document.
func detect(forms []Format, name, as string, data []byte) (*Format, *Node, error) {
	var readable []*Format
	var names []string
	for i := range forms {
		if f := &forms[i]; f.Read != nil {
			readable = append(readable, f)
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	for _, f := range readable {
		if f.Parse != nil && (as == f.Name || as == "" && f.Text(data)) {
			root, err := f.Parse(name, data)
			return f, root, err
		}
	}
	root, err := Parse(name, data)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range readable {
		switch {
		case as == f.Name && !f.Is(root):
			if f.Near != nil {
				if lacks := f.Near(root); lacks != "" {
					return nil, nil, Refuse(root, "mend it in the tool that wrote it", "this is no file of %s: %s", f.Title, lacks)
				}
			}
			return nil, nil, Refuse(root, "leave --from away, and it is found by its content", "this is no file of %s", f.Title)
		case as == f.Name, as == "" && f.Parse == nil && f.Is(root):
			return f, root, nil
		}
	}
	for _, f := range readable {
		if f.Near != nil && as == "" {
			if lacks := f.Near(root); lacks != "" {
				return nil, nil, Refuse(root, "mend it in the tool that wrote it", "this looks like a file of %s, but %s", f.Title, lacks)
			}
		}
	}
	keys := ""
	for _, k := range root.Kids {
		keys += ", " + k.Key
	}
	if root.Kind != Map || keys == "" {
		return nil, nil, Refuse(root, "forms that are read: "+strings.Join(names, ", "), "this is %s and no threat model in a form that is known here", root.Kind)
	}
	return nil, nil, Refuse(root, "forms that are read: "+strings.Join(names, ", "), "this is no form of threat model that is known here; at its top it has %s", Clip(strings.TrimPrefix(keys, ", ")))
}

// Add makes a node below another, for readers of forms that are no JSON, YAML or
// XML; below nil it is the root of a document with the name key.
func (n *Node) Add(key string, kind Kind, text string, line, col int) *Node {
	k := &Node{Key: key, Kind: kind, text: text, up: n, Line: line, Col: col}
	if n == nil {
		k.Key, k.doc = "", &document{key}
		return k
	}
	k.index = int32(len(n.Kids))
	n.Kids = append(n.Kids, k)
	return k
}

// Enumerate counts what has the same key below a mapping in a form that repeats
// keys, so that paths tell them apart.
func (n *Node) Enumerate() {
	last := map[string]*Node{}
	for _, k := range n.Kids {
		if before := last[k.Key]; before != nil {
			before.nth = max(before.nth, 1)
			k.nth = before.nth + 1
		}
		last[k.Key] = k
	}
}

// Graft puts what another document holds below a node in whose text it stood, and
// returns how many values that is. All of them have the node's place.
func (n *Node) Graft(doc *Node) (values int) {
	var settle func(k *Node)
	settle = func(k *Node) {
		k.Line, k.Col = n.Line, n.Col
		values++
		for _, below := range k.Kids {
			settle(below)
		}
	}
	n.Kind, n.text = Map, ""
	for _, k := range doc.Kids {
		k.up = n
		settle(k)
	}
	n.Kids = append(n.Kids, doc.Kids...)
	return values
}

// Merge makes one draft of several files of one product. What has the same key in
// two of them is two things.
func Merge(drafts []*Draft) *Draft {
	d := drafts[0]
	for _, o := range drafts {
		for _, e := range o.Elements {
			e.told = !o.Unnamed
		}
	}
	for i, o := range drafts[1:] {
		key := func(k *string) {
			if *k != "" {
				*k = fmt.Sprintf("%d|%s", i+2, *k)
			}
		}
		keys := func(ks []string) {
			for j := range ks {
				key(&ks[j])
			}
		}
		for _, e := range o.Elements {
			for _, k := range []*string{&e.Key, &e.Zone, &e.At, &e.From, &e.To} {
				key(k)
			}
			for _, ks := range [][]string{e.Stores, e.Sends, e.Returns, e.On} {
				keys(ks)
			}
			d.keys[e.Key] = e
		}
		for _, t := range o.Threats {
			keys(t.At)
			keys(t.Mitigated)
			for j := range t.Cells {
				key(&t.Cells[j].Element)
			}
		}
		for _, m := range o.Mitigations {
			key(&m.Key)
		}
		d.Elements = append(d.Elements, o.Elements...)
		d.Threats = append(d.Threats, o.Threats...)
		d.Mitigations = append(d.Mitigations, o.Mitigations...)
		d.Requirements = append(d.Requirements, o.Requirements...)
		d.Assumptions = append(d.Assumptions, o.Assumptions...)
		d.Unnamed = d.Unnamed || o.Unnamed
		d.mergeSystem(o)
		r := &d.Report
		r.File += ", " + o.Report.File
		r.Guessed, r.Dropped = append(r.Guessed, o.Report.Guessed...), append(r.Dropped, o.Report.Dropped...)
		for _, c := range o.Report.Carried {
			if at := slices.IndexFunc(r.Carried, func(x Count) bool { return x.What == c.What }); at >= 0 {
				r.Carried[at].Of, r.Carried[at].Here = r.Carried[at].Of+c.Of, r.Carried[at].Here+c.Here
			} else {
				r.Carried = append(r.Carried, c)
			}
		}
		add := func(to *string, name string) {
			if name != "" && !slices.Contains(strings.Split(*to, ", "), name) {
				*to = strings.TrimPrefix(*to+", "+name, ", ")
			}
		}
		add(&r.Format, o.Report.Format)
		add(&r.Tool, o.Report.Tool)
		if o.Tool != d.Tool {
			d.Tool = "" // no decision is one of all of them
		}
	}
	return d
}

// mergeSystem adds what another file says of the system. Of what can be said once
// the first file's word stands.
func (d *Draft) mergeSystem(o *Draft) {
	at := &Node{doc: &document{o.Report.File}, Line: 1, Col: 1}
	s, t := &d.System, &o.System
	for _, x := range []struct {
		what    string
		to, now *string
	}{{"name", &s.Name, &t.Name}, {"text", &s.Says, &t.Says}, {"version", &s.Version, &t.Version}, {"supplier", &s.Supplier, &t.Supplier}, {"contact", &s.Contact, &t.Contact}, {"purpose", &s.Purpose, &t.Purpose}, {"end of support", &s.SupportUntil, &t.SupportUntil}} {
		switch {
		case *x.to == "":
			*x.to = *x.now
		case *x.now != "" && *x.now != *x.to:
			d.Report.Drop(at, "the %s of the system is that of the first file, and not %q", x.what, Clip(*x.now))
		}
	}
	for _, m := range t.Misuse {
		if !slices.Contains(s.Misuse, m) {
			s.Misuse = append(s.Misuse, m)
		}
	}
	s.Facts = append(s.Facts, t.Facts...)
}
