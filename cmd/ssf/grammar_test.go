package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestGrammarOfConditions tries the examples of conditions in spec/grammar.md.
// Those of the other grammars are tried in internal/lang.
func TestGrammarOfConditions(t *testing.T) {
	b, err := os.ReadFile("../../spec/grammar.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```examples condition\n(.*?)```").FindStringSubmatch(string(b))
	if block == nil {
		t.Fatal("there are no examples")
	}
	for line := range strings.Lines(block[1]) {
		verdict, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		dir := t.TempDir()
		writeFiles(t, dir, map[string]string{"ssf.yaml": head + "zones:\n  internet: {trust: none}\nassumptions:\n  a:\n    says: x\n    holds_if: |\n      " + text + "\n"})
		status, out, _ := run(t, dir, "check", ".")
		if refused := status == exitUsage; refused != (verdict == "no") {
			t.Errorf("`%s`: exit status %d, and the page says %s\n%s", text, status, verdict, out)
		}
	}
}
