package hcltm

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"ssf"
	"ssf/internal/format"
)

// This file reads the native syntax of HCL as far as a threat model can be read
// without running anything: attributes, blocks, texts with references in them,
// heredocs, lists and objects. An expression that would have to be computed is
// kept as it is written. The syntax is that of HashiCorp's specification, version 2.
// The parser of HashiCorp is not used: it recurses without a bound, so that a file of
// brackets ends the program, and it would bring six modules for what is not run here.

// label is the key of a block's first label among its entries; of the second it
// is label2, and so on.
const label = "@label"

// reference and expression are the keys under which a value stands that is no
// value yet: the name of something elsewhere, or what nobody computes here.
const (
	reference  = "$reference"
	expression = "$expression"
)

// maxText is how many bytes all texts have together after variables are put in.
const maxText = format.MaxSize

// parse reads a document. Variables that it defines are put in where it names them.
func parse(name string, data []byte) (*format.Node, error) {
	p := &parser{name: name, src: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), line: 1, col: 1, vars: map[string]string{}}
	if len(p.src) > format.MaxSize {
		return nil, p.refusal("split it", "the file has %d bytes, and the limit is %d", len(p.src), format.MaxSize)
	}
	if !utf8.Valid(p.src) || bytes.IndexByte(p.src, 0) >= 0 {
		return nil, p.refusal("save the file as UTF-8", "the file is not text in UTF-8")
	}
	var items []*item
	err := p.body(&items, 0)
	if err == nil && p.at < len(p.src) {
		err = p.refusal("delete it", "a bracket closes that nothing opened")
	}
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		if it.block && it.name == "variable" && len(it.labels) > 0 {
			for _, k := range it.items {
				if k.name == "value" && k.value != nil && k.value.kind == format.Text && len(k.value.parts) == 0 {
					p.vars[it.labels[0]] = k.value.text
				}
			}
		}
	}
	var none *format.Node
	root := none.Add(name, format.Map, "", 1, 1)
	err = p.nodes(root, items)
	root.Enumerate()
	return root, err
}

// An item is an attribute or a block.
type item struct {
	name      string
	line, col int
	block     bool
	labels    []string
	items     []*item
	value     *value
}

// A value is what stands behind an equals sign.
type value struct {
	kind      format.Kind
	line, col int
	text      string // of a scalar
	parts     []part // of a text in which something is named
	items     []*item
	ref       bool // text is a reference
	raw       bool // text is an expression as it is written
}

// A part is a piece of a text, or something that is named there.
type part struct {
	text string
	ref  bool
}

type parser struct {
	name          string
	src           []byte
	at, line, col int
	count, grown  int
	vars          map[string]string
}

func (p *parser) refusal(hint, why string, args ...any) error {
	return &format.Refusal{At: ssf.Pos{File: p.name, Line: p.line, Col: p.col}, Why: fmt.Sprintf(why, args...), Hint: hint}
}

// fault is the refusal of what stands at the parser's place.
func (p *parser) fault(wanted string) error {
	got := "the end of the file"
	if p.at < len(p.src) {
		line, _, _ := bytes.Cut(p.src[p.at:min(len(p.src), p.at+200)], []byte("\n"))
		got = strconv.Quote(format.Clip(string(line)))
	}
	return p.refusal("mend it there", "this is not HCL: %s is wanted, and here is %s", wanted, got)
}

// peek is the next byte; 0 at the end.
func (p *parser) peek() byte {
	if p.at < len(p.src) {
		return p.src[p.at]
	}
	return 0
}

// skip moves on by n bytes.
func (p *parser) skip(n int) {
	for _, c := range p.src[p.at:min(len(p.src), p.at+n)] {
		switch {
		case c == '\n':
			p.line, p.col = p.line+1, 1
		case utf8.RuneStart(c):
			p.col++
		}
	}
	p.at = min(len(p.src), p.at+n)
}

func (p *parser) has(s string) bool { return bytes.HasPrefix(p.src[p.at:], []byte(s)) }

// space skips blanks and comments, and line ends if they mean nothing here.
func (p *parser) space(lines bool) {
	for p.at < len(p.src) {
		switch c := p.src[p.at]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' && lines:
			p.skip(1)
		case c == '#' || p.has("//"):
			p.skip(p.toLineEnd())
		case p.has("/*"):
			end := bytes.Index(p.src[p.at+2:], []byte("*/"))
			if end < 0 {
				end = len(p.src)
			}
			p.skip(end + 4)
		default:
			return
		}
	}
}

// word is the identifier at the parser's place; empty if there is none.
func (p *parser) word() string {
	end := p.at
	for end < len(p.src) {
		r, n := utf8.DecodeRune(p.src[end:])
		if !unicode.In(r, unicode.L, unicode.Nl) && r != '_' && (end == p.at || r != '-' && !unicode.In(r, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc)) {
			break
		}
		end += n
	}
	s := string(p.src[p.at:end])
	p.skip(end - p.at)
	return s
}

// body reads attributes and blocks up to the bracket that closes them.
func (p *parser) body(items *[]*item, depth int) error {
	if depth > format.MaxDepth {
		return p.refusal("", "blocks are nested more than %d deep", format.MaxDepth)
	}
	for {
		p.space(true)
		if p.at >= len(p.src) || p.peek() == '}' {
			return nil
		}
		it := &item{line: p.line, col: p.col}
		if it.name = p.word(); it.name == "" {
			return p.fault("the name of an attribute or block")
		}
		*items = append(*items, it)
		if err := p.counts(); err != nil {
			return err
		}
		p.space(false)
		if p.peek() == '=' {
			p.skip(1)
			v, err := p.expr(depth+1, false)
			if err != nil {
				return err
			}
			it.value = v
		} else if err := p.block(it, depth); err != nil {
			return err
		}
		p.space(false)
		if c := p.peek(); c != '\n' && c != '}' && p.at < len(p.src) {
			return p.fault("the end of the line")
		}
	}
}

// block reads the labels and the body of a block.
func (p *parser) block(it *item, depth int) error {
	it.block = true
	for p.peek() != '{' {
		if p.peek() == '"' {
			v, err := p.quoted(depth)
			if err != nil {
				return err
			}
			s := v.text
			for _, x := range v.parts {
				s += x.text
			}
			it.labels = append(it.labels, s)
		} else if w := p.word(); w != "" {
			it.labels = append(it.labels, w)
		} else {
			return p.fault("`=`, a label or `{`")
		}
		if err := p.counts(); err != nil {
			return err
		}
		p.space(false)
	}
	p.skip(1)
	if err := p.body(&it.items, depth+1); err != nil {
		return err
	}
	if p.peek() != '}' {
		return p.refusal("the file may have been cut off", "the block %q of line %d is not closed", format.Clip(it.name), it.line)
	}
	p.skip(1)
	return nil
}

// expr reads an expression. Within brackets a line end is a blank.
func (p *parser) expr(depth int, lines bool) (*value, error) {
	if depth > format.MaxDepth {
		return nil, p.refusal("", "values are nested more than %d deep", format.MaxDepth)
	}
	if err := p.counts(); err != nil {
		return nil, err
	}
	p.space(lines)
	at, line, col := p.at, p.line, p.col
	v, err := p.term(depth)
	if err != nil {
		return nil, err
	}
	if v != nil {
		p.space(lines)
		switch p.peek() {
		case 0, '\n', ',', ']', '}':
			return v, nil
		case ':', '=': // of an object, whose key this is
			if lines && !p.has("==") {
				return v, nil
			}
		}
	}
	p.at, p.line, p.col = at, line, col
	s, err := p.raw(lines)
	return &value{kind: format.Map, line: line, col: col, text: s, raw: true}, err
}

// term reads a value or a reference; nil if what stands here is neither.
func (p *parser) term(depth int) (*value, error) {
	v := &value{line: p.line, col: p.col}
	switch c := p.peek(); {
	case c == '"':
		return p.quoted(depth)
	case p.has("<<"):
		return p.heredoc()
	case c == '[':
		v.kind = format.List
		return p.list(v, depth)
	case c == '{':
		v.kind = format.Map
		return p.object(v, depth)
	case '0' <= c && c <= '9', c == '-':
		end := p.at + 1
		for end < len(p.src) && (strings.IndexByte("0123456789.eE", p.src[end]) >= 0 || strings.IndexByte("+-", p.src[end]) >= 0 && strings.IndexByte("eE", p.src[end-1]) >= 0) {
			end++
		}
		s := string(p.src[p.at:end])
		if f, err := strconv.ParseFloat(s, 64); err != nil || math.IsInf(f, 0) || s[len(s)-1] == '.' {
			return nil, nil
		}
		p.skip(end - p.at)
		v.kind, v.text = format.Number, s
		return v, nil
	}
	s := p.word()
	switch s {
	case "":
		return nil, nil
	case "true", "false":
		v.kind, v.text = format.Bool, s
		return v, nil
	case "null":
		return v, nil
	}
	v.kind, v.text, v.ref = format.Map, s, true
	for {
		switch {
		case p.peek() == '.':
			p.skip(1)
			w := p.word()
			if w == "" {
				return nil, nil
			}
			v.text += "." + w
		case p.has(`["`):
			p.skip(1)
			q, err := p.quoted(depth)
			if err != nil {
				return nil, err
			}
			if p.peek() != ']' || len(q.parts) > 0 || q.raw {
				return nil, nil
			}
			p.skip(1)
			v.text += "." + q.text
		default:
			return v, nil
		}
	}
}

// list reads the values between brackets; nil if it is computed.
func (p *parser) list(v *value, depth int) (*value, error) {
	p.skip(1)
	for {
		p.space(true)
		if p.peek() == ']' {
			p.skip(1)
			return v, nil
		}
		at, line, col := p.at, p.line, p.col
		if p.word() == "for" && len(v.items) == 0 {
			return nil, nil
		}
		p.at, p.line, p.col = at, line, col
		x, err := p.expr(depth+1, true)
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, &item{line: x.line, col: x.col, value: x})
		switch p.space(true); p.peek() {
		case ',':
			p.skip(1)
		case ']':
		default:
			return nil, p.fault("`,` or `]`")
		}
	}
}

// object reads the entries between braces; nil if it is computed.
func (p *parser) object(v *value, depth int) (*value, error) {
	p.skip(1)
	for {
		p.space(true)
		if p.peek() == '}' {
			p.skip(1)
			return v, nil
		}
		if p.peek() == '(' {
			return nil, nil
		}
		k, err := p.expr(depth+1, true)
		if err != nil {
			return nil, err
		}
		if k.raw || k.kind == format.List || k.kind == format.Map && !k.ref || len(k.parts) > 0 {
			return nil, nil
		}
		p.space(true)
		if c := p.peek(); c != '=' && c != ':' {
			if len(v.items) == 0 && k.text == "for" {
				return nil, nil
			}
			return nil, p.fault("`=`")
		}
		p.skip(1)
		x, err := p.expr(depth+1, false)
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, &item{name: k.text, line: k.line, col: k.col, value: x})
		switch p.space(false); p.peek() {
		case ',', '\n':
			p.skip(1)
		case '}':
		default:
			return nil, p.fault("`,` or `}`")
		}
	}
}

// raw is the source of an expression that is not read: up to the end of its line,
// or to what ends it between brackets. Whatever it holds is passed over once.
func (p *parser) raw(lines bool) (string, error) {
	start := p.at
	if err := p.pass(func(c byte) bool {
		return c == ',' || c == ']' || c == '}' || c == ')' || c == '\n' && !lines
	}); err != nil {
		return "", err
	}
	if s := strings.TrimSpace(string(p.src[start:p.at])); s != "" {
		return s, nil
	}
	return "", p.fault("a value")
}

// pass moves to where a byte ends what is passed over, brackets, texts and
// comments not looked into.
func (p *parser) pass(ends func(c byte) bool) error {
	closing := map[byte]byte{'(': ')', '[': ']', '{': '}', '"': '"'}
	var open []byte // what closes what was opened
	line := p.line
	for p.at < len(p.src) {
		c, in := p.peek(), byte(0)
		if len(open) > 0 {
			in = open[len(open)-1]
		} else if ends(c) {
			return nil
		}
		switch {
		case in == '"' && (c == '\\' || p.has("$$") || p.has("%%")):
			p.skip(2)
			continue
		case in == '"' && (p.has("${") || p.has("%{")):
			open = append(open, '}')
			p.skip(2)
			continue
		case in == c && in != 0:
			open = open[:len(open)-1]
		case in == '"' && c == '\n':
			return p.refusal("close it", "the text of line %d is not closed", p.line)
		case in == '"':
		case p.has("<<") && p.heredocWord() != "":
			w := p.heredocWord()
			for p.skip(p.toLineEnd()); p.at < len(p.src); p.skip(p.toLineEnd()) {
				p.skip(1)
				if string(bytes.TrimSpace(p.src[p.at:p.at+p.toLineEnd()])) == w {
					p.skip(p.toLineEnd())
					break
				}
			}
			continue
		case c == '#' || p.has("//") || p.has("/*"):
			p.space(false)
			continue
		case closing[c] != 0:
			open = append(open, closing[c])
		case c == ')' || c == ']' || c == '}':
			return p.fault(fmt.Sprintf("`%c`", in))
		}
		p.skip(1)
	}
	if len(open) > 0 {
		return p.refusal("the file may have been cut off", "the value of line %d has a `%c` missing", line, open[len(open)-1])
	}
	return nil
}

// toLineEnd is how many bytes are left in the line.
func (p *parser) toLineEnd() int {
	if n := bytes.IndexByte(p.src[p.at:], '\n'); n >= 0 {
		return n
	}
	return len(p.src) - p.at
}

// counts refuses one value too many.
func (p *parser) counts() error {
	if p.count++; p.count > format.MaxNodes {
		return p.refusal("split the file", "the file has more than %d values", format.MaxNodes)
	}
	return nil
}

// nodes makes nodes of items, with variables put in.
func (p *parser) nodes(up *format.Node, items []*item) error {
	for _, it := range items {
		if !it.block {
			if err := p.put(up, it); err != nil {
				return err
			}
			continue
		}
		n := up.Add(it.name, format.Map, "", it.line, it.col)
		for i, l := range it.labels {
			key := label
			if i > 0 {
				key += strconv.Itoa(i + 1)
			}
			n.Add(key, format.Text, l, it.line, it.col)
		}
		if err := p.nodes(n, it.items); err != nil {
			return err
		}
		n.Enumerate()
	}
	return nil
}

// put makes a node of a value.
func (p *parser) put(up *format.Node, it *item) error {
	v := it.value
	parts := v.parts
	if v.ref {
		parts = []part{{v.text, true}}
	}
	text, known := v.text, !v.raw
	if len(parts) > 0 {
		var b strings.Builder
		for _, x := range parts {
			if !x.ref {
				b.WriteString(x.text)
				p.grown += len(x.text)
			} else if s, ok := p.variable(x.text); ok {
				b.WriteString(s)
				p.grown += len(s)
			} else {
				known = false
				b.WriteString("${" + x.text + "}")
			}
			if p.grown > maxText {
				p.line, p.col = it.line, it.col
				return p.refusal("name them less often", "texts have more than %d bytes after variables are put in", maxText)
			}
		}
		text = b.String()
	}
	switch {
	case v.ref && !known:
		up.Add(it.name, format.Map, "", it.line, it.col).Add(reference, format.Text, v.text, it.line, it.col)
	case !known:
		up.Add(it.name, format.Map, "", it.line, it.col).Add(expression, format.Text, text, it.line, it.col)
	case len(parts) > 0:
		up.Add(it.name, format.Text, text, it.line, it.col)
	default:
		return p.nodes(up.Add(it.name, v.kind, text, it.line, it.col), v.items)
	}
	return nil
}

// variable is the text of a variable that the document defines.
func (p *parser) variable(ref string) (string, bool) {
	name, ok := strings.CutPrefix(ref, "var.")
	if !ok {
		return "", false
	}
	s, ok := p.vars[name]
	return s, ok
}
