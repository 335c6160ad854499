package lang

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"ssf"
)

// The limits on input. A file, text or model beyond one of them is refused
// with the limit's name, before anything is built from it.
const (
	MaxFileSize = 16 << 20  // bytes of one file
	MaxLockSize = 64 << 20  // bytes of the lock file
	MaxFiles    = 1000      // files of one model
	MaxSize     = 64 << 20  // bytes of all files of one model
	MaxEntries  = 250_000   // entries of all sections of one file
	MaxValues   = 1_000_000 // values of one file, about
	MaxDepth    = 24        // nested mappings and lists
	MaxText     = 64 << 10  // bytes of one text
	MaxErrors   = 1000      // diagnostics of one model; the rest is counted
)

// A source is one file's text, cut into sections at its top-level keys.
type source struct {
	path  string
	text  string
	lines []int // byte offset of each line's start
}

func newSource(path, text string) *source {
	s := &source{path: path, text: text, lines: make([]int, 1, 1+strings.Count(text, "\n"))}
	for at := 0; ; {
		i := strings.IndexByte(text[at:], '\n')
		if at += i + 1; i < 0 || at == len(text) {
			return s
		}
		s.lines = append(s.lines, at)
	}
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
	l := s.text[s.lines[n-1]:end]
	for l != "" && (l[len(l)-1] == '\n' || l[len(l)-1] == '\r') {
		l = l[:len(l)-1]
	}
	return l
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

// maxSnippet bounds the bytes of a line that a diagnostic carries.
const maxSnippet = 8 << 10

// snippet is the line of a place for a diagnostic, each byte that is not UTF-8
// as one character. Of a line that is very long it is the start, and nothing
// if the place lies beyond that.
func (s *source) snippet(at ssf.Pos) string {
	l := s.line(at.Line)
	if len(l) > maxSnippet {
		if at.Col > maxSnippet/utf8.UTFMax {
			return ""
		}
		l = l[:maxSnippet]
		for !utf8.RuneStart(l[len(l)-1]) {
			l = l[:len(l)-1]
		}
		l = l[:len(l)-1]
	}
	if !utf8.ValidString(l) {
		return string([]rune(l))
	}
	return l
}

// unreadable looks for what no text of ours may hold: bytes that are not
// UTF-8, control characters, line breaks that editors count differently and
// marks that change the direction of text on screen.
func (s *source) unreadable() (at ssf.Pos, msg, hint string) {
	place := func(i int) ssf.Pos {
		line := strings.Count(s.text[:i], "\n") + 1
		col := utf8.RuneCountInString(s.text[strings.LastIndexByte(s.text[:i], '\n')+1:i]) + 1
		return ssf.Pos{File: s.path, Line: line, Col: col, EndCol: col + 1}
	}
	start := s.text[:min(2, len(s.text))]
	switch zeros := strings.Count(s.text[:min(1000, len(s.text))], "\x00"); {
	case start == "\xff\xfe", start == "\xfe\xff", zeros > 0 && strings.Contains(start, "\x00"):
		return place(0), "the file is UTF-16", "save it as UTF-8"
	case zeros > 1:
		return place(0), "the file is not text", "a model is a text in UTF-8; `ssf init` writes one to start from"
	}
	for i, size := 0, 0; i < len(s.text); i += size {
		if c := s.text[i]; 0x20 <= c && c < 0x7f || c == '\n' { // nearly all of them
			size = 1
			continue
		}
		var r rune
		r, size = utf8.DecodeRuneInString(s.text[i:])
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s.text[i:], "\uFFFD"):
			return place(i), fmt.Sprintf("byte 0x%02x is not UTF-8", s.text[i]), "save the file as UTF-8; if it is no text at all, it is not a model"
		case r == '\r' && strings.HasPrefix(s.text[i+1:], "\n"), r == '\t':
		case r == '\r':
			return place(i), "a carriage return without a line feed", "save the file with LF or CRLF at the end of each line"
		case r < 0x20, 0x7f <= r && r < 0xa0, r == 0x2028, r == 0x2029:
			return place(i), fmt.Sprintf("control character U+%04X", r), "delete it; lines end with LF or CRLF"
		case unicode.Is(unicode.Bidi_Control, r):
			return place(i), fmt.Sprintf("U+%04X changes the direction of the text around it, so that it reads as what it is not", r), "delete it"
		case r == 0xfeff:
			return place(i), "byte order mark inside the text", "delete it"
		case 0xfdd0 <= r && r <= 0xfdef, r&0xfffe == 0xfffe:
			return place(i), fmt.Sprintf("U+%04X is no character", r), "delete it"
		}
	}
	return ssf.Pos{}, "", ""
}
