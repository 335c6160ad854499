package hcltm

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"ssf/internal/format"
)

// This file reads texts: in quotes, as heredocs, and the references that stand in
// them.

// quoted reads a text in quotes.
func (p *parser) quoted(depth int) (*value, error) {
	v := &value{kind: format.Text, line: p.line, col: p.col}
	p.skip(1)
	return v, p.template(v, depth, func() bool {
		if p.peek() != '"' {
			return false
		}
		p.skip(1)
		return true
	}, true)
}

// template reads a text with what is named in it. In quotes a backslash means
// what follows it, and a line does not end.
func (p *parser) template(v *value, depth int, end func() bool, quotes bool) error {
	start := p.at
	var b strings.Builder
	flush := func(ref string) {
		if b.Len() > 0 {
			v.parts = append(v.parts, part{text: b.String()})
		}
		b.Reset()
		if ref != "" {
			v.parts = append(v.parts, part{ref, true})
		}
	}
	for {
		if end() {
			break
		}
		switch c := p.peek(); {
		case p.at >= len(p.src) || quotes && c == '\n':
			return p.refusal("close it", "the text of line %d is not closed", v.line)
		case quotes && c == '\\':
			r, n := escape(p.src[p.at:])
			if n == 0 {
				return p.fault("an escape such as \\n, \\\" or \\u00e9")
			}
			b.WriteRune(r)
			p.skip(n)
		case p.has("$${"), p.has("%%{"):
			b.WriteByte(c)
			b.WriteByte('{')
			p.skip(3)
		case p.has("${"):
			p.skip(2)
			if p.peek() == '~' {
				v.raw = true
				p.skip(1)
			}
			x, err := p.expr(depth+1, true)
			if err != nil {
				return err
			}
			if p.peek() != '}' {
				return p.fault("`}`")
			}
			p.skip(1)
			switch {
			case x.ref:
				flush(x.text)
			case x.kind == format.Text && !x.raw && len(x.parts) == 0, x.kind == format.Number, x.kind == format.Bool:
				b.WriteString(x.text)
			default:
				v.raw = true
			}
		case p.has("%{"):
			v.raw = true
			p.skip(2)
			if err := p.pass(func(c byte) bool { return c == '}' }); err != nil {
				return err
			}
			if p.peek() != '}' {
				return p.fault("`}`")
			}
			p.skip(1)
		default:
			_, n := utf8.DecodeRune(p.src[p.at:])
			b.Write(p.src[p.at : p.at+n])
			p.skip(n)
		}
	}
	if v.raw {
		v.kind, v.text, v.parts = format.Map, string(p.src[start:p.at]), nil
		return nil
	}
	if len(v.parts) == 0 {
		v.text = b.String()
	} else {
		flush("")
	}
	return nil
}

// escape is the letter that a backslash and what follows mean, and the length of
// both; 0 if they mean none.
func escape(s []byte) (r rune, n int) {
	if len(s) < 2 {
		return 0, 0
	}
	digits := 0
	switch s[1] {
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case '"', '\\':
		return rune(s[1]), 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	}
	if digits == 0 || len(s) < 2+digits {
		return 0, 0
	}
	x, err := strconv.ParseUint(string(s[2:2+digits]), 16, 32)
	if err != nil || x > unicode.MaxRune {
		return 0, 0
	}
	return rune(x), 2 + digits
}

// heredocWord is the word that ends the heredoc here; empty if there is none.
func (p *parser) heredocWord() string {
	line, _, _ := bytes.Cut(p.src[p.at:min(len(p.src), p.at+300)], []byte("\n"))
	w := strings.TrimRight(strings.TrimPrefix(strings.TrimPrefix(string(line), "<<"), "-"), " \t\r")
	if (&parser{src: []byte(w)}).word() != w {
		return ""
	}
	return w
}

// heredoc reads the lines up to one that is only the word behind `<<`. After
// `<<-` the blanks that all lines begin with are no part of it.
func (p *parser) heredoc() (*value, error) {
	v := &value{kind: format.Text, line: p.line, col: p.col}
	w := p.heredocWord()
	if w == "" {
		return nil, p.fault("a word behind `<<`")
	}
	flush := p.has("<<-")
	p.skip(p.toLineEnd() + 1)
	begin := true
	err := p.template(v, 0, func() bool {
		if !begin {
			begin = p.peek() == '\n'
			return false
		}
		begin = p.peek() == '\n'
		line, _, _ := bytes.Cut(p.src[p.at:], []byte("\n"))
		if string(bytes.TrimSpace(line)) != w {
			return false
		}
		p.skip(len(line))
		return true
	}, false)
	if err == nil && flush && !v.raw {
		unindent(v)
	}
	return v, err
}

// unindent takes away the blanks that all lines of a text begin with. Lines of
// nothing but blanks stay as they are.
func unindent(v *value) {
	parts := v.parts
	if len(parts) == 0 {
		parts = []part{{text: v.text}}
	}
	least, begin := math.MaxInt, true
	each := func(do func(line string) string) {
		begin = true
		for i := range parts {
			if parts[i].ref {
				begin = false
				continue
			}
			lines := strings.SplitAfter(parts[i].text, "\n")
			for j, line := range lines {
				if begin && line != "" && (strings.TrimSpace(line) != "" || !strings.HasSuffix(line, "\n")) {
					lines[j] = do(line)
				}
				if line != "" {
					begin = strings.HasSuffix(line, "\n")
				}
			}
			parts[i].text = strings.Join(lines, "")
		}
	}
	each(func(line string) string {
		least = min(least, len(line)-len(strings.TrimLeftFunc(line, unicode.IsSpace)))
		return line
	})
	each(func(line string) string {
		return line[min(least, len(line)-len(strings.TrimLeftFunc(line, unicode.IsSpace))):]
	})
	if len(v.parts) == 0 {
		v.text = parts[0].text
	}
}
