package proof

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"ssf"
)

// A Tracer finds on what the verifications of a model rest. It remembers what it
// read of the tree, and serves one goroutine at a time.
type Tracer struct {
	*traced
	model *ssf.Model
}

// traced is what was read of a tree.
type traced struct {
	tree    *ssf.Tree
	code    *goCode // nil until somebody asks
	digests map[string]ssf.Input
	unseen  map[string][]string // what Git ignores, by folder
}

// NewTracer traces inputs in a tree. Without a tree there are none but the
// definitions.
func NewTracer(m *ssf.Model, t *ssf.Tree) *Tracer {
	if t == nil {
		t = &ssf.Tree{}
	}
	return &Tracer{&traced{tree: t, digests: map[string]ssf.Input{}, unseen: map[string][]string{}}, m}
}

// Of is a tracer of another model in the same tree, which knows what t has read.
func (t *Tracer) Of(m *ssf.Model) *Tracer { return &Tracer{t.traced, m} }

// Inputs are all things on which the result of a verification rests, sorted by
// name; see spec/evidence.md.
func (t *Tracer) Inputs(v *ssf.Verification) []ssf.Input {
	run := t.run(v)
	files := map[string]bool{}
	for _, w := range t.placesOf(v) {
		file, _, _ := strings.Cut(string(w.ID), "#")
		if t.has(file) {
			files[file] = true
		}
	}
	covered := t.addGlobs(files, v.Covers)
	if run != nil {
		t.addNamed(files, run)
		if !t.addTests(files, v, run) && !covered {
			t.addAll(files)
		}
	}
	for i := range t.model.Runs { // what a run writes is a result, and nothing that one rests on
		if r := &t.model.Runs[i]; r.Read.ID != "" {
			maps.DeleteFunc(files, func(f string, _ bool) bool { return ssf.MatchPath(string(r.Read.ID), f) })
		}
	}
	t.addLocks(files)

	inputs := []ssf.Input{text("definition:verification", definition(v))}
	for _, f := range slices.Sorted(maps.Keys(files)) {
		inputs = append(inputs, t.file(f))
	}
	if run != nil {
		inputs = append(inputs, text("definition:run", runDefinition(run)))
		if t.tree.Toolchain != nil && usesGo(run) {
			if version := t.tree.Toolchain("go"); version != "" {
				in := text("toolchain:go", version)
				in.Text = version
				inputs = append(inputs, in)
			}
		}
		inputs = append(inputs, t.variables(run)...)
	}
	slices.SortFunc(inputs, func(a, b ssf.Input) int { return strings.Compare(a.Name, b.Name) })
	return inputs
}

// goVariables are those by which Go builds otherwise.
var goVariables = []string{"CGO_ENABLED", "GOARCH", "GOEXPERIMENT", "GOFLAGS", "GOOS"}

// variables are the inputs that a command has from its environment, by digest
// alone: they may be secret.
func (t *Tracer) variables(run *ssf.Run) (inputs []ssf.Input) {
	if t.tree.Env == nil || len(run.Command) == 0 {
		return nil
	}
	names := slices.Clone(goVariables)
	for _, r := range run.Env {
		names = append(names, string(r.ID))
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if value, set := t.tree.Env(name); set {
			inputs = append(inputs, text("env:"+name, value))
		}
	}
	return inputs
}

// Unfounded is why a result with these inputs must not be recorded: nobody else
// can have one of them. It is empty if there is no reason.
func (t *Tracer) Unfounded(inputs []ssf.Input) string {
	for _, in := range inputs {
		switch {
		case in.Digest == ssf.Digest{}:
			return in.Name + " cannot be read"
		case !strings.Contains(in.Name, ":") && !t.has(in.Name):
			return "Git ignores " + in.Name
		}
	}
	return ""
}

func (t *Tracer) run(v *ssf.Verification) *ssf.Run {
	for i := range t.model.Runs {
		if r := &t.model.Runs[i]; r.ID == v.In.ID {
			return r
		}
	}
	return nil
}

// placesOf are the places of the mitigations that a verification is about.
func (t *Tracer) placesOf(v *ssf.Verification) (places []ssf.Ref) {
	for i := range t.model.Mitigations {
		if m := &t.model.Mitigations[i]; ssf.HasRef(v.Verifies, m.ID) {
			places = append(places, m.Where...)
		}
	}
	return places
}

func (t *traced) has(file string) bool {
	_, ok := slices.BinarySearch(t.tree.Files, file)
	return ok
}

// ignored are the files in a folder that Git ignores.
func (t *traced) ignored(dir string) []string {
	files, ok := t.unseen[dir]
	if !ok && t.tree.Ignored != nil {
		files = t.tree.Ignored(dir)
		t.unseen[dir] = files
	}
	return files
}

// addGlobs adds the files that fit, and reports whether there are any.
func (t *traced) addGlobs(files map[string]bool, globs []ssf.Ref) (any bool) {
	for _, g := range globs {
		for _, f := range t.tree.Files {
			if ssf.MatchPath(string(g.ID), f) {
				files[f], any = true, true
			}
		}
	}
	return any
}

// addAll adds every file but those of the model itself, whose part in the
// result is the definitions.
func (t *traced) addAll(files map[string]bool) {
	for _, f := range t.tree.Files {
		if !OfModel(f) {
			files[f] = true
		}
	}
}

// OfModel reports whether a file belongs to the model, its evidence or what the
// program is about to write, and not to what the model describes.
func OfModel(file string) bool {
	return slices.ContainsFunc([]string{"ssf.yaml", "ssf.lock", "ssf/**/*.yaml", ".ssf/**", ".ssf-*.tmp"}, func(glob string) bool { return ssf.MatchPath(glob, file) })
}

// lockFiles fix which packages and tools a build takes, in the folder of the
// code or one above.
var lockFiles = []string{
	".node-version", ".nvmrc", ".python-version", ".ruby-version", ".tool-versions", "Cargo.lock", "Gemfile.lock", "Pipfile.lock",
	"build.gradle.lockfile", "bun.lock", "composer.lock", "deno.lock", "flake.lock", "global.json", "go.mod", "go.sum", "go.work", "go.work.sum",
	"gradle.lockfile", "mise.toml", "mix.lock", "npm-shrinkwrap.json", "package-lock.json", "packages.lock.json", "pdm.lock", "pnpm-lock.yaml",
	"poetry.lock", "pubspec.lock", "requirements.txt", "rust-toolchain", "rust-toolchain.toml", "uv.lock", "yarn.lock",
}

func (t *traced) addLocks(files map[string]bool) {
	folders := map[string]bool{".": true}
	for f := range files {
		for d := path.Dir(f); !folders[d]; d = path.Dir(d) {
			folders[d] = true
		}
	}
	for d := range folders {
		for _, name := range lockFiles {
			if f := path.Join(d, name); t.has(f) {
				files[f] = true
			}
		}
	}
}

// file is the input that a file is. One that cannot be read has no digest, and
// is not what it was as long as it could.
func (t *traced) file(name string) ssf.Input {
	in, ok := t.digests[name]
	if !ok {
		in.Name = inputName(name)
		if t.tree.Digest != nil {
			in.Digest, _ = t.tree.Digest(name)
		}
		t.digests[name] = in
	}
	return in
}

// inputName is the name of a file as an input. One that looks like the name of
// another input, or that no line can hold, is written `file:` and percent-encoded.
func inputName(file string) string {
	odd := !utf8.ValidString(file) || strings.ContainsFunc(file, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) })
	if top, _, _ := strings.Cut(file, "/"); !odd && !strings.Contains(top, ":") {
		return file
	}
	var b strings.Builder
	for _, c := range []byte(file) {
		if c <= ' ' || c >= 0x7f || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return "file:" + b.String()
}

func text(name, content string) ssf.Input {
	return ssf.Input{Name: name, Digest: sha256.Sum256([]byte(content))}
}

// definition is a verification as text: what it shows, how and by what.
func definition(v *ssf.Verification) string {
	var b strings.Builder
	line := func(key string, values ...ssf.Ref) {
		for _, x := range values {
			if x.ID != "" {
				fmt.Fprintf(&b, "%s %q\n", key, x.ID)
			}
		}
	}
	line("verifies", v.Verifies...)
	line("tests", v.Tests...)
	line("covers", v.Covers...)
	line("method", v.Method)
	for i := range v.Breaks {
		x := &v.Breaks[i]
		line("break", x.How, x.Value, ssf.Ref{ID: ssf.ID(x.With.S)})
		line("red", x.Red...)
		line("green", x.Green...)
	}
	return b.String()
}

// Commands is what a model would have run, as text: each run that has a command.
// Trust in a model is bound to its digest.
func Commands(m *ssf.Model) string {
	var b strings.Builder
	for i := range m.Runs {
		if r := &m.Runs[i]; len(r.Command) > 0 {
			fmt.Fprintf(&b, "%s\n%s", r.ID, runDefinition(r))
		}
	}
	return b.String()
}

// runDefinition is a run as text. Its time limit decides nothing about a test
// that ends, and is not in it.
func runDefinition(r *ssf.Run) string {
	var b strings.Builder
	for _, arg := range r.Command {
		fmt.Fprintf(&b, "run %q\n", arg.ID)
	}
	for _, name := range r.Env {
		fmt.Fprintf(&b, "env %q\n", name.ID)
	}
	fmt.Fprintf(&b, "shell %q\nread %q\n", r.Shell.ID, r.Read.ID)
	return b.String()
}
