package format

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"ssf"
)

// maxID is the length of an id that is made from a name.
const maxID = 48

// Slug is a name as an id: lower case, digits and hyphens, letters without their
// accents; empty if nothing of the name can stand in an id.
func Slug(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		switch {
		case 'A' <= r && r <= 'Z':
			b.WriteRune(r + 'a' - 'A')
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’':
		default:
			if s := b.String(); s != "" && s[len(s)-1] != '-' {
				b.WriteByte('-')
			}
		}
		if b.Len() > 4*maxID {
			break
		}
	}
	s := strings.Trim(b.String(), "-")
	if len(s) > maxID {
		s = s[:maxID]
		if i := strings.LastIndexByte(s, '-'); i > maxID/2 {
			s = s[:i]
		}
		s = strings.Trim(s, "-")
	}
	if s != "" && '0' <= s[0] && s[0] <= '9' {
		s = "n" + s
	}
	return s
}

// ids gives out ids, each once.
type ids struct {
	taken map[ssf.ID]bool
	next  map[string]int
}

func newIDs(reserved ...ssf.ID) *ids {
	x := &ids{map[ssf.ID]bool{"null": true}, map[string]int{}} // a null is never a value in the language
	for _, id := range reserved {
		x.taken[id] = true
	}
	return x
}

// wanted is an id as the language takes it; see maxID of the language.
var wanted = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// want takes just this id, if it can be one and is free.
func (x *ids) want(id ssf.ID) bool {
	if x.taken[id] || len(id) > 100 || !wanted.MatchString(string(id)) {
		return false
	}
	x.taken[id] = true
	return true
}

// take is an id that is like the first of some names that can be one.
func (x *ids) take(names ...string) ssf.ID {
	base := ""
	for _, n := range names {
		if base = Slug(n); base != "" {
			break
		}
	}
	if base == "" {
		base = "unnamed"
	}
	for n := max(x.next[base], 1); ; n++ {
		id := ssf.ID(base)
		if n > 1 {
			id = ssf.ID(base + "-" + strconv.Itoa(n))
		}
		if !x.taken[id] {
			x.taken[id], x.next[base] = true, n+1
			return id
		}
	}
}

// Clean is a text without what the language refuses in texts: control
// characters, marks that change its direction, and line breaks other than line
// feeds.
func Clean(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' || r > '~' }) {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r == '\r', r == 0x2028, r == 0x2029, r == 0x85:
			return '\n'
		case r == unicode.ReplacementChar:
			return r
		case unicode.Is(unicode.Bidi_Control, r), r == 0xfeff, r < 0x20, 0x7f <= r && r < 0xa0, 0xfdd0 <= r && r <= 0xfdef, r&0xfffe == 0xfffe:
			return -1
		}
		return r
	}, s)
}
