package rule

import (
	"fmt"
	"testing"

	"ssf"
)

func BenchmarkEval(b *testing.B) {
	v := testVocabulary()
	for _, bench := range []struct {
		name, text string
		flows      int
	}{
		{"leaf", `self.query_language == "sql"`, 1},
		{"and", `self.query_language == "sql" && self.skill < "high" && !self.exposed`, 1},
		{"exists of 10", `incoming.exists(f, f.encrypted && f.to.query_language == "sql")`, 10},
		{"exists of 10000", `incoming.exists(f, f.encrypted && f.to.query_language == "sql")`, 10_000},
		{"unknown", `self.builds_queries == "parametrised"`, 1},
		{"unknown of 10000", `incoming.exists(f, f.exposed)`, 10_000},
	} {
		b.Run(bench.name, func(b *testing.B) {
			w := hub(v, bench.flows)
			state(b, w, "web.query_language=sql", "web.skill=low", "web.exposed=no")
			for i := range bench.flows {
				state(b, w, fmt.Sprintf("f%d.encrypted=no", i))
			}
			c := mustCompile(b, v, ssf.SortComponent, bench.text)
			var s Scratch
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Eval(w, 0, &s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCompile is a whole library: a new compiler and 215 conditions.
func BenchmarkCompile(b *testing.B) {
	v := testVocabulary()
	texts := map[ssf.Sort][]string{
		ssf.SortFlow:      {`to.query_language == "sql"`, `from.zone.trust < to.zone.trust && carries.exists(a, a.personal)`},
		ssf.SortComponent: {`incoming.exists(f, f.from.zone.trust == "none") && self.skill in ["low", "medium"] || !self.exposed`},
	}
	b.ReportAllocs()
	for b.Loop() {
		compiler := NewCompiler(v)
		for i := range 215 {
			on := []ssf.Sort{ssf.SortFlow, ssf.SortComponent}[i%2]
			text := texts[on][i%len(texts[on])]
			if c, ds := compiler.Compile(ssf.Text{S: text}, Place{On: on}); c == nil {
				b.Fatal(ds)
			}
		}
	}
}
