package lang

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxFlow is the most characters of a line that ends with a value in brackets.
// What is longer is written line by line.
const maxFlow = 120

// A printer collects the lines of a file.
type printer struct {
	lines []printed
	kept  bool // an empty line would be part of the text above it
}

// A printed line has a text, a comment or both.
type printed struct {
	text string
	end  *note
}

// write is the file in its form.
func (l *layout) write() string {
	p := &printer{}
	p.notes(l.head, "")
	for i, x := range l.root.entries {
		if i > 0 || len(l.head) > 0 {
			p.blank()
		}
		if len(x.above) > 0 {
			x.above[0].blank = false
		} else {
			x.blank = false
		}
		p.entry(x, 0, "")
	}
	if len(l.root.tail) > 0 {
		p.blank()
		l.root.tail[0].blank = false
		p.notes(l.root.tail, "")
	}
	return p.String()
}

// String is all lines, with the comments at their ends in their columns:
// neighbours that shared one still do.
func (p *printer) String() string {
	var b strings.Builder
	for i := 0; i < len(p.lines); {
		first, to := p.lines[i].end, i+1
		if first == nil {
			b.WriteString(p.lines[i].text + "\n")
			i = to
			continue
		}
		for first.fixed && to < len(p.lines) && p.lines[to].end != nil && p.lines[to].end.fixed && p.lines[to].end.col == first.col {
			to++
		}
		col := 0
		if first.fixed {
			col = first.col
		}
		for _, line := range p.lines[i:to] {
			if line.text != "" {
				col = max(col, utf8.RuneCountInString(line.text)+2)
			}
		}
		for _, line := range p.lines[i:to] {
			b.WriteString(line.text + strings.Repeat(" ", col-utf8.RuneCountInString(line.text)) + line.end.text + "\n")
		}
		i = to
	}
	return b.String()
}

func (p *printer) add(text string) { p.lines, p.kept = append(p.lines, printed{text: text}), false }

func (p *printer) blank() {
	if !p.kept {
		p.add("")
	}
}

// notes writes comments on lines of their own.
func (p *printer) notes(ns []*note, indent string) {
	for i, n := range ns {
		if n.blank && (i > 0 || len(p.lines) > 0) {
			p.blank()
		}
		p.add(indent + n.text)
	}
}

// close puts comments at the end of a line that was written, and below it.
func (p *printer) close(line int, ns []*note) {
	for i := range ns {
		if i == 0 {
			p.lines[line].end = ns[0]
			continue
		}
		p.lines = slices.Insert(p.lines, line+i, printed{end: ns[i]})
	}
}

// block writes the entries of b. The first goes on with a line that was begun.
func (p *printer) block(b *block, indent int, begun string) {
	for i, x := range b.entries {
		if i == 0 {
			x.blank = x.blank && len(x.above) > 0
			if len(x.above) > 0 {
				x.above[0].blank = false
			}
		}
		p.entry(x, indent, begun)
		begun = ""
	}
	p.notes(b.tail, strings.Repeat(" ", indent))
}

// entry writes x with what is above it.
func (p *printer) entry(x *entry, indent int, begun string) {
	space := strings.Repeat(" ", indent)
	line := begun
	if line == "" {
		line = space
	}
	if x.item {
		line += "-"
	} else {
		line += x.key.lines[0] + ":"
	}
	text, flat := x.shape(utf8.RuneCountInString(line))
	x.lift(utf8.RuneCountInString(line))
	p.notes(x.above, space)
	if x.blank {
		p.blank()
	}
	switch at := len(p.lines); {
	case x.null:
		p.add(line)
		p.close(at, x.end)
		if x.block != nil {
			p.notes(x.block.tail, space+"  ")
		}
	case !flat && x.item:
		p.block(x.block, indent+2, line+" ")
	case !flat:
		p.add(line)
		p.close(at, x.end)
		p.block(x.block, indent+2, "")
	case x.block != nil:
		p.add(line + " " + text)
		p.close(at, x.end)
	default:
		for i, part := range x.text.lines {
			switch {
			case i == 0:
				p.add(line + " " + part)
			case part == "":
				p.add("")
			default:
				p.add(space + "  " + part)
			}
		}
		if !x.text.block {
			at = len(p.lines) - 1
		}
		p.close(at, x.end)
		p.kept = x.text.block && strings.Contains(x.text.lines[0], "+")
	}
}

// shape is whether the value of x is written on the line of which width
// characters are there already, and how if it is a collection.
func (x *entry) shape(width int) (text string, flat bool) {
	switch {
	case x.block == nil || x.null:
		return "", true
	case !x.block.flow:
		return "", false
	}
	text, flat = x.block.flat()
	return text, flat && (len(x.block.entries) == 0 || width+1+utf8.RuneCountInString(text) <= maxFlow)
}

// lift puts above x what has no other place there: what is above the first
// entry of a block that begins on the line of x, and comments at the end of a
// line that will be another. Width is that of the line up to the value.
func (x *entry) lift(width int) {
	_, flat := x.shape(width)
	switch {
	case x.text.block && len(x.end) > 1, x.item && !flat && len(x.end) > 0:
		for _, n := range x.end {
			x.raise(n)
		}
		x.end = nil
	case !flat && x.block.flow && len(x.end) > 0:
		x.end[0].fixed = len(x.end) > 1
	}
	if !flat && x.block.flow { // what was a column beside it is none below
		for _, y := range x.block.entries {
			if len(y.end) > 0 {
				y.end[0].fixed = len(y.end) > 1
			}
		}
	}
	if !x.item || flat {
		return
	}
	first := x.block.entries[0]
	first.lift(width + 2 + utf8.RuneCountInString(strings.Join(first.key.lines, "")))
	for _, n := range first.above {
		x.raise(n)
	}
	first.above, first.blank = nil, false
}

// flat is a collection in brackets on one line, if nothing in it needs a line
// of its own.
func (b *block) flat() (string, bool) {
	var s strings.Builder
	open, shut := "{", "}"
	if b.list {
		open, shut = "[", "]"
	}
	s.WriteString(open)
	for i, x := range b.entries {
		if len(x.above) > 0 || len(x.end) > 0 || len(x.text.lines) > 1 || s.Len() > maxFlow*utf8.UTFMax {
			return "", false
		}
		if i > 0 {
			s.WriteString(", ")
		}
		if !x.item {
			if s.WriteString(x.key.lines[0]); !x.null {
				s.WriteString(": ")
			}
		}
		if x.block != nil {
			text, ok := x.block.flat()
			if !ok {
				return "", false
			}
			s.WriteString(text)
		} else if !x.null {
			s.WriteString(x.text.lines[0])
		}
	}
	s.WriteString(shut)
	return s.String(), len(b.tail) == 0
}
