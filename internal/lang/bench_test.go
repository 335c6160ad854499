package lang

import (
	"fmt"
	"strings"
	"testing"

	"ssf/internal/testkit/gen"
)

// edits are three that an author makes: a value, an entry more and one less.
func edits(text string) []string {
	from := strings.LastIndex(text[:len(text)/2], "\n") + 1
	to := from + strings.Index(text[from:], "\n") + 1
	line := text[from:to]
	return []string{
		text[:from] + strings.Replace(line, "medium", "high", 1) + text[to:],
		text[:from] + "  # a comment\n" + text[from:],
		text,
	}
}

func BenchmarkEdit(b *testing.B) {
	for _, n := range []int{100, 1000, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			text := gen.Generate(gen.Options{Components: n}).Files(1)[RootFile]
			s := cold(b, map[string]string{RootFile: text})
			all := edits(text)
			b.ReportAllocs()
			for i := range b.N {
				s = s.Edit(RootFile, all[i%len(all)])
			}
		})
	}
}
