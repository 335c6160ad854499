package lang

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"ssf"
)

// A file is parsed in pieces: in parallel, and so that one syntax error hides
// no other problem. It is cut by the look of its lines alone, at top-level
// keys and at the entries below them. Where that goes wrong, as in a quoted
// text that goes on at the start of a line, a piece does not parse; then the
// file is parsed as one, and only if that fails too the pieces' errors count.
// So cutting changes neither what is accepted nor what it means.

// A section is one top-level key with its lines.
type section struct {
	key      string // empty if it is not a plain word
	line     int    // of the key
	end      int    // the line after the last
	entries  []int  // the first lines of its entries, if its value is a block
	sequence bool   // the entries are items of a list
	none     bool   // it only ends the one before
}

// A piece is some entries of one section, a section, or a whole file: what is
// parsed and decoded at once.
type piece struct {
	src     *source
	sec     *section // nil: the whole file
	from    int      // lines
	to      int
	entries bool // only entries, without the section's key
}

// pieceLines is the most lines that are parsed at once, but for one entry.
// Tests cut finer.
var pieceLines = 2000

// A piece begins at one entry in pieceEntries or so: enough that the parser's
// own costs vanish, and few enough to share out and to parse again after an
// edit. Which entry that is shows in its first line alone, so that an edit
// moves no border elsewhere. Tests cut finer.
var pieceEntries uint32 = 32

// begins reports whether a piece begins with the entry that has this first
// line. Of a key only what stands before its colon counts, because its value is
// what is edited most.
func begins(line string, item bool) bool {
	key := line
	if i := strings.IndexByte(line, ':'); i >= 0 && !item {
		key = line[:i]
	}
	h := uint32(2166136261) // FNV-1a
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	return (h>>16^h)%pieceEntries == 0
}

// A cutting is a file in pieces, with the faults that show in the cutting.
// Final are those that make the file refused whatever a parser says of it.
type cutting struct {
	pieces []piece
	diags  []ssf.Diagnostic
	final  bool
	lost   []loss
}

// pieces cuts the file.
func (s *source) pieces() (c cutting) {
	report := func(line int, check ssf.ID, hint, format string, args ...any) {
		at := ssf.Pos{File: s.path, Line: line, Col: 1, EndCol: utf8.RuneCountInString(s.line(line)) + 1}
		c.diags = append(c.diags, ssf.Diagnostic{Check: check, Severity: ssf.Error, Pos: at, Message: fmt.Sprintf(format, args...), Hint: hint, Snippet: s.snippet(at)})
	}
	refuse := func(line int, check ssf.ID, hint, format string, args ...any) cutting {
		report(line, check, hint, format, args...)
		c.final, c.lost = true, []loss{{}}
		return c
	}
	secs, orphans := s.sections()
	if len(secs) == 0 && len(orphans) == 0 {
		if s.path == RootFile {
			return refuse(1, "model/files", "begin with `ssf: 1` and `system:`; `ssf init` writes a model to start from", "the file is empty")
		}
		report(1, "model/empty-file", "write a section into it, or delete it", "the file is empty")
		c.diags[0].Severity = ssf.Warning // nothing is lost; a shell makes one before what is written to it
		return c
	}
	if n := s.values(); n > MaxValues {
		return refuse(1, "model/limit", "split it over files in the folder "+Folder, "the file has about %d values, and the limit is %d", n, MaxValues)
	}
	left := MaxEntries
	for i := range secs {
		if n := len(secs[i].entries); n > left {
			return refuse(secs[i].entries[left], "model/limit", "split the file over files in the folder "+Folder, "the file has more entries than the limit of %d", MaxEntries)
		}
		left -= len(secs[i].entries)
	}
	early := false
	for _, n := range orphans {
		if early { // once is enough
			continue
		}
		switch l := s.line(n); {
		case strings.HasPrefix(l, "<<<<<<< "):
			return refuse(n, "model/syntax", "keep one side, or join the two, and delete the lines <<<<<<<, ======= and >>>>>>>", "git has left both sides of a merge here")
		case isMark(l):
			c.final = true
			report(n, "model/syntax", "delete this line; put a second model in a folder of its own", "a file is one document, and this mark begins or ends another")
		case l[0] == '%':
			c.final = true
			report(n, "model/syntax", "delete it; a value that begins with % needs quotes", "a line that begins with %% is a directive for YAML, and the language has none")
		case isItem(l):
			early = true
			report(n, "model/syntax", "begin with a section such as `system:`", "a model is a mapping of sections, and this is a list")
		case l[0] == ' ' || l[0] == '\t':
			early = true
			report(n, "model/syntax", "delete the space before it, here and on the lines of the same level", "the first key of a file stands at the start of its line")
		case l[0] >= utf8.RuneSelf:
			return refuse(n, "model/syntax", "type the spaces anew", "this line begins with U+%04X, which only looks like a space", firstRune(l))
		default:
			early = true
			report(n, "model/syntax", "delete it", "nothing was begun that this could close or continue")
		}
	}
	if early {
		c.lost = []loss{{}}
	}
	if len(secs) > 0 && s.line(secs[0].line)[0] == '{' {
		c.pieces = []piece{{src: s, from: secs[0].line, to: len(s.lines) + 1}}
		return c
	}
	if len(secs) > 0 && !slices.ContainsFunc(secs, func(sec section) bool { return s.recognised(sec) }) {
		hint := "a model consists of sections such as `system:` and `components:`; `ssf init` writes one to start from"
		report(secs[0].line, "model/syntax", hint, "this is not a model: no line of the file begins a section")
		c.lost = []loss{{}}
		return c
	}
	for i := range secs {
		if m := tight.FindStringSubmatch(s.line(secs[i].line)); m != nil && secs[i].key == "" {
			if _, known := modelTable.find(m[1]); known {
				report(secs[i].line, "model/syntax", "write `"+m[1]+": ...`", "no space follows the colon, so this is not a key with its value")
				c.lost = append(c.lost, loss{section: m[1]})
				continue
			}
		}
		c.pieces = append(c.pieces, s.divide(&secs[i])...)
	}
	return c
}

// recognised reports whether somebody meant to begin a section here.
func (s *source) recognised(sec section) bool {
	word, _, _ := strings.Cut(s.line(sec.line), ":")
	return ssf.Nearest(strings.Trim(word, `"' `), modelTable.keys(nil)) != ""
}

// divide cuts a section into pieces at its entries.
func (s *source) divide(sec *section) (ps []piece) {
	if len(sec.entries) == 0 || slices.Contains(single, sec.key) {
		return []piece{{src: s, sec: sec, from: sec.line, to: sec.end}}
	}
	from := sec.line + 1
	if _, known := modelTable.find(sec.key); known && sec.sequence == (sec.key == "decisions") {
		for _, n := range sec.entries[1:] {
			if n-from >= pieceLines || begins(s.line(n), sec.sequence) {
				ps = append(ps, piece{src: s, sec: sec, from: from, to: n, entries: true})
				from = n
			}
		}
	}
	return append(ps, piece{src: s, sec: sec, from: from, to: sec.end, entries: true})
}

// values is about how many values the text holds, as an upper bound: what it
// costs to parse it.
func (s *source) values() int {
	return strings.Count(s.text, "\n") + strings.Count(s.text, ",") + strings.Count(s.text, "[") + strings.Count(s.text, "{")
}

// sections cuts the text at the lines that begin a top-level key. Lines before
// the first one belong to none and are returned as orphans, and so do document
// marks and directives.
func (s *source) sections() (secs []section, orphans []int) {
	for n := 1; n <= len(s.lines); n++ {
		l := s.line(n)
		switch {
		case strings.TrimSpace(l) == "" || l[0] == '#':
		case isMark(l) && l[0] == '-' && len(secs) == 0 && len(orphans) == 0 && isEmpty(l[3:]):
		case isMark(l), l[0] == '%', strings.HasPrefix(l, "<<<<<<< "), unicode.IsSpace(firstRune(l)) && l[0] >= utf8.RuneSelf:
			orphans = append(orphans, n)
			if len(secs) > 0 {
				secs[len(secs)-1].end = n
			}
			secs = append(secs, section{line: n, none: true})
		case strings.ContainsRune(" \t}]", rune(l[0])), isItem(l), isIndicator(l, ':'):
			if len(secs) == 0 || len(secs) == 1 && secs[0].none {
				orphans = append(orphans, n)
			}
		default:
			if len(secs) > 0 {
				secs[len(secs)-1].end = n
			}
			key, rest, colon := strings.Cut(l, ":")
			sec := section{line: n}
			if colon && isWord(key) && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
				sec.key = key
				if isEmpty(rest) {
					sec.entries = []int{}
				}
			}
			secs = append(secs, sec)
		}
	}
	if len(secs) > 0 {
		secs[len(secs)-1].end = len(s.lines) + 1
	}
	secs = slices.DeleteFunc(secs, func(sec section) bool { return sec.none })
	for i := range secs {
		if secs[i].entries != nil {
			s.cut(&secs[i])
		}
	}
	return secs, orphans
}

// cut finds the entries of a section: the lines indented as its first one.
func (s *source) cut(sec *section) {
	indent := -1
	for n := sec.line + 1; n < sec.end; n++ {
		l := s.line(n)
		body := strings.TrimLeft(l, " ")
		if body == "" || body[0] == '#' || body[0] == '\t' || strings.TrimSpace(body) == "" {
			continue
		}
		if indent < 0 {
			indent, sec.sequence = len(l)-len(body), isItem(body)
			if strings.ContainsRune("{[|>\"'", rune(body[0])) {
				return // a flow value or a text on its own line
			}
		}
		if len(l)-len(body) == indent && isItem(body) == sec.sequence && body[0] != '}' && body[0] != ']' && !isIndicator(body, ':') {
			sec.entries = append(sec.entries, n)
		}
	}
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

// isItem reports whether text begins an item of a list.
func isItem(text string) bool { return isIndicator(text, '-') }

// isIndicator reports whether text begins with c and a space or its end.
func isIndicator(text string, c byte) bool {
	return text[0] == c && (len(text) == 1 || text[1] == ' ' || text[1] == '\t')
}

// isEmpty reports whether the rest of a line is only space and comment.
func isEmpty(rest string) bool {
	body := strings.TrimLeft(rest, " \t")
	return body == "" || body[0] == '#' && len(body) < len(rest)
}

func isWord(s string) bool {
	for _, r := range s {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-') {
			return false
		}
	}
	return s != ""
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}
