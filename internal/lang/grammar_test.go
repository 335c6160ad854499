package lang

import (
	"os"
	"regexp"
	"strings"
	"testing"

	yaml "go.yaml.in/yaml/v4"
)

// readers are the grammars of spec/grammar.md by the names of their examples.
// Those of conditions are tried where conditions are compiled.
func readers() map[string]func(*decoder, *yaml.Node) {
	r := map[string]func(*decoder, *yaml.Node){}
	add(r, "id", formerID)
	add(r, "boolean", boolean)
	add(r, "level", level)
	add(r, "count", count)
	add(r, "date", date)
	add(r, "duration", duration)
	add(r, "time limit", timeout)
	add(r, "pattern", pattern)
	add(r, "bare pattern", barePattern)
	add(r, "cell", cell)
	add(r, "verified", verified)
	add(r, "risk", risk)
	add(r, "catalogue", catalogue)
	add(r, "catalogue item", catalogueItem)
	add(r, "library", libraryRef)
	add(r, "finding", finding)
	add(r, "key", key)
	add(r, "variable", variable)
	add(r, "place", place)
	add(r, "glob", glob)
	add(r, "command", command)
	add(r, "scope", enum("a scope", scopes...))
	add(r, "auth", enum("an auth", auths...))
	for i, f := range breakForms {
		if f.re != nil {
			add(r, f.way, breakValue(i))
		}
	}
	r["run"] = func(d *decoder, n *yaml.Node) {
		runTable.reader().read(d, &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "run", Line: 1, Column: 1}, n}})
	}
	return r
}

func add[V any](r map[string]func(*decoder, *yaml.Node), name string, reader Reader[V]) {
	r[name] = func(d *decoder, n *yaml.Node) { reader.read(d, n) }
}

var exampleBlock = regexp.MustCompile("(?s)```examples ([a-z ]+)\n(.*?)```")

// TestGrammar tries the examples of spec/grammar.md.
func TestGrammar(t *testing.T) {
	b, err := os.ReadFile("../../spec/grammar.md")
	if err != nil {
		t.Fatal(err)
	}
	known, seen := readers(), map[string]bool{"condition": true}
	for _, block := range exampleBlock.FindAllStringSubmatch(string(b), -1) {
		name := block[1]
		read := known[name]
		if read == nil {
			if name != "condition" {
				t.Errorf("there is no reader for the examples of %s", name)
			}
			continue
		}
		seen[name] = true
		refused := 0
		for line := range strings.Lines(block[2]) {
			verdict, text, _ := strings.Cut(strings.TrimSpace(line), " ")
			d := &decoder{src: newSource(RootFile, text), words: coreWords(t)}
			read(d, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Line: 1, Column: 1})
			if verdict == "no" {
				refused++
			}
			if ok := len(d.diags) == 0; ok != (verdict == "ok") {
				t.Errorf("%s: `%s` reads: %v; the page says %s: %v", name, text, ok, verdict, d.diags)
			}
		}
		if refused == 0 {
			t.Errorf("%s has no example that is refused", name)
		}
	}
	for name := range known {
		if !seen[name] {
			t.Errorf("spec/grammar.md has no examples of %s", name)
		}
	}
}

// TestLaidOut keeps the columns of a condition in quotes.
func TestLaidOut(t *testing.T) {
	for _, x := range []struct{ raw, s, want string }{
		{`a == "b"`, `a == "b"`, `a == "b"`},
		{`a == \"b\" && c`, `a == "b" && c`, `a ==  "b"  && c`},
		{`a == ''b'' && c`, `a == 'b' && c`, `a ==  'b'  && c`},
		{`a \u0026\u0026 c`, `a && c`, `a && c`},
		{`a\n&& c`, "a\n&& c", `a && c`},
	} {
		if got := laidOut(x.raw, x.s); got != x.want {
			t.Errorf("laidOut(%q, %q) = %q, want %q", x.raw, x.s, got, x.want)
		}
	}
}
