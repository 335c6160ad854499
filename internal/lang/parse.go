package lang

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// parse turns lines from..to-1 into a node, or reports the first syntax error
// in the words of somebody who writes a model.
func (d *decoder) parse(from, to int) *yaml.Node {
	d.line0 = from - 1
	text := d.src.span(from, to)
	if at, what, limit := tooMuch(text); limit != "" {
		line := strings.Count(text[:at], "\n")
		d.report("limit", ssf.Pos{File: d.src.path, Line: from + line, Col: 1}, "split or flatten it", "%s than the limit of %s", what, limit)
		return nil
	}
	var doc yaml.Node
	err := yaml.Load([]byte(text), &doc)
	if err == nil {
		if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
			return nil
		}
		return doc.Content[0]
	}
	var le *yaml.LoadError
	if !errors.As(err, &le) {
		le = &yaml.LoadError{Message: err.Error()}
	}
	d.syntax(le, from, to)
	return nil
}

// tooMuch looks for brackets nested beyond any model, before YAML sees them:
// its own limit is far, and its cost grows with the depth.
func tooMuch(text string) (at int, what, limit string) {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '[', '{':
			if depth++; depth > 1000 {
				return i, "brackets are nested deeper", fmt.Sprint(MaxDepth)
			}
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	return 0, "", ""
}

// The traps of YAML that have their own words. Each looks at the line of the
// error (and all lines of the piece) and says what to write.
var (
	aliasTrap = regexp.MustCompile(`unknown anchor '([^']*)' referenced`)
	startTrap = "found character that cannot start any token"
)

func (d *decoder) syntax(e *yaml.LoadError, from, to int) {
	at := ssf.Pos{File: d.src.path, Line: max(e.Mark.Line, 1) + d.line0, Col: max(e.Mark.Column, 1)}
	for at.Line > from && (at.Line >= to || strings.TrimSpace(d.src.line(at.Line)) == "") {
		at.Line--
		at.Col = len([]rune(d.src.line(at.Line))) + 1
	}
	line := []rune(d.src.line(at.Line))
	at.Col = min(at.Col, len(line)+1)
	at.EndCol = at.Col + 1
	ctx := at
	if e.ContextMark.Line > 0 {
		ctx.Line, ctx.Col = e.ContextMark.Line+d.line0, e.ContextMark.Column
		ctx.EndCol = ctx.Col + 1
	}
	report := func(p ssf.Pos, hint, format string, args ...any) { d.report("syntax", p, hint, format, args...) }

	if m := aliasTrap.FindStringSubmatch(e.Message); m != nil {
		at.EndCol = at.Col + len([]rune(m[1])) + 1
		word := bareWord(line, at.Col)
		report(at, "put the word in quotes: '"+word+"'", "a word that begins with `*` is an alias for YAML: %s", word)
		return
	}
	if p, ok := d.tab(from, at.Line); ok {
		report(p, "indent with spaces; two for each level", "a tab cannot indent a line")
		return
	}
	msg, ctxMsg := e.Message, e.ContextMsg
	switch {
	case strings.Contains(msg, "mapping values are not allowed"):
		d.colon(at, line)
	case ctxMsg == "while scanning a quoted scalar" && strings.Contains(msg, "escape"):
		report(at, `use single quotes, in which a backslash is an ordinary character, or write \\`, "a backslash in double quotes begins an escape, and this is none")
	case ctxMsg == "while scanning a quoted scalar":
		report(ctx, "close the quote; an apostrophe inside '...' is written twice: ''", "the quote that opens here is never closed")
	case ctxMsg == "while parsing a flow mapping" || ctxMsg == "while parsing a flow sequence":
		d.flow(ctx, at, line, ctxMsg)
	case msg == startTrap:
		word := bareWord(line, at.Col)
		at.EndCol = at.Col + len([]rune(word))
		report(at, "put the word in quotes: '"+strings.ReplaceAll(word, "'", "''")+"'", "a word cannot begin with %q", first(word))
	case strings.Contains(msg, "block sequence entries are not allowed"):
		report(at, "write the list on the lines below, or in brackets: [a, b]", "a `-` cannot follow a key on the same line")
	case strings.Contains(msg, "did not find expected key"):
		d.misindented(at, line)
	case strings.Contains(msg, "did not find expected '-' indicator"):
		report(at, "begin each item with `- ` at the same column", "a line among list items that is no item")
	case strings.Contains(msg, "could not find expected ':'"):
		p := ctx
		p.EndCol = len([]rune(d.src.line(p.Line))) + 1
		report(p, "write `key: value`, with a space after the colon", "a line without a colon among keys")
	case strings.Contains(msg, "did not find expected <document start>"):
		d.misindented(at, line)
	case strings.Contains(msg, "anchor") || strings.Contains(ctxMsg, "anchor") || strings.Contains(ctxMsg, "alias"):
		word := bareWord(line, ctx.Col)
		report(ctx, "put the word in quotes: '"+word+"'", "a word that begins with `&` or `*` is an anchor or alias for YAML")
	case strings.Contains(ctxMsg, "tag"):
		word := bareWord(line, ctx.Col)
		report(ctx, "put the word in quotes: '"+word+"'", "a word that begins with `!` is a tag for YAML")
	case strings.Contains(msg, "exceeded"):
		report(at, "flatten it", "values are nested deeper than the limit of %d", MaxDepth)
	default:
		hint := "see whether a quote, bracket or indentation is missing here or just above"
		report(at, hint, "this is not YAML: %s", strings.TrimPrefix(msg, "yaml: "))
	}
}

func first(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// bareWord is the word that starts at a column, up to what ends it.
func bareWord(line []rune, col int) string {
	if col < 1 || col > len(line) {
		return ""
	}
	end := col
	for end < len(line) && !strings.ContainsRune(" ,]}", line[end]) {
		end++
	}
	return string(line[col-1 : end])
}

// tab finds a line that is indented with a tab, up to the line of the error.
func (d *decoder) tab(from, to int) (ssf.Pos, bool) {
	for n := from; n <= to; n++ {
		l := d.src.line(n)
		body := strings.TrimLeft(l, " ")
		if strings.HasPrefix(body, "\t") && strings.TrimSpace(body) != "" {
			col := len(l) - len(body) + 1
			return ssf.Pos{File: d.src.path, Line: n, Col: col, EndCol: col + 1}, true
		}
	}
	return ssf.Pos{}, false
}

// colon reports a colon inside a text that is not in quotes.
func (d *decoder) colon(at ssf.Pos, line []rune) {
	before := string(line[:min(at.Col-1, len(line))])
	key, text, ok := strings.Cut(strings.TrimLeft(strings.TrimLeft(before, " "), "- "), ": ")
	if !ok {
		d.report("syntax", at, "give this line the same indentation as the keys beside it", "a key cannot begin here, because the line before it is not finished or not indented as this one")
		return
	}
	whole := strings.TrimSpace(text + string(line[at.Col-1:]))
	d.report("syntax", at, fmt.Sprintf("put the text in quotes: %s: '%s'", key, strings.ReplaceAll(clip(whole), "'", "''")), "a colon followed by a space ends the key, and this line has a second one")
}

// flow reports a fault inside braces or brackets.
func (d *decoder) flow(open, at ssf.Pos, line []rune, ctx string) {
	closer := "}"
	if ctx == "while parsing a flow sequence" {
		closer = "]"
	}
	// The parser stops behind the text in which the colon stands.
	if at.Line == open.Line && at.Col <= len(line) && line[at.Col-1] == ':' {
		head := string(line[:at.Col-1])
		i := strings.LastIndexAny(head, "{,")
		key, text, ok := strings.Cut(strings.TrimSpace(head[i+1:]), ": ")
		if ok {
			rest := string(line[at.Col-1:])
			if j := strings.IndexAny(rest, ",}"); j >= 0 {
				rest = rest[:j]
			}
			d.report("syntax", at, fmt.Sprintf("put the text in quotes: %s: '%s'", key, strings.ReplaceAll(text+rest, "'", "''")), "a colon inside a text in { } needs quotes around the text")
			return
		}
	}
	if at.Line == open.Line && at.Col <= len(line) && strings.ContainsRune("'\"", line[at.Col-1]) {
		d.report("syntax", at, "put the whole text in one pair of quotes", "a quote in the middle of a text")
		return
	}
	d.report("syntax", open, "close it with `"+closer+"`; between entries stands a comma, and a text with a comma, colon or bracket needs quotes", "the bracket that opens here is not closed where it should be")
	last := &d.diags[len(d.diags)-1]
	if at.Line != open.Line || at.Col != open.Col {
		last.Related = []ssf.Related{{Message: "it was noticed here", Pos: at, Snippet: d.src.line(at.Line)}}
	}
}

// misindented reports a line that fits no level, or rubbish behind a value.
func (d *decoder) misindented(at ssf.Pos, line []rune) {
	if strings.TrimSpace(string(line[:at.Col-1])) == "" {
		at.EndCol = len(line) + 1
		d.report("syntax", at, "give the line the same indentation as the entries it belongs to; an entry is written `key: value`", "this line fits neither the lines above it nor a level around them")
		return
	}
	d.report("syntax", at, "an apostrophe inside '...' is written twice: ''; else put the whole text in quotes", "there is something behind the end of the value")
}
