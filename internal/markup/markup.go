// Package markup writes text of strangers so that it stays text: no tag, link,
// mention or command in Markdown and HTML, nothing that steers a terminal. What is
// made of a model or a stored case passes through it on its way out.
package markup

import (
	"strconv"
	"strings"
)

// Clean makes text from a model safe to print: what could steer a terminal,
// turn the direction of text or stand in no XML is shown as a question mark.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == 0x2028, r == 0x2029:
			return ' '
		case r < 0x20, 0x7f <= r && r < 0xa0, 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c, r == 0xfffe, r == 0xffff:
			return '?'
		}
		return r
	}, s)
}

// HTML escapes text for a line of HTML within Markdown: by numbers, so that
// neither of them finds markup in it.
func HTML(s string) string {
	var b strings.Builder
	for _, r := range Clean(s) {
		if strings.ContainsRune("<>&\"'`*_[]\\|~@#", r) {
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Code writes text as code; backticks in it lengthen the fence.
func Code(s string) string {
	if s = Clean(s); strings.TrimSpace(s) == "" {
		return ""
	}
	fence := Fence(s, 1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// Fence is a run of backticks that is longer than any in s.
func Fence(s string, least int) string {
	run, longest := 0, least-1
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return strings.Repeat("`", longest+1)
}

// Markdown writes text so that Markdown finds no markup in it. An address does
// not become a link, nor a name after @ a mention: what has an @ in it is code.
func Markdown(s string) string {
	var b strings.Builder
	rs := []rune(Clean(s))
	word := func(i int) bool { return i >= 0 && i < len(rs) && wordRune(rs[i]) }
	for i := 0; i < len(rs); i++ {
		if i == 0 || !addressRune(rs[i-1]) {
			if n := address(rs[i:]); n > 0 {
				b.WriteString(Code(string(rs[i : i+n])))
				i += n - 1
				continue
			}
		}
		switch r := rs[i]; {
		case strings.ContainsRune("\\`*[]<>~&$", r):
			b.WriteByte('\\')
		case r == '_' && !(word(i-1) && word(i+1)),
			r == '#' && !word(i-1),
			r == ':' && i+2 < len(rs) && rs[i+1] == '/' && rs[i+2] == '/',
			r == '.' && i >= 3 && strings.EqualFold(string(rs[i-3:i]), "www"):
			b.WriteByte('\\')
		case i == 0 && strings.ContainsRune("-+=>!", r):
			b.WriteByte('\\')
		case r == '.' || r == ')':
			if _, err := strconv.Atoi(string(rs[:i])); err == nil {
				b.WriteByte('\\')
			}
		}
		b.WriteRune(rs[i])
	}
	return b.String()
}

func wordRune(r rune) bool {
	return r >= 0x80 || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

func addressRune(r rune) bool { return wordRune(r) || strings.ContainsRune("@.+-/%", r) }

// address is how long the run of characters of an address is with which rs
// begins, without stops at its end; 0 if there is none, or no @ before a word.
func address(rs []rune) int {
	n, at := 0, false
	for n < len(rs) && addressRune(rs[n]) {
		at = at || rs[n] == '@' && n+1 < len(rs) && wordRune(rs[n+1])
		n++
	}
	if !at {
		return 0
	}
	for rs[n-1] == '.' {
		n--
	}
	return n
}

// Append adds a piece of a line: two pieces of code side by side would become one
// with other ends.
func Append(b *strings.Builder, s string) {
	if strings.HasSuffix(b.String(), "`") && strings.HasPrefix(s, "`") {
		b.WriteByte(' ')
	}
	b.WriteString(s)
}
