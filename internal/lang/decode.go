package lang

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// A decoder reads the nodes of one piece of a file.
type decoder struct {
	src    *source
	line0  int // lines before the piece
	prefix string
	words  *Words
	diags  []ssf.Diagnostic
	refs   []pending
	depth  int
	holder *yaml.Node // the key whose value is read, if any

	row struct { // the line looked at last
		n     int
		text  string
		runes []rune // nil if the line is ASCII
	}
}

// A pending reference is checked once everything that can be named is known.
type pending struct {
	kinds []Target
	ref   ssf.Ref
}

// pos is the place of a node. A value over several lines ends with its first.
func (d *decoder) pos(n *yaml.Node) ssf.Pos {
	p := ssf.Pos{File: d.src.path, Line: n.Line + d.line0, Col: n.Column}
	if last := len(d.src.lines); p.Line > last { // nothing, where something should follow
		p.Line, p.Col = last, d.width(last)+1
	}
	switch {
	case n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode, n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		p.EndCol = p.Col + 1
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		p.EndCol = d.closing(p)
	default:
		p.EndCol = p.Col + min(max(1, utf8.RuneCountInString(n.Value)), max(1, d.width(p.Line)+1-p.Col))
	}
	return p
}

// look makes line n the current row.
func (d *decoder) look(n int) {
	if d.row.n == n {
		return
	}
	d.row.n, d.row.text, d.row.runes = n, d.src.line(n), nil
	if utf8.RuneCountInString(d.row.text) != len(d.row.text) {
		d.row.runes = []rune(d.row.text)
	}
}

// width is the number of characters of a line.
func (d *decoder) width(line int) int {
	if d.look(line); d.row.runes != nil {
		return len(d.row.runes)
	}
	return len(d.row.text)
}

// slice is what stands in the columns from..to-1 of a line.
func (d *decoder) slice(line, from, to int) string {
	switch width := d.width(line); {
	case from < 1 || to < from || to > width+1:
		return ""
	case d.row.runes != nil:
		return string(d.row.runes[from-1 : to-1])
	}
	return d.row.text[from-1 : to-1]
}

// closing is the column after the quote that ends the text starting at p.
func (d *decoder) closing(p ssf.Pos) int {
	d.look(p.Line)
	at := func(i int) rune {
		if d.row.runes != nil {
			return d.row.runes[i]
		}
		return rune(d.row.text[i])
	}
	width := d.width(p.Line)
	if p.Col > width {
		return p.Col + 1
	}
	q := at(p.Col - 1)
	for i := p.Col; i < width; i++ {
		switch c := at(i); {
		case c == '\\' && q == '"', c == q && q == '\'' && i+1 < width && at(i+1) == q:
			i++
		case c == q:
			return i + 2
		}
	}
	return width + 1
}

// part is the place of the bytes from..to-1 of a scalar's text. Where the text
// is not written in the file as it is read, that is the place of all of it.
func (d *decoder) part(n *yaml.Node, s string, from, to int) ssf.Pos {
	whole := d.pos(n)
	p := whole
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		p.Col++
	}
	p.EndCol = p.Col + utf8.RuneCountInString(s[:to])
	p.Col += utf8.RuneCountInString(s[:from])
	if d.slice(p.Line, p.Col, p.EndCol) != s[from:to] || p.EndCol <= p.Col {
		return whole
	}
	return p
}

// full reports that nobody will see further diagnostics of this piece, so that
// what makes them costly can be left out.
func (d *decoder) full() bool { return len(d.diags) > MaxErrors }

// report adds an error at a place. hint is the way out.
func (d *decoder) report(check string, at ssf.Pos, hint, format string, args ...any) {
	d.reportAs(ssf.Error, check, at, hint, format, args...)
}

func (d *decoder) reportAs(s ssf.Severity, check string, at ssf.Pos, hint, format string, args ...any) {
	d.diags = append(d.diags, ssf.Diagnostic{
		Check: ssf.ID(d.prefix + check), Severity: s, Pos: at, Message: fmt.Sprintf(format, args...), Hint: hint,
		Snippet: d.src.snippet(at),
	})
}

// wrong reports that n is not of the wanted type.
func (d *decoder) wrong(n *yaml.Node, want string) {
	at := d.pos(n)
	switch {
	case isNull(n):
		d.report("wrong-type", at, "write "+want+", or leave the key out", "there is no value here, want %s", want)
	case n.Kind == yaml.MappingNode:
		hint := "write the value after the key, without keys of its own"
		if len(n.Content) == 2 && isNull(n.Content[1]) && n.Style&yaml.FlowStyle != 0 {
			hint = "braces make a mapping; a text that begins with `{` needs quotes"
		} else if len(n.Content) == 2 && n.Content[1].Kind == yaml.ScalarNode && want == "a text" {
			hint = "a text with a colon needs quotes: " + quote(clip(n.Content[0].Value+": "+n.Content[1].Value))
		}
		d.report("wrong-type", at, hint, "this is a mapping, want %s", want)
	case n.Kind == yaml.SequenceNode:
		d.report("wrong-type", at, "write one value, without `-` or brackets", "this is a list, want %s", want)
	default:
		d.report("wrong-type", at, "write "+want, "%q is not %s", clip(n.Value), want)
	}
}

// clipped is how many characters of a value a message shows.
const clipped = 60

func clip(s string) string {
	if len(s) <= clipped {
		return s
	}
	rs := []rune(s[:min(len(s), 4*clipped+4)])
	if len(rs) > clipped {
		return string(rs[:clipped-3]) + "..."
	}
	return s
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Style == 0 }

// allowed refuses what the language leaves out of YAML at n itself.
func (d *decoder) allowed(n *yaml.Node) bool {
	switch {
	case n.Anchor != "":
		d.report("yaml-feature", d.pos(n), "write the value out; if the text begins with `&`, quote it: '&"+n.Anchor+"'", "anchors are not part of the language: &%s", n.Anchor)
	case n.Kind == yaml.AliasNode:
		d.report("yaml-feature", d.pos(n), "write the value out; if the text begins with `*`, quote it: '*"+n.Value+"'", "aliases are not part of the language: *%s", n.Value)
	case n.Style&yaml.TaggedStyle != 0 || n.Tag == "!":
		hint := "to write a text that begins with `!`, quote it: " + quote(clip(strings.TrimSpace(n.Tag+" "+n.Value)))
		if strings.HasPrefix(n.Tag, "!!") {
			hint = "delete it; every value is read as its key wants it"
		}
		at := d.pos(n)
		at.EndCol = at.Col + len([]rune(n.Tag))
		d.report("yaml-feature", at, hint, "YAML reads %q as a tag, and tags are not part of the language", n.Tag)
	default:
		return true
	}
	return false
}

// scalar is n's text; the author's own words, whatever YAML takes them for.
func (d *decoder) scalar(n *yaml.Node, want string) (string, bool) {
	if !d.allowed(n) {
		return "", false
	}
	if n.Kind != yaml.ScalarNode || isNull(n) {
		d.wrong(n, want)
		return "", false
	}
	if len(n.Value) > MaxText {
		d.report("limit", d.pos(n), "shorten the text", "this text has %d bytes, and the limit on a text is %d", len(n.Value), MaxText)
		return "", false
	}
	if strings.TrimSpace(n.Value) == "" {
		d.report("wrong-type", d.pos(n), "write "+want+", or leave the key out", "this text is empty")
		return "", false
	}
	if i := strings.IndexFunc(n.Value, hidden); i >= 0 && n.Style&yaml.DoubleQuotedStyle != 0 {
		r, _ := utf8.DecodeRuneInString(n.Value[i:])
		d.report("encoding", d.pos(n), "delete the escape", "an escape in this text stands for U+%04X, which does not show or changes how the text reads", r)
		return "", false
	}
	return n.Value, true
}

// hidden reports what an escape in double quotes could put into a text although
// no file may hold it.
func hidden(r rune) bool {
	return r < 0x20 && r != '\n' && r != '\t' || 0x7f <= r && r < 0xa0 || r == 0x2028 || r == 0x2029 || unicode.Is(unicode.Bidi_Control, r)
}

// enter guards the depth; the caller leaves with d.depth--.
func (d *decoder) enter(n *yaml.Node) bool {
	d.depth++
	if d.depth > MaxDepth {
		d.report("limit", d.pos(n), "flatten it", "values are nested deeper than the limit of %d", MaxDepth)
		d.depth--
		return false
	}
	return true
}

// pairs walks a mapping in order, refusing merge keys, keys that are no text
// and, unless doubled ids are found elsewhere, keys that stand twice. Known, if
// set, tells the keys that the mapping may have: any other key without a value
// is likely the rest of a text that a comma has cut.
func (d *decoder) pairs(n *yaml.Node, want string, dup bool, known func(key string) bool, do func(key, value *yaml.Node)) {
	if !d.allowed(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.wrongMapping(n, want)
		return
	}
	if !d.enter(n) {
		return
	}
	defer func() { d.depth-- }()
	var seen map[string]*yaml.Node
	if dup {
		seen = make(map[string]*yaml.Node, len(n.Content)/2)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if end := d.brokenText(n, i, known); end > i {
			i = end - 2
			continue
		}
		if !d.key(key) {
			continue
		}
		if first := seen[key.Value]; first != nil {
			d.report("duplicate-key", d.pos(key), "keep one of them", "key %q stands twice", clip(key.Value))
			last := &d.diags[len(d.diags)-1]
			at := d.pos(first)
			last.Related = []ssf.Related{{Message: "first here", Pos: at, Snippet: d.src.snippet(at)}}
			continue
		}
		if dup {
			seen[key.Value] = key
		}
		d.holder = key
		do(key, value)
	}
}

// key refuses what cannot be the key of a mapping.
func (d *decoder) key(key *yaml.Node) bool {
	switch {
	case !d.allowed(key):
	case key.Kind != yaml.ScalarNode:
		d.report("wrong-type", d.pos(key), "write a plain word before the colon; a text that begins with `{` or `[` needs quotes", "a key must be a word")
	case key.Value == "<<" && key.Style == 0:
		d.report("yaml-feature", d.pos(key), "write the keys out", "merge keys (<<) are not part of the language")
	case strings.TrimSpace(key.Value) == "":
		d.report("wrong-type", d.pos(key), "write a word before the colon", "the key is empty")
	default:
		return true
	}
	return false
}

// wrongMapping reports what stands where a mapping is wanted.
func (d *decoder) wrongMapping(n *yaml.Node, want string) {
	hint := "write its keys below, indented: `key: value`"
	switch {
	case isNull(n):
		d.report("wrong-type", d.pos(n), hint+"; or leave the key out", "there is no value here, want %s", want)
		return
	case n.Kind == yaml.SequenceNode:
		d.report("wrong-type", d.pos(n), "write `key: value` lines instead of `-` items", "this is a list, want %s", want)
		return
	case tight.MatchString(n.Value):
		hint = "write a space after each colon: `key: value`"
	}
	d.report("wrong-type", d.pos(n), hint, "%q is a text, want %s", clip(n.Value), want)
}

// brokenText finds the text in braces that a comma has cut: `{says: A, b}`
// reads as the keys `says` and `b`, and the second has no value. It returns the
// index after the pieces of the text that ends before i, or 0.
func (d *decoder) brokenText(n *yaml.Node, i int, known func(key string) bool) int {
	if n.Style&yaml.FlowStyle == 0 || i == 0 || !isNull(n.Content[i+1]) || known == nil || known(n.Content[i].Value) {
		return 0
	}
	key, text := n.Content[i-2], n.Content[i-1]
	if text.Kind != yaml.ScalarNode || text.Style != 0 || isNull(text) {
		return 0
	}
	whole, end := text.Value, i
	for ; end+1 < len(n.Content) && isNull(n.Content[end+1]) && n.Content[end].Kind == yaml.ScalarNode; end += 2 {
		if len(whole) < 4*clipped { // what is shown is clipped
			whole += ", " + n.Content[end].Value
		}
	}
	d.report("broken-text", d.pos(n.Content[i]), fmt.Sprintf("put the text in quotes: %s: %s", key.Value, quote(clip(whole))),
		"inside { } a comma ends a text, so %q is read as a key of its own", clip(n.Content[i].Value))
	return end
}

// quote is a text as YAML has it in single quotes.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// compareDiags puts a piece's diagnostics in file order.
func compareDiags(a, b ssf.Diagnostic) int {
	return cmp.Or(a.Pos.Compare(b.Pos), strings.Compare(string(a.Check), string(b.Check)), strings.Compare(a.Message, b.Message))
}
