package lang

import (
	"errors"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// Format puts the text of a model's file into its form: sections and keys in
// the order of the field table, one indentation, one way to space, and all else
// as its author wrote it; docs/design/fmt.md has the rules. Texts and comments
// are moved and never written anew, so what they say cannot change.
//
// A text that is not YAML, or has what the language leaves out of YAML, comes
// back as it is with diagnostics; one that is only wrong as a model is put into
// form. An error is a fault of ours: the result did not read as the text did.
func Format(path, text string, lib *ssf.Library) (string, []ssf.Diagnostic, error) {
	words := NewWords(lib)
	before, diags := readLayout(path, text, words)
	if before == nil {
		return text, diags, nil
	}
	before.root.arrange(modelTable.typ())
	out := before.write()
	after, diags := readLayout(path, out, words)
	switch {
	case after == nil && len(diags) > 0 && diags[0].Check == "model/limit": // it has become too long
		return text, diags, nil
	case after == nil && len(diags) > 0:
		return text, nil, errors.New("putting " + path + " into form: the result would not read: " + diags[0].Message)
	case after == nil || !after.root.same(before.root):
		return text, nil, errors.New("putting " + path + " into form: the result would have another meaning")
	case !slices.Equal(after.remarks(), before.remarks()):
		return text, nil, errors.New("putting " + path + " into form: the result would have other comments")
	}
	return out, nil, nil
}

// readLayout reads a text with all that is needed to write it again. It is nil
// where the text is refused, and where no section is in it.
func readLayout(path, text string, words *Words) (*layout, []ssf.Diagnostic) {
	src, refused := readText(path, text)
	if len(refused) > 0 {
		return nil, refused
	}
	if strings.Contains(src.text, "\r") {
		src = newSource(path, strings.ReplaceAll(src.text, "\r\n", "\n"))
	}
	cut := src.pieces()
	if cut.final {
		return nil, cut.diags
	}
	if len(cut.pieces) == 0 && !ssf.HasErrors(cut.diags) { // an empty file beside the root file
		return nil, nil
	}
	d := &decoder{src: src, prefix: "model/", words: words}
	root := d.parse(1, len(src.lines)+1)
	if root == nil || root.Kind != yaml.MappingNode {
		if ds := syntaxErrors(src, words); len(ds) > 0 {
			return nil, ds
		}
		if root != nil {
			d.wrongMapping(root, "the sections of a model")
		}
		return nil, limit(d.diags)
	}
	if d.plain(root); len(d.diags) > 0 {
		slices.SortStableFunc(d.diags, compareDiags)
		return nil, limit(d.diags)
	}
	if len(root.Content) == 0 { // {}
		return nil, nil
	}
	l := &layout{src: src}
	l.read(root)
	if l.lost != "" {
		return nil, []ssf.Diagnostic{{Check: "model/syntax", Severity: ssf.Error, Pos: l.lostAt, Message: l.lost, Hint: "write it on one line, and with less of YAML", Snippet: src.snippet(l.lostAt)}}
	}
	return l, nil
}

// syntaxErrors are what Load says of a text that does not parse.
func syntaxErrors(src *source, words *Words) (ds []ssf.Diagnostic) {
	f := &file{source: src}
	readAll([]*file{f}, nil, words)
	for _, r := range f.results {
		for _, d := range r.diags {
			if d.Severity == ssf.Error && (d.Check == "model/syntax" || d.Check == "model/limit" || d.Check == "model/files" || d.Check == "model/yaml-feature") {
				ds = append(ds, d)
			}
		}
	}
	return limit(ds)
}

// plain refuses what the language leaves out of YAML, wherever it stands.
func (d *decoder) plain(n *yaml.Node) {
	if !d.allowed(n) || n.Kind == yaml.ScalarNode || !d.enter(n) {
		return
	}
	defer func() { d.depth-- }()
	for i, c := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			d.plain(c)
			continue
		}
		d.key(c)
	}
}

// arrange puts the keys of mappings into the order of the field table. Keys
// that it does not have, which are facts where all is well, keep their order
// after those that it has; only elements in an element, its calls, come later.
func (b *block) arrange(t Type) {
	if b == nil {
		return
	}
	if b.list != (t.Name == "list") {
		t = Type{}
	}
	rank := make(map[string]int, len(t.Rows))
	types := make(map[string]Type, len(t.Rows))
	for i, r := range t.Rows {
		rank[r.Key], types[r.Key] = i-len(t.Rows), r.Type
		if r.Type.Elem != nil && r.Type.Elem.More != nil && t.More != nil {
			rank[r.Key] = 1
		}
	}
	if !slices.ContainsFunc(b.entries, (*entry).cutOff) {
		slices.SortStableFunc(b.entries, func(x, y *entry) int { return rank[x.key.value] - rank[y.key.value] })
	}
	for _, x := range b.entries {
		of, known := types[x.key.value]
		switch {
		case t.Elem != nil:
			of = *t.Elem
		case !known && t.More != nil:
			of = unknownFact.typ()
		}
		x.block.arrange(of)
	}
}

// same reports whether two collections have the same meaning.
func (b *block) same(c *block) bool {
	return slices.EqualFunc(b.filled(), c.filled(), func(x, y *entry) bool {
		if x.key.value != y.key.value || x.text.value != y.text.value || x.null != y.null {
			return false
		}
		if xb, yb := x.collection(), y.collection(); xb != nil && yb != nil {
			return xb.list == yb.list && xb.same(yb)
		} else if xb != nil || yb != nil {
			return false
		}
		return true
	})
}
