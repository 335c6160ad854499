package ssf_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDependencies compares docs/dependencies.md with the direct requirements
// of go.mod and the tools of tools/go.mod: each has its reason, and no reason
// is left over.
func TestDependencies(t *testing.T) {
	doc := read(t, "docs/dependencies.md")
	var listed, direct []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| .{20,}").FindAllStringSubmatch(doc, -1) {
		listed = append(listed, m[1])
	}
	for _, line := range strings.Split(read(t, "go.mod"), "\n") {
		f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(f) >= 2 && strings.Contains(f[0], ".") && strings.HasPrefix(f[1], "v") && !strings.Contains(line, "// indirect") {
			direct = append(direct, f[0])
		}
	}
	slices.Sort(listed)
	slices.Sort(direct)
	if len(direct) == 0 || !slices.Equal(listed, direct) {
		t.Errorf("docs/dependencies.md lists %v\ngo.mod requires %v", listed, direct)
	}
	for _, line := range strings.Split(read(t, "tools/go.mod"), "\n") {
		if tool, ok := strings.CutPrefix(strings.TrimPrefix(line, "\t"), "tool "); ok {
			mod := strings.Join(strings.SplitN(tool, "/", 4)[:min(3, strings.Count(tool, "/")+1)], "/")
			if !strings.Contains(doc, mod) && !strings.Contains(doc, strings.Join(strings.Split(tool, "/")[:2], "/")) {
				t.Errorf("docs/dependencies.md does not mention the tool %s", tool)
			}
		}
	}
}

// TestReadmeExample keeps the summary in the README in the form that the
// program prints: its phases and the words of its last line.
func TestReadmeLinks(t *testing.T) {
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"} {
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(read(t, name), -1) {
			if _, err := os.Stat(m[1]); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			}
		}
		for _, m := range regexp.MustCompile("`((?:internal|library|cmd|spec|testdata|docs)/[a-z/._-]*[a-z])`").FindAllStringSubmatch(read(t, name), -1) {
			if _, err := os.Stat(m[1]); err != nil {
				t.Errorf("%s names %s, which is not there", name, m[1])
			}
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
