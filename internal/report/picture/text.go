package picture

import (
	"strings"
	"unicode"
)

// Sizes of text in pixels.
const (
	nameSize  = 13
	smallSize = 11
)

// width is how wide a text gets at most, in pixels, in the usual sans-serif
// fonts: no font is read.
func width(s string, size int) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return (n*size + 99) / 100
}

// runeWidth is in hundredths of the font size.
func runeWidth(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Join_Control):
		return 0
	case strings.ContainsRune("mwMWQO@%—…", r):
		return 100
	case 'A' <= r && r <= 'Z':
		return 76
	case r < 0x500:
		return 62
	case r < 0x900:
		return 80
	case 0xfdf0 <= r && r <= 0xfdff: // whole phrases in one character
		return 1200
	case 0x2000 <= r && r < 0x1f000 && r < 0xffff:
		return 110
	case 0x1f000 <= r && r < 0x1fb00:
		return 140
	case r >= 0x20000:
		return 110
	}
	return 300
}

// clean makes one printable line of a text: what is invisible, steers the
// direction of writing or may not stand in XML becomes a question mark; of
// marks piled on one character two are kept.
func clean(s string) string {
	var b strings.Builder
	piled := 0
	for _, r := range strings.Join(strings.Fields(s), " ") {
		if unicode.In(r, unicode.Mn, unicode.Me) {
			if piled++; piled > 2 {
				continue
			}
		} else {
			piled = 0
		}
		const joiner, nonJoiner = '\u200d', '\u200c' // Persian and emoji are written with them
		if r == joiner || r == nonJoiner {
			b.WriteRune(r)
			continue
		}
		if !unicode.IsGraphic(r) || unicode.In(r, unicode.Zl, unicode.Zp) || r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// fit is s, shortened to a width with an ellipsis where it is longer.
func fit(s string, size, most int) string {
	if width(s, size) <= most {
		return s
	}
	n := 0
	for i, r := range s {
		n += runeWidth(r)
		if (n+runeWidth('…'))*size > most*100 {
			return strings.TrimRight(s[:i], " -_") + "…"
		}
	}
	return s
}

// wrap breaks s into at most two lines of a width, after a space, hyphen, dot,
// slash or underscore if it can, and shortens the last.
func wrap(s string, size, most int) []string {
	if width(s, size) <= most {
		return []string{s}
	}
	cut, n := 0, 0
	for i, r := range s {
		n += runeWidth(r)
		if n*size > most*100 {
			if cut == 0 {
				cut = i
			}
			break
		}
		if strings.ContainsRune(" -_./:", r) {
			cut = i + len(string(r))
		}
	}
	if cut == 0 {
		return []string{fit(s, size, most)}
	}
	return []string{strings.TrimSpace(s[:cut]), fit(strings.TrimSpace(s[cut:]), size, most)}
}
