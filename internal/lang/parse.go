package lang

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// parse turns lines from..to-1 into a node, or reports the first syntax error.
func (d *decoder) parse(from, to int) *yaml.Node {
	d.line0 = from - 1
	var doc yaml.Node
	err := yaml.Load([]byte(d.src.span(from, to)), &doc)
	if err == nil && doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		return doc.Content[0]
	}
	var e *yaml.LoadError
	switch {
	case err == nil:
		e = &yaml.LoadError{Message: "nothing but comments"}
	case !errors.As(err, &e):
		e = &yaml.LoadError{Message: err.Error()}
	}
	f := fault{d: d, LoadError: e, from: from, to: to}
	f.locate()
	f.report()
	return nil
}

// A fault is a syntax error on its way from the parser's words to those of
// somebody who writes a model. The parser says where it could not go on; what
// is wrong often stands before that.
type fault struct {
	d *decoder
	*yaml.LoadError
	from, to int     // lines
	at, ctx  ssf.Pos // where it stopped, and where what it was reading began
	line     []rune  // in which it stopped
}

// locate finds both places in the file.
func (f *fault) locate() {
	f.at = f.place(max(f.Mark.Line, 1), max(f.Mark.Column, 1))
	f.line = []rune(f.d.src.line(f.at.Line))
	f.ctx = f.at
	if f.ContextMark.Line > 0 {
		f.ctx = f.place(f.ContextMark.Line, f.ContextMark.Column)
	}
}

// place is a line and column of the piece in the file. What lies behind the
// piece is moved to its end, and what lies behind a line to the end of that.
func (f *fault) place(line, col int) ssf.Pos {
	src := f.d.src
	p := ssf.Pos{File: src.path, Line: line + f.d.line0, Col: col}
	for p.Line > f.from && (p.Line >= f.to || p.Line > len(src.lines) || strings.TrimSpace(src.line(p.Line)) == "") {
		p.Line--
		p.Col = utf8.RuneCountInString(src.line(p.Line)) + 1
	}
	p.Col = min(p.Col, utf8.RuneCountInString(src.line(p.Line))+1)
	p.EndCol = p.Col + 1
	return p
}

func (f *fault) say(at ssf.Pos, hint, format string, args ...any) {
	f.d.report("syntax", at, hint, format, args...)
}

var aliasFault = regexp.MustCompile(`unknown anchor '([^']*)' referenced`)

func (f *fault) report() {
	has := func(s string) bool { return strings.Contains(f.Message, s) }
	during := func(s string) bool { return strings.Contains(f.ContextMsg, s) }
	switch m := aliasFault.FindStringSubmatch(f.Message); {
	case m != nil:
		f.at.EndCol = f.at.Col + len([]rune(m[1])) + 1
		word := f.word(f.at.Col)
		f.say(f.at, "put the word in quotes: "+quote(word), "a word that begins with `*` is an alias for YAML: %s", word)
	case during("quoted scalar") && has("escape"):
		f.say(f.at, `use single quotes, in which a backslash is an ordinary character, or write \\`, "a backslash in double quotes begins an escape, and this is none")
	case during("quoted scalar"):
		f.say(f.ctx, "close the quote; an apostrophe inside '...' is written twice: ''", "the quote that opens here is never closed")
	case during("flow mapping"), during("flow sequence"), during("flow node"):
		f.flow()
	case f.tab():
	case has("mapping values are not allowed"):
		f.colon()
	case has("cannot start any token"):
		word := f.word(f.at.Col)
		f.at.EndCol = f.at.Col + max(1, len([]rune(word)))
		f.say(f.at, "put the word in quotes: "+quote(word), "a word cannot begin with %q", firstOf(word))
	case has("block sequence entries are not allowed"):
		f.say(f.at, "write the list on the lines below, or in brackets: [a, b]", "a `-` cannot follow a key on the same line")
	case has("did not find expected key"), has("expected <document start>"):
		f.misplaced()
	case has("did not find expected '-' indicator"):
		f.say(f.at, "begin each item with `- ` at the same column", "a line among list items that is no item")
	case has("could not find expected ':'"):
		f.ctx.EndCol = len([]rune(f.d.src.line(f.ctx.Line))) + 1
		f.say(f.ctx, "write `key: value`, with a space after the colon", "a line without a colon among keys")
	case has("anchor") || during("anchor") || during("alias"):
		f.say(f.ctx, "put the word in quotes: "+quote(f.word(f.ctx.Col)), "a word that begins with `&` or `*` is an anchor or alias for YAML")
	case during("tag"):
		f.say(f.ctx, "put the word in quotes: "+quote(f.word(f.ctx.Col)), "a word that begins with `!` is a tag for YAML")
	case has("exceeded"):
		f.d.report("limit", f.at, "flatten it", "values are nested deeper than the limit of %d", MaxDepth)
	case has("nothing but comments"):
		f.say(ssf.Pos{File: f.at.File, Line: f.from, Col: 1}, "write `key: value`", "nothing that can be read")
	default:
		f.say(f.at, "see whether a quote, bracket or indentation is missing here or just above", "this is not YAML: %s", strings.TrimPrefix(f.Message, "yaml: "))
	}
}

func firstOf(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// word is the word that starts at a column of the line, up to what ends it.
func (f *fault) word(col int) string {
	if col < 1 || col > len(f.line) {
		return ""
	}
	end := col
	for end < len(f.line) && !strings.ContainsRune(" ,]}", f.line[end]) {
		end++
	}
	return string(f.line[col-1 : end])
}

// tab reports a tab that indents the line or the one above it.
func (f *fault) tab() bool {
	for n := max(f.from, f.at.Line-1); n <= f.at.Line; n++ {
		l := f.d.src.line(n)
		body := strings.TrimLeft(l, " ")
		if strings.HasPrefix(body, "\t") && strings.TrimSpace(body) != "" {
			col := len(l) - len(body) + 1
			f.say(ssf.Pos{File: f.d.src.path, Line: n, Col: col, EndCol: col + 1}, "indent with spaces; two for each level", "a tab cannot indent a line")
			return true
		}
	}
	return false
}

var (
	keyed    = regexp.MustCompile(`^ *(?:- +)*([^ #'"{\[][^:]*):(?: |$)`)
	tight    = regexp.MustCompile(`^ *(?:- +)*([\w-]+):[^\s:/]`)
	indented = regexp.MustCompile(`^ *`)
)

// colon reports a colon where no key can stand: a second one on the line, or
// a line that goes on with what is above.
func (f *fault) colon() {
	before := string(f.line[:min(f.at.Col-1, len(f.line))])
	if key, text, ok := strings.Cut(strings.TrimLeft(before, " -"), ": "); ok {
		whole := strings.TrimSpace(text + string(f.line[f.at.Col-1:]))
		f.say(f.at, "put the text in quotes: "+key+": "+quote(clip(whole)), "a colon followed by a space ends the key, and this line has a second one")
		return
	}
	up := f.at.Line - 1
	for up > f.from && strings.TrimSpace(f.d.src.line(up)) == "" {
		up--
	}
	above := f.d.src.line(up)
	at := f.at
	at.Line = up
	at.Col = len(indented.FindString(above)) + 1
	at.EndCol = len([]rune(above)) + 1
	switch m := tight.FindStringSubmatch(above); {
	case up < f.from || strings.TrimSpace(above) == "":
	case m != nil:
		f.say(at, "write `"+m[1]+": ...`", "no space follows the colon, so this is not a key with its value")
		return
	case !keyed.MatchString(above):
		f.say(at, "write `key: value`; a text that goes on over several lines is indented deeper than the key below it", "a line without a colon among keys")
		return
	case len(indented.FindString(above)) < len(indented.FindString(string(f.line))):
		f.at.Col, f.at.EndCol = len(indented.FindString(string(f.line)))+1, len(f.line)+1
		f.say(f.at, "give it the indentation of the line above, or put the text above in quotes if this belongs to it", "this line is indented deeper than the one above, which has its value already")
		return
	}
	f.say(f.at, "give this line the same indentation as the keys beside it", "a key cannot begin here, because the line before it is not finished or not indented as this one")
}

// flow reports a fault inside braces or brackets.
func (f *fault) flow() {
	here := ""
	if f.at.Col <= len(f.line) {
		here = string(f.line[f.at.Col-1])
	}
	open, bracket := f.open()
	prev := ' '
	if f.at.Col >= 2 && f.at.Col-2 < len(f.line) {
		prev = f.line[f.at.Col-2]
	}
	switch {
	case here == ":" && f.colonInText():
	case here != "" && (prev == '\'' || prev == '"'):
		f.behindQuote()
	case here == "'" || here == `"`:
		f.say(f.at, "put the whole text in one pair of quotes", "a quote in the middle of a text")
	case (here == "]" || here == "}") && bracket != "" && here != closers[bracket]:
		f.say(f.at, "close it with `"+closers[bracket]+"`", "`%s` closes what was opened with `%s`", here, bracket)
		f.related("it was opened here", open)
	case here == ",":
		f.say(f.at, "delete the comma, or write what belongs before it", "there is nothing before this comma")
	case bracket == "":
		f.say(f.ctx, "between entries stands a comma, and a text with a comma, colon or bracket needs quotes", "what begins here cannot be read")
		f.related("it was noticed here", f.at)
	case f.at.Col > len(f.line):
		f.say(open, "close it with `"+closers[bracket]+"`", "the bracket that opens here is never closed")
	default:
		f.say(open, "close it with `"+closers[bracket]+"`; between entries stands a comma, and a text with a comma, colon or bracket needs quotes", "the bracket that opens here is not closed where it should be")
		f.related("it was noticed here", f.at)
	}
}

var closers = map[string]string{"{": "}", "[": "]"}

func (f *fault) related(msg string, at ssf.Pos) {
	last := &f.d.diags[len(f.d.diags)-1]
	if at.Line != last.Line || at.Col != last.Col {
		last.Related = []ssf.Related{{Message: msg, Pos: at, Snippet: f.d.src.snippet(at)}}
	}
}

// open finds the innermost bracket that is open where the parser stopped.
func (f *fault) open() (at ssf.Pos, bracket string) {
	type opener struct {
		at ssf.Pos
		c  rune
	}
	var stack []opener
	quote, last := rune(0), ':'
	for n := f.from; n <= f.at.Line; n++ {
		line := []rune(f.d.src.line(n))
		if n == f.at.Line {
			line = line[:min(f.at.Col-1, len(line))]
		}
		if len(stack) == 0 && quote == 0 {
			last = ':'
		}
		for i := 0; i < len(line); i++ {
			c := line[i]
			starts := strings.ContainsRune(":,[{-?", last)
			switch {
			case quote != 0:
				if c == '\\' && quote == '"' {
					i++
				} else if c == quote {
					quote = 0
				}
				continue
			case c == ' ' || c == '\t':
				continue
			case c == '#' && (i == 0 || line[i-1] == ' '):
				i = len(line)
				continue
			case (c == '\'' || c == '"') && starts:
				quote = c
			case (c == '[' || c == '{') && (starts || len(stack) > 0):
				stack = append(stack, opener{ssf.Pos{File: f.d.src.path, Line: n, Col: i + 1, EndCol: i + 2}, c})
			case (c == ']' || c == '}') && len(stack) > 0:
				stack = stack[:len(stack)-1]
			}
			last = c
		}
	}
	if len(stack) == 0 {
		return ssf.Pos{}, ""
	}
	top := stack[len(stack)-1]
	return top.at, string(top.c)
}

// colonInText reports a colon in a text inside braces, or the comma that is
// missing before the key that it follows.
func (f *fault) colonInText() bool {
	head := string(f.line[:f.at.Col-1])
	head = head[strings.LastIndexAny(head, "{,")+1:]
	key, text, ok := strings.Cut(strings.TrimSpace(head), ": ")
	if !ok {
		return false
	}
	words := strings.Fields(text)
	if last := words[len(words)-1]; len(words) > 1 && isKey(f.d.words, last) {
		at := f.at
		at.Col, at.EndCol = at.Col-len([]rune(last)), at.Col
		f.say(at, fmt.Sprintf("write `%s, %s: ...`; or put the text in quotes, if it is one text", strings.Join(words[:len(words)-1], " "), last), "a comma is missing before the key %q", last)
		return true
	}
	rest := string(f.line[f.at.Col-1:])
	if j := strings.IndexAny(rest, ",}"); j >= 0 {
		rest = rest[:j]
	}
	f.say(f.at, "put the text in quotes: "+key+": "+quote(clip(text+rest)), "a colon inside a text in { } needs quotes around the text")
	return true
}

// misplaced reports a line that fits no level, or rubbish behind a value.
func (f *fault) misplaced() {
	before := string(f.line[:f.at.Col-1])
	rest := string(f.line[f.at.Col-1:])
	switch trimmed := strings.TrimRight(before, " "); {
	case strings.TrimSpace(before) == "" && rest != "" && isItem(rest):
		f.at.EndCol = len(f.line) + 1
		f.say(f.at, "write `key: value` as on the lines above, or make all of them items", "a list item among keys")
	case strings.TrimSpace(before) == "":
		f.at.EndCol = len(f.line) + 1
		f.say(f.at, "give the line the same indentation as the entries it belongs to; an entry is written `key: value`", "this line fits neither the lines above it nor a level around them")
	case strings.HasPrefix(rest, "}") || strings.HasPrefix(rest, "]"):
		f.say(f.at, "delete it", "a bracket that closes nothing")
	case strings.HasSuffix(trimmed, "'") || strings.HasSuffix(trimmed, `"`):
		f.behindQuote()
	default:
		f.say(f.at, "put the whole text in quotes", "there is something behind the end of the value")
	}
}

// behindQuote reports what follows a closing quote: most often the rest of a
// text with an apostrophe.
func (f *fault) behindQuote() {
	before := strings.TrimRight(string(f.line[:f.at.Col-1]), " ")
	hint := "put the whole text in one pair of quotes"
	if strings.HasSuffix(before, "'") && len(before) == f.at.Col-1 {
		hint = "an apostrophe inside '...' is written twice"
		start := strings.LastIndex(before[:len(before)-1], "'")
		if end := strings.LastIndex(string(f.line), "'"); start >= 0 && end > len(before) {
			hint += ": " + quote(clip(string(f.line)[start+1:end]))
		}
	}
	f.say(f.at, hint, "the quoted text ends before this, and something follows it")
}
