package rule

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"ssf"
)

// The limits of one condition.
const (
	MaxBytes   = 4096 // of its text
	MaxNesting = 32   // of brackets within each other
)

// source is the text of a condition cut into tokens. The parser keeps only the
// start of each operator; the tokens tell where every part begins and ends.
// Offsets are in runes, as the parser's are.
type source struct {
	text   ssf.Text
	runes  []rune
	bytes  []int32 // byte offset of each rune, and of the end
	tokens []token
}

type tokenKind uint8

const (
	tokenName tokenKind = iota
	tokenText
	tokenSign
)

// token is one word, quoted text or sign. partner is the index of the matching
// bracket, or of the token itself.
type token struct {
	kind       tokenKind
	start, end int32
	partner    int32
}

// span is a range of rune offsets.
type span struct{ start, end int32 }

func newSource(text ssf.Text) *source {
	s := &source{text: text, runes: []rune(text.S)}
	for i := range text.S {
		s.bytes = append(s.bytes, int32(i))
	}
	s.bytes = append(s.bytes, int32(len(text.S)))
	return s
}

// cut cuts the text into tokens. It reports what can be said before parsing:
// characters and words that stem from other languages, and brackets and quotes
// without a partner.
func (s *source) cut(report func(at span, message, hint string)) {
	var open []int32
	for at := int32(0); ; {
		t, ok := s.scan(at, report)
		if !ok {
			break
		}
		at = t.end
		i := int32(len(s.tokens))
		t.partner = i
		switch here := s.slice(t.span()); here {
		case "(", "[":
			if open = append(open, i); len(open) == MaxNesting+1 {
				report(t.span(), fmt.Sprintf("brackets nest deeper than %d", MaxNesting), "split the condition")
			}
		case ")", "]":
			if len(open) == 0 || s.slice(s.tokens[open[len(open)-1]].span()) != opener[here] {
				report(t.span(), fmt.Sprintf("`%s` closes nothing", here), fmt.Sprintf("add `%s` before it, or leave it out", opener[here]))
				break
			}
			t.partner = open[len(open)-1]
			s.tokens[t.partner].partner = i
			open = open[:len(open)-1]
		}
		s.tokens = append(s.tokens, t)
	}
	for _, i := range open {
		here := s.slice(s.tokens[i].span())
		report(s.tokens[i].span(), fmt.Sprintf("`%s` is never closed", here), fmt.Sprintf("add `%s`", closer[here]))
	}
}

var (
	opener = map[string]string{")": "(", "]": "["}
	closer = map[string]string{"(": ")", "[": "]"}
)

// foreign is what other languages write, and what a condition writes instead.
var foreign = map[string]string{
	"and": "write `&&`", "AND": "write `&&`", "&": "write `&&`",
	"or": "write `||`", "OR": "write `||`", "|": "write `||`",
	"not": "write `!` before it", "NOT": "write `!` before it",
	"=": "write `==` to compare", "===": "write `==`",
	"“": "use straight quotes", "”": "use straight quotes", "‘": "use straight quotes", "’": "use straight quotes",
	"?": "use &&, || and !", ":": "use &&, || and !",
	"number": "compare with a word of the fact, in quotes",
}

// scan reads the token at or after a rune offset, passing over what it reports.
func (s *source) scan(at int32, report func(span, string, string)) (token, bool) {
	for end := int32(len(s.runes)); at < end; {
		start, c := at, s.runes[at]
		switch {
		case strings.ContainsRune(" \t\r\n\f", c):
			at++
			continue
		case s.has(at, "//"):
			for at < end && s.runes[at] != '\n' {
				at++
			}
			continue
		case isLetter(c):
			for at < end && (isLetter(s.runes[at]) || isDigit(s.runes[at])) {
				at++
			}
			name := s.slice(span{start, at})
			if at < end && (s.runes[at] == '"' || s.runes[at] == '\'') {
				report(span{start, at}, fmt.Sprintf("`%s` stands directly before a quote", name), "write the text in plain quotes")
			} else if hint := foreign[name]; hint != "" && !s.afterDot() {
				report(span{start, at}, fmt.Sprintf("`%s` is not part of a condition", name), hint)
			}
			return token{tokenName, start, at, 0}, true
		case isDigit(c):
			for at < end && (isLetter(s.runes[at]) || isDigit(s.runes[at]) || s.runes[at] == '.') {
				at++
			}
			report(span{start, at}, "a number is not part of a condition", foreign["number"])
			continue
		case c == '"' || c == '\'':
			return s.scanText(at, report), true
		}
		for _, sign := range []string{"===", "==", "!=", "<=", ">=", "&&", "||"} {
			if s.has(at, sign) {
				at += int32(len(sign))
				break
			}
		}
		if at == start {
			at++
		}
		sign := s.slice(span{start, at})
		switch {
		case sign == "." && !s.afterName():
			report(span{start, at}, "a name is expected before the dot", "write for example `self` before it")
		case len(sign) == 2 || strings.Contains("<>!.,()[]", sign):
			return token{tokenSign, start, at, 0}, true
		default:
			hint := foreign[sign]
			if hint == "" {
				hint = "a condition compares facts and joins comparisons with &&, || and !"
			}
			report(span{start, at}, fmt.Sprintf("`%s` is not part of a condition", sign), hint)
		}
	}
	return token{}, false
}

// scanText reads a quoted text: one line, no escapes.
func (s *source) scanText(start int32, report func(span, string, string)) token {
	quote, at := s.runes[start], start+1
	for at < int32(len(s.runes)) && s.runes[at] != quote && s.runes[at] != '\n' {
		at++
	}
	if at == int32(len(s.runes)) || s.runes[at] == '\n' {
		report(span{start, at}, "the quote is never closed", fmt.Sprintf("add `%c`", quote))
		return token{tokenText, start, at, 0}
	}
	at++
	where := span{start, at}
	if at == start+2 && at < int32(len(s.runes)) && s.runes[at] == quote {
		report(where, "a text has one quote on each side", "write \"word\"")
	} else if slices.Contains(s.runes[start:at], '\\') {
		report(where, "a text has no backslash", "write the word as the vocabulary has it")
	}
	return token{tokenText, start, at, 0}
}

func (s *source) has(at int32, prefix string) bool {
	return strings.HasPrefix(s.text.S[s.bytes[at]:], prefix)
}

func (s *source) afterDot() bool {
	return len(s.tokens) > 0 && s.slice(s.tokens[len(s.tokens)-1].span()) == "."
}

func (s *source) afterName() bool {
	if len(s.tokens) == 0 {
		return false
	}
	last := s.tokens[len(s.tokens)-1]
	return last.kind == tokenName || last.kind == tokenText || opener[s.slice(last.span())] != ""
}

func isLetter(c rune) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c rune) bool  { return '0' <= c && c <= '9' }

func (t token) span() span { return span{t.start, t.end} }

// slice is the text of a span.
func (s *source) slice(at span) string { return s.text.S[s.bytes[at.start]:s.bytes[at.end]] }

// index is the token that ends after a rune offset: the one there, or the next.
func (s *source) index(offset int32) int {
	i, _ := slices.BinarySearchFunc(s.tokens, offset, func(t token, offset int32) int {
		if t.end <= offset {
			return -1
		}
		return 1
	})
	return i
}

// at is the span of the token at a rune offset; empty at the end of the text.
func (s *source) at(offset int32) span {
	if i := s.index(offset); i < len(s.tokens) {
		return s.tokens[i].span()
	}
	end := int32(len(strings.TrimRight(s.text.S, " \t\r\n\f")))
	end = int32(utf8.RuneCountInString(s.text.S[:end]))
	return span{end, end}
}

// whole widens a span until no bracket in it lacks its partner.
func (s *source) whole(at span) span {
	first, last := s.index(at.start), s.index(at.end-1)
	for i := first; i <= last && i < len(s.tokens); i++ {
		if p := int(s.tokens[i].partner); p < first {
			first, i = p, p-1
		} else if p > last {
			last = p
		}
	}
	return span{s.tokens[first].start, s.tokens[last].end}
}

// pos is the place of a span in the file that the condition stands in. A span
// over several lines ends with its first.
func (s *source) pos(at span) ssf.Pos {
	p := s.text.Pos
	line := int32(0) // offset of the start of the line
	for i, c := range s.runes[:at.start] {
		if c == '\n' {
			p.Line++
			line = int32(i) + 1
		}
	}
	end := at.start
	for end < at.end && s.runes[end] != '\n' {
		end++
	}
	p.Col += int(at.start - line)
	p.EndCol = 0
	if end > at.start {
		p.EndCol = p.Col + int(end-at.start)
	}
	return p
}

// offset is the rune offset of a line (from 1) and column (from 0) of the text.
func (s *source) offset(line, column int) int32 {
	at := 0
	for i, c := range s.runes {
		if line <= 1 {
			break
		}
		if c == '\n' {
			line--
			at = i + 1
		}
	}
	return int32(min(max(at+column, 0), len(s.runes)))
}
