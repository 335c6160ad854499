package lang

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// A layout is a file as it is written. The parser says where each value begins
// and what it is; where it ends, and which comments stand between it and the
// next, is found in the text.
type layout struct {
	src   *source
	at    int     // how far the text is read, in bytes
	last  *entry  // the entry of what was read last
	head  []*note // the comments of the file as a whole
	root  *block  // the sections
	notes []*note // all comments, in their order

	mark struct{ line, col, at int } // a place that was found before

	lost   string // what went wrong, if anything did
	lostAt ssf.Pos
}

// A block is a mapping or a list.
type block struct {
	flow, list bool
	col        int // of its entries, from 0
	entries    []*entry
	tail       []*note // below the last entry
}

// An entry is a key with its value, or an item of a list.
type entry struct {
	above []*note // on lines of their own
	blank bool    // an empty line stands before it, below what is above
	end   []*note // at the end of its line, with the lines on which that goes on
	col   int     // where it begins, from 0
	item  bool
	key   scalar // none for an item
	null  bool   // there is no value
	text  scalar // the value, if it is a text,
	block *block // or if it is a collection; for null what is commented out in it
}

// A scalar is a text as it is written.
type scalar struct {
	value string
	lines []string // without what indents them
	block bool     // it is a block scalar: the first line is the header
}

// A note is a comment.
type note struct {
	text  string // from the # on
	line  int
	col   int  // from 0
	gap   int  // characters of space before it
	own   bool // nothing but space is before it on its line
	blank bool // an empty line stands before it
	fixed bool // it was put into its column by intention
}

// cutOff reports whether x may be the rest of a text that a comma has cut.
func (x *entry) cutOff() bool { return x.null && !x.item }

// collection is the value of x, if it is one.
func (x *entry) collection() *block {
	if x.null {
		return nil
	}
	return x.block
}

// filled are the entries of b.
func (b *block) filled() []*entry {
	if b == nil {
		return nil
	}
	return b.entries
}

// remarks are the texts of all comments, sorted.
func (l *layout) remarks() (texts []string) {
	for _, n := range l.notes {
		texts = append(texts, n.text)
	}
	slices.Sort(texts)
	return texts
}

func (l *layout) fail(format string, args ...any) {
	if l.lost == "" {
		line := strings.Count(l.src.text[:l.at], "\n") + 1
		l.lost, l.lostAt = fmt.Sprintf(format, args...), ssf.Pos{File: l.src.path, Line: line, Col: 1, EndCol: 2}
	}
}

// read reads the whole file.
func (l *layout) read(root *yaml.Node) {
	whole := &entry{col: -1}
	l.last = whole
	l.node(root, whole)
	l.root = whole.block
	if l.root == nil || l.lost != "" {
		l.fail("the sections of this file cannot be told apart")
		return
	}
	ns, _ := l.gap(len(l.src.text), "")
	l.root.tail = append(l.root.tail, l.settle(ns, whole, l.root.lastEntry())...)
	l.head = append(whole.above, whole.end...)
	if len(l.root.entries) > 0 {
		first := l.root.entries[0]
		n := len(first.above)
		if !first.blank { // the last paragraph is about the section
			for n > 0 && !first.above[n-1].blank {
				n--
			}
			n = max(0, n-1)
		}
		l.head = append(l.head, first.above[:n]...)
		first.above = first.above[n:]
	}
	aligned := map[[2]int]bool{}
	for _, n := range l.notes {
		aligned[[2]int{n.line, n.col}] = true
	}
	for _, n := range l.notes {
		n.fixed = n.gap > 2 || aligned[[2]int{n.line - 1, n.col}] || aligned[[2]int{n.line + 1, n.col}]
	}
}

func (b *block) lastEntry() *entry {
	if b == nil || len(b.entries) == 0 {
		return nil
	}
	return b.entries[len(b.entries)-1]
}

// offset is the byte at which a node begins.
func (l *layout) offset(n *yaml.Node) int {
	m := &l.mark
	if n.Line != m.line || n.Column < m.col {
		if n.Line < 1 || n.Line > len(l.src.lines) {
			return len(l.src.text)
		}
		m.line, m.col, m.at = n.Line, 1, l.src.lines[n.Line-1]
	}
	for m.col < n.Column && m.at < len(l.src.text) {
		_, size := utf8.DecodeRuneInString(l.src.text[m.at:])
		m.at += size
		m.col++
	}
	return m.at
}

// gap reads what stands between values up to a byte, or to the first of some
// signs: the comments, and whether an empty line ends it.
func (l *layout) gap(to int, stop string) (ns []*note, blank bool) {
	text, breaks := l.src.text, 0
	for l.at < to {
		switch c := text[l.at]; {
		case c == '#':
			end := lineEnd(text, l.at)
			begin := strings.LastIndexByte(text[:l.at], '\n') + 1
			before := text[begin:l.at]
			trimmed := strings.TrimRight(before, " \t")
			n := &note{
				text: strings.TrimRight(text[l.at:end], " \t"), line: l.lineOf(begin), col: utf8.RuneCountInString(before),
				gap: len(before) - len(trimmed), own: trimmed == "", blank: breaks > 1,
			}
			l.notes = append(l.notes, n)
			ns = append(ns, n)
			l.at, breaks = end, 0
			continue
		case c == '\n':
			breaks++
		case strings.IndexByte(stop, c) >= 0:
			return ns, breaks > 1
		case strings.IndexByte(" \t:,-?[]{}", c) < 0:
			l.fail("this line has something that the parser did not see")
			l.at = to
			return ns, false
		}
		l.at++
	}
	return ns, breaks > 1
}

// lineEnd is where the line that a byte is in ends.
func lineEnd(text string, at int) int {
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(text)
}

// lineOf is the number of the line that begins at a byte.
func (l *layout) lineOf(begin int) int {
	n, _ := slices.BinarySearch(l.src.lines, begin)
	return n + 1
}

// settle gives comments that follow prev, an entry of what in holds, to what
// they speak of, and returns those that speak of what follows. One at the end
// of a line is of the entry there. One on a line of its own belongs into the
// innermost block that is not indented deeper.
func (l *layout) settle(ns []*note, in, prev *entry) (above []*note) {
	var open []*block
	deepest := prev
	for b := prev; b != nil && b.block != nil && !b.block.flow && len(b.block.entries) > 0; {
		open = append(open, b.block)
		b = b.block.lastEntry()
		deepest = b
	}
	at := l.last
	for _, n := range ns {
		switch {
		case !n.own && prev == nil && in.item:
			in.raise(n)
			continue
		case !n.own:
			at.close(n)
			continue
		case at.goesOn(n):
			at.end = append(at.end, n)
			continue
		}
		if deepest != nil && deepest.null && !deepest.item && n.col > deepest.col {
			if deepest.block == nil {
				deepest.block = &block{}
			}
			deepest.block.tail = append(deepest.block.tail, n)
			continue
		}
		deepest = nil
		for len(open) > 0 && open[len(open)-1].col > n.col {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			b := open[len(open)-1]
			b.tail = append(b.tail, n)
			continue
		}
		above = append(above, n)
	}
	return above
}

// goesOn reports whether n is one more line of the comment at the end of x.
func (x *entry) goesOn(n *note) bool {
	if len(x.end) == 0 {
		return false
	}
	before := x.end[len(x.end)-1]
	return n.own && !n.blank && n.col == before.col && n.line == before.line+1
}

// raise puts a comment above the entry.
func (x *entry) raise(n *note) {
	n.blank, x.blank = x.blank, false
	x.above = append(x.above, n)
}

// close puts a comment at the end of the entry's line, or above it if there is
// one already.
func (x *entry) close(n *note) {
	if len(x.end) > 0 {
		x.raise(n)
		return
	}
	x.end = []*note{n}
}

// node reads the value of x. The key or dash has been read.
func (l *layout) node(n *yaml.Node, x *entry) {
	if l.lost != "" {
		return
	}
	if x.null = isNull(n) && n.Value == ""; x.null {
		return
	}
	start := l.offset(n)
	open := byte(0)
	if n.Kind != yaml.ScalarNode && n.Style&yaml.FlowStyle != 0 && start < len(l.src.text) {
		if open = l.src.text[start]; open != '[' && open != '{' {
			open = 0 // a pair in brackets, without braces of its own
		}
	}
	if n.Kind != yaml.ScalarNode && open == 0 && n.Style&yaml.FlowStyle == 0 {
		l.block(n, x)
		return
	}
	ns, _ := l.gap(start, "")
	for _, c := range ns {
		switch {
		case !c.own && !x.item:
			x.close(c)
		case x.goesOn(c):
			x.end = append(x.end, c)
		default:
			x.raise(c)
		}
	}
	switch {
	case n.Kind == yaml.ScalarNode:
		x.text = l.scalar(n, x)
		l.last = x
	default:
		l.flow(n, x, open)
	}
}

// block reads a mapping or list that is written line by line.
func (l *layout) block(n *yaml.Node, x *entry) {
	b := &block{list: n.Kind == yaml.SequenceNode, col: n.Column - 1}
	x.block = b
	step := 2
	if b.list {
		step = 1
	}
	for i := 0; i < len(n.Content) && l.lost == ""; i += step {
		c := n.Content[i]
		prev := b.lastEntry()
		y := &entry{item: b.list}
		var ns []*note
		if b.list {
			ns, y.blank = l.gap(len(l.src.text), "-")
		} else {
			ns, y.blank = l.gap(l.offset(c), "")
		}
		y.above = l.settle(ns, x, prev)
		y.col = b.col
		b.entries = append(b.entries, y)
		l.last = y
		if b.list {
			l.at++
			l.node(c, y)
			continue
		}
		l.key(c, y)
		l.node(n.Content[i+1], y)
	}
}

// key reads the key of x.
func (l *layout) key(n *yaml.Node, x *entry) {
	if x.key = l.scalar(n, x); len(x.key.lines) > 1 || x.key.block {
		l.fail("a key goes over several lines")
	}
}

// flow reads a mapping or list in brackets. Open is the bracket that opens it.
func (l *layout) flow(n *yaml.Node, x *entry, open byte) {
	b := &block{flow: true, list: n.Kind == yaml.SequenceNode}
	x.block = b
	step := 2
	if b.list {
		step = 1
	}
	if open != 0 {
		l.at++
	}
	for i := 0; i < len(n.Content) && l.lost == ""; i += step {
		y := &entry{item: b.list}
		ns, _ := l.gap(l.offset(n.Content[i]), "")
		y.above = l.inFlow(ns)
		b.entries = append(b.entries, y)
		l.last = y
		if !b.list {
			l.key(n.Content[i], y)
		}
		l.node(n.Content[i+step-1], y)
	}
	if open != 0 && l.lost == "" {
		ns, _ := l.gap(len(l.src.text), map[byte]string{'[': "]", '{': "}"}[open])
		if b.tail = l.inFlow(ns); len(b.entries) == 0 {
			for _, c := range b.tail {
				x.raise(c)
			}
			b.tail = nil
		}
		l.at++
	}
	l.last = x
}

// inFlow gives comments in brackets to what they speak of.
func (l *layout) inFlow(ns []*note) (above []*note) {
	for _, n := range ns {
		switch {
		case !n.own:
			l.last.close(n)
		case l.last.goesOn(n):
			l.last.end = append(l.last.end, n)
		default:
			n.blank = false
			above = append(above, n)
		}
	}
	return above
}

// scalar reads the text at which the file stands, the key or value of x.
func (l *layout) scalar(n *yaml.Node, x *entry) scalar {
	text, start := l.src.text, l.at
	switch {
	case l.lost != "":
		return scalar{}
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return l.blockScalar(n, x)
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		l.at = quoteEnd(text, start)
	default:
		for _, r := range n.Value {
			if r == ' ' || r == '\t' || r == '\n' {
				continue
			}
			for l.at < len(text) && strings.IndexByte(" \t\n", text[l.at]) >= 0 {
				l.at++
			}
			if c, size := utf8.DecodeRuneInString(text[l.at:]); c == r {
				l.at += size
				continue
			}
			l.fail("the text %q is not where the parser saw it", clip(n.Value))
			return scalar{}
		}
	}
	s := scalar{value: n.Value, lines: strings.Split(text[start:l.at], "\n")}
	for i := range s.lines {
		if i > 0 {
			s.lines[i] = strings.TrimLeft(s.lines[i], " \t")
		}
		if i < len(s.lines)-1 {
			s.lines[i] = trimEnd(s.lines[i], n.Style&yaml.DoubleQuotedStyle != 0)
		}
	}
	return s
}

// quoteEnd is the byte behind the quote that ends the text at start.
func quoteEnd(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch {
		case text[start] == '"' && text[i] == '\\', text[start] == '\'' && text[i] == '\'' && strings.HasPrefix(text[i+1:], "'"):
			i++
		case text[i] == text[start]:
			return i + 1
		}
	}
	return len(text)
}

// trimEnd takes the space off the end of a line, but for one that is escaped.
func trimEnd(line string, escapes bool) string {
	out := strings.TrimRight(line, " \t")
	slashes := len(out) - len(strings.TrimRight(out, `\`))
	if escapes && slashes%2 == 1 && len(out) < len(line) {
		out = line[:len(out)+1]
	}
	return out
}

// blockScalar reads a text behind | or >.
func (l *layout) blockScalar(n *yaml.Node, x *entry) scalar {
	text := l.src.text
	sign, chomp, deep := text[l.at:min(l.at+1, len(text))], "", 0
	for l.at++; l.at < len(text); l.at++ {
		if c := text[l.at]; c == '+' || c == '-' {
			chomp = string(c)
		} else if '1' <= c && c <= '9' {
			deep = int(c - '0')
		} else {
			break
		}
	}
	ns, _ := l.gap(lineEnd(text, l.at), "")
	for _, c := range ns {
		x.close(c)
	}
	indent := 0 // not known yet
	if deep > 0 {
		indent = x.col + deep
	}
	var body []string
	kept, end := 0, l.at // lines that are part of the text
	lead := x.col + 1
	for at := l.at + 1; at < len(text); at = lineEnd(text, at) + 1 {
		line := text[at:lineEnd(text, at)]
		rest := strings.TrimLeft(line, " ")
		spaces := len(line) - len(rest)
		switch {
		case indent == 0 && rest == "":
			lead = max(lead, spaces)
		case indent == 0:
			indent = max(lead, spaces)
		}
		if rest != "" && spaces < indent {
			break
		}
		if len(line) > indent && indent > 0 {
			body = append(body, line[indent:])
			kept, end = len(body), lineEnd(text, at)
			continue
		}
		if body = append(body, ""); chomp == "+" {
			kept, end = len(body), lineEnd(text, at)
		}
	}
	l.at = min(end, len(text))
	if l.at == len(text) && kept > 0 && strings.Trim(body[kept-1], " ") != "" { // a text without its last line break; the parser adds one to spaces
		chomp = "-"
	}
	if deep > 0 {
		chomp = "2" + chomp
	}
	return scalar{value: n.Value, lines: append([]string{sign + chomp}, body[:kept]...), block: true}
}
