package lang

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"ssf"
)

// The limits on input. A file, text or model beyond one of them is refused
// with the limit's name, before anything is built from it.
const (
	MaxFileSize = 16 << 20 // bytes of one file
	MaxFiles    = 1000     // files of one model
	MaxDepth    = 24       // nested mappings and lists
	MaxText     = 64 << 10 // bytes of one text
	MaxEntries  = 250_000  // entries of all sections of one file
	MaxErrors   = 1000     // diagnostics of one file; the rest is counted
)

// A source is one file's text, cut into sections at its top-level keys.
type source struct {
	path  string
	text  string
	lines []int // byte offset of each line's start
}

func newSource(path, text string) *source {
	s := &source{path: path, text: text}
	s.lines = append(s.lines, 0)
	for i := range len(text) {
		if text[i] == '\n' && i+1 < len(text) {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// line is line n (from 1) without its line break.
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	end := len(s.text)
	if n < len(s.lines) {
		end = s.lines[n]
	}
	return strings.TrimRight(s.text[s.lines[n-1]:end], "\r\n")
}

// span is the text of lines from to to-1.
func (s *source) span(from, to int) string {
	if from > len(s.lines) {
		return ""
	}
	end := len(s.text)
	if to <= len(s.lines) {
		end = s.lines[to-1]
	}
	return s.text[s.lines[from-1]:end]
}

// unreadable looks for what no text of ours may hold: bytes that are not
// UTF-8, control characters, line breaks that editors count differently and
// marks that change the direction of text on screen.
func (s *source) unreadable() (ssf.Pos, string, string) {
	at := func(i int) ssf.Pos {
		line := strings.Count(s.text[:i], "\n") + 1
		col := utf8.RuneCountInString(s.text[strings.LastIndexByte(s.text[:i], '\n')+1:i]) + 1
		return ssf.Pos{File: s.path, Line: line, Col: col, EndCol: col + 1}
	}
	for i, r := range s.text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s.text[i:], "\uFFFD"):
			if i == 0 && (strings.HasPrefix(s.text, "\xff\xfe") || strings.HasPrefix(s.text, "\xfe\xff")) {
				return at(i), "the file is UTF-16", "save it as UTF-8"
			}
			return at(i), fmt.Sprintf("byte 0x%02x is not UTF-8", s.text[i]), "save the file as UTF-8; if it is no text at all, it is not a model"
		case r == '\r' && strings.HasPrefix(s.text[i+1:], "\n"), r == '\n', r == '\t':
		case r < 0x20, r == 0x7f, r == 0x85, r == 0x2028, r == 0x2029:
			return at(i), fmt.Sprintf("control character U+%04X", r), "delete it; lines end with LF or CRLF"
		case 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
			return at(i), fmt.Sprintf("U+%04X changes the direction of the text around it, so that it reads as what it is not", r), "delete it"
		case r == 0xfeff:
			return at(i), "byte order mark inside the text", "delete it"
		}
	}
	return ssf.Pos{}, "", ""
}

// A section is one top-level key with its lines. Entries are the first lines
// of its entries, where the key stands alone on its line and its value is a
// block; else it is parsed as a whole.
type section struct {
	key      string
	line     int // of the key
	end      int // the line after the last
	entries  []int
	sequence bool
}

// sections cuts the text at the lines that begin a top-level key. Lines before
// the first one belong to none and are returned as orphans, and so do document
// marks and directives.
func (s *source) sections() (secs []section, orphans []int) {
	for n := 1; n <= len(s.lines); n++ {
		l := s.line(n)
		switch {
		case strings.TrimSpace(l) == "" || l[0] == '#':
			continue
		case isMark(l) && l[0] == '-' && len(secs) == 0 && len(orphans) == 0 && strings.TrimSpace(l) == "---":
			continue
		case isMark(l), l[0] == '%':
			orphans = append(orphans, n)
		case strings.ContainsRune(" \t}]", rune(l[0])), l == "-", strings.HasPrefix(l, "- "):
			if len(secs) == 0 {
				orphans = append(orphans, n)
			}
		default:
			if len(secs) > 0 {
				secs[len(secs)-1].end = n
			}
			key, rest, _ := strings.Cut(l, ":")
			sec := section{line: n}
			if isWord(key) {
				sec.key = key
				if rest = strings.TrimLeft(rest, " \t"); rest == "" || rest[0] == '#' {
					sec.entries = []int{}
				}
			}
			secs = append(secs, sec)
		}
	}
	if len(secs) > 0 {
		secs[len(secs)-1].end = len(s.lines) + 1
	}
	for i := range secs {
		if secs[i].entries != nil {
			s.cut(&secs[i])
		}
	}
	return secs, orphans
}

// isMark reports whether line is a document mark.
func isMark(line string) bool {
	for _, m := range []string{"---", "..."} {
		if rest, ok := strings.CutPrefix(line, m); ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
			return true
		}
	}
	return false
}

func isWord(s string) bool {
	for _, r := range s {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-') {
			return false
		}
	}
	return s != ""
}

// cut finds the entries of a section: the lines indented as its first one.
func (s *source) cut(sec *section) {
	indent := -1
	for n := sec.line + 1; n < sec.end; n++ {
		l := s.line(n)
		body := strings.TrimLeft(l, " ")
		if body == "" || body[0] == '#' || strings.TrimSpace(body) == "" {
			continue
		}
		dash := body == "-" || strings.HasPrefix(body, "- ")
		if indent < 0 {
			indent, sec.sequence = len(l)-len(body), dash
			if strings.ContainsRune("{[|>\"'", rune(body[0])) {
				return // a flow value or a text on its own line
			}
		}
		if len(l)-len(body) == indent && dash == sec.sequence && body[0] != '}' && body[0] != ']' {
			sec.entries = append(sec.entries, n)
		}
	}
}
