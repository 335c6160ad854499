package lang

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ssf"
)

// The files of a model with a library of its own.
const (
	acmePack = "name: acme\nversion: 1.2.0\n"
	acmeFact = "facts:\n  badge: {title: Badge, domain: boolean, on: [actor], class: nature, asks: x, why: x}\n"
	acmeRule = "id: weak-login\nsince: 1.0.0\ntitle: Weak login\norigin: behaviour\non: actor\nwhen: '!self.badge'\nendangers: [confidentiality]\nlikelihood: {level: low, because: x}\nsays: x\nplain: x\nmeasures: [badge-reader, second-factor]\nquiet_when: x\n"
	acmeHow  = "id: badge-reader\ntitle: Reader\nkind: prevent\neffort: low\nsays: x\nleaves: x\nwhere: x\nverify: [{method: test, how: x}]\n"
	acmeUse  = "ssf: 1\nsystem: {name: x}\nuse: {libraries: [./security/library]}\nzones: {z: {trust: none}}\nactors: {a: {zone: z, badge: no}}\ndecisions:\n  - {threat: acme/weak-login@a, treat: not_applicable, because: x}\nmitigations:\n  badge-reader: {counters: ['acme/*@*'], where: ['setting:x'], state: planned}\n"
)

func acme(more ...string) map[string]string {
	files := map[string]string{
		RootFile:                        acmeUse,
		"security/library/library.yaml": acmePack, "security/library/facts/f.yaml": acmeFact,
		"security/library/threats/weak-login/threat.yaml":     acmeRule,
		"security/library/measures/badge-reader/measure.yaml": acmeHow,
	}
	for i := 0; i < len(more); i += 2 {
		if files[more[i]] = more[i+1]; more[i+1] == "" {
			delete(files, more[i])
		}
	}
	return files
}

func loadFiles(t *testing.T, files map[string]string) *Snapshot {
	t.Helper()
	fsys := fstest.MapFS{}
	for p, text := range files {
		fsys[p] = &fstest.MapFile{Data: []byte(text)}
	}
	s, err := Load(fsys, library(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTeamLibrary(t *testing.T) {
	s := loadFiles(t, acme())
	for _, d := range s.Diagnostics {
		t.Errorf("%v: %s: %s", d.Pos, d.Check, d.Message)
	}
	lib := s.Libraries.Usable()
	i := slices.IndexFunc(lib.Threats, func(r ssf.Rule) bool { return r.ID == "acme/weak-login" })
	if i < 0 {
		t.Fatal("the rule is not there")
	}
	r := &lib.Threats[i]
	if want := (ssf.Pos{File: "security/library/threats/weak-login/threat.yaml", Line: 1, Col: 5, EndCol: 15}); r.Pos != want {
		t.Errorf("the rule stands at %v, want %v", r.Pos, want)
	}
	if r.Digest != r.Decides() || r.Digest == (ssf.Digest{}) {
		t.Error("the rule's digest is not that of the rule by its full id")
	}
	if !slices.IsSortedFunc(lib.Threats, func(a, b ssf.Rule) int { return strings.Compare(string(a.ID), string(b.ID)) }) {
		t.Error("the rules are not sorted")
	}
	if n := len(lib.Packs); n != 2 || lib.Packs[1].Name != "acme" || lib.Packs[1].Version != "1.2.0" || lib.Packs[1].Digest == (ssf.Digest{}) {
		t.Errorf("the libraries are %v", lib.Packs)
	}
	if len(s.Model.Decisions) != 1 || s.Model.Decisions[0].Threat.Rule.ID != "acme/weak-login" {
		t.Errorf("the decision is %v", s.Model.Decisions)
	}
	if n := len(library(t).Packs); n != 1 || NewWords(library(t)).has(ARule, "acme/weak-login") {
		t.Errorf("the program's own library was changed: %d packs", n)
	}
	other := loadFiles(t, acme("security/library/facts/f.yaml", acmeFact+"  # changed\n"))
	if other.Libraries.Whole.Packs[1].Digest == lib.Packs[1].Digest {
		t.Error("another text has the same digest")
	}
}

// TestTeamLibraryFaults wants each fault at its place, and nothing that only
// follows from it.
func TestTeamLibraryFaults(t *testing.T) {
	const lib = "security/library/"
	use := func(list string) string { return strings.Replace(acmeUse, "./security/library", list, 1) }
	fact := func(id string) string { return strings.Replace(acmeFact, "badge", id, 1) }
	for name, x := range map[string]struct {
		files map[string]string
		want  []string // place and check
	}{
		"no folder":           {acme(RootFile, use("./security/librar")), []string{"ssf.yaml:3:19 model/files"}},
		"a file":              {acme(RootFile, use("./security/library/library.yaml")), []string{"ssf.yaml:3:19 model/files"}},
		"below a file":        {acme(RootFile, use("./ssf.yaml/library")), []string{"ssf.yaml:3:19 model/files"}},
		"no library.yaml":     {acme(lib+"library.yaml", ""), []string{"ssf.yaml:3:19 model/files"}},
		"outside":             {acme(RootFile, use("../library")), []string{"ssf.yaml:3:19 model/files"}},
		"through the outside": {acme(RootFile, use("./../library")), []string{"ssf.yaml:3:19 model/files"}},
		"without ./":          {acme(RootFile, use("security/library")), []string{"ssf.yaml:3:19 model/files"}},
		"twice":               {acme(RootFile, use("./security/library, ./security/library/")), []string{"ssf.yaml:3:39 model/duplicate-item"}},
		"two of one name":     {acme(RootFile, use("./security/library, ./other"), "other/library.yaml", acmePack), []string{"other/library.yaml:1:7 model/duplicate-id"}},
		"reserved":            {acme(lib+"library.yaml", "name: ssf/acme\nversion: 1\n"), []string{lib + "library.yaml:1:7 model/bad-id"}},
		"own":                 {acme(lib+"library.yaml", "name: own\nversion: 1\n"), []string{lib + "library.yaml:1:7 model/bad-id"}},
		"bad name":            {acme(lib+"library.yaml", "name: Acme BV\nversion: 1\n"), []string{lib + "library.yaml:1:7 model/bad-id"}},
		"bad version":         {acme(lib+"library.yaml", "name: acme\nversion: 1.0 beta\n"), []string{lib + "library.yaml:2:10 model/bad-value"}},
		"no name":             {acme(lib+"library.yaml", "version: 1\n"), []string{lib + "library.yaml:1:1 model/missing-key"}},
		"doubled fact":        {acme(lib+"facts/f.yaml", acmeFact+fact("session")[7:]), []string{lib + "facts/f.yaml:3:3 model/duplicate-id"}},
		"doubled measure":     {acme(lib+"measures/second-factor/measure.yaml", strings.Replace(acmeHow, "badge-reader", "second-factor", 1)), []string{lib + "measures/second-factor/measure.yaml:1:5 model/duplicate-id"}},
		"doubled kind":        {acme(lib+"kinds/k.yaml", "kinds:\n  database: {title: x}\n"), []string{lib + "kinds/k.yaml:2:3 model/duplicate-id"}},
		"doubled technology":  {acme(lib+"tech/k.yaml", "techs:\n  go: {title: x}\n"), []string{lib + "tech/k.yaml:2:3 model/duplicate-id"}},
		"doubled protocol":    {acme(lib+"protocols/k.yaml", "protocols:\n  https: {title: x}\n"), []string{lib + "protocols/k.yaml:2:3 model/duplicate-id"}},
		"doubled standard":    {acme(lib+"standards/k.yaml", "standards:\n  ssf/go: {title: x, for: [go], rules: {}}\n"), []string{lib + "standards/k.yaml:2:3 model/duplicate-id"}},
		"doubled in another":  {acme(RootFile, use("./security/library, ./other"), "other/library.yaml", "name: other\nversion: 1\n", "other/facts/f.yaml", acmeFact), []string{"other/facts/f.yaml:2:3 model/duplicate-id"}},
		"computed fact":       {acme(lib+"facts/f.yaml", strings.Replace(acmeFact, "class:", "derived_on: [flow], class:", 1)), []string{lib + "facts/f.yaml:2:68 model/bad-value"}},
		"reserved fact":       {acme(lib+"facts/g.yaml", fact("zone")), []string{lib + "facts/g.yaml:2:3 model/bad-id"}},
		"controls":            {acme(lib+"controls/c.yaml", "controls: {}\n"), []string{lib + "controls/c.yaml:1:1 model/files"}},
		"checks":              {acme(lib+"checks/c.yaml", "checks: {}\n"), []string{lib + "checks/c.yaml:1:1 model/files"}},
		"other file":          {acme(lib+"x.yaml", "a: b\n"), []string{lib + "x.yaml:1:1 model/files"}},
		"yml":                 {acme(lib+"facts/x.yml", "a: b\n"), []string{lib + "facts/x.yml:1:1 model/files"}},
		"in the folder ssf":   {acme(RootFile, use("./ssf/library")), []string{"ssf.yaml:3:19 model/files"}},
		"unknown measure":     {acme(lib+"measures/badge-reader/measure.yaml", ""), []string{lib + "threats/weak-login/threat.yaml:11:12 model/unknown-reference"}},
		"implied nonsense":    {acme(lib+"kinds/k.yaml", "kinds:\n  hut: {title: x, is: database, implies: {ships: very}}\n"), []string{lib + "kinds/k.yaml:2:50 model/bad-value"}},
		"its own ancestor":    {acme(lib+"kinds/k.yaml", "kinds:\n  hut: {title: x, is: hut}\n"), []string{lib + "kinds/k.yaml:2:23 model/bad-value"}},
		"not YAML":            {acme(lib+"facts/f.yaml", "facts: {\n"), []string{lib + "facts/f.yaml:1:8 model/syntax"}},
		"UTF-16":              {acme(lib+"facts/f.yaml", "f\x00a\x00"), []string{lib + "facts/f.yaml:1:1 model/encoding"}},
		"alias bomb":          {acme(lib+"facts/f.yaml", "facts:\n  a: &a [x, x]\n  b: &b [*a, *a]\n"), []string{lib + "facts/f.yaml:2:6 model/yaml-feature", lib + "facts/f.yaml:3:6 model/yaml-feature"}},
		"deep":                {acme(lib+"facts/f.yaml", "facts: "+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+"\n"), []string{lib + "facts/f.yaml:1:8 model/wrong-type"}},
		"broken elsewhere":    {acme(RootFile, acmeUse+"flows: {\nassets: {b: {neds: {}}}\n"), []string{"ssf.yaml:10:8 model/syntax", "ssf.yaml:11:14 model/unknown-key"}},
		"escaped key":         {acme(RootFile, strings.Replace(acmeUse, "libraries", `"l\x69braries"`, 1)), []string{"ssf.yaml:3:24 model/files", "ssf.yaml:5:23 model/unknown-key", "ssf.yaml:7:14 model/unknown-reference", "ssf.yaml:9:30 model/unknown-reference"}},
		"in braces":           {acme(RootFile, `{ssf: 1, system: {name: x}, use: {libraries: [./security/librar]}}`), []string{"ssf.yaml:1:47 model/files"}},
		"quoted key":          {acme(RootFile, strings.Replace(acmeUse, "use:", `"use":`, 1)), nil},
		"key: threat":         {acme(lib+"threats/weak-login/threat.yaml", acmeRule+"x: y\n"), []string{lib + "threats/weak-login/threat.yaml:13:1 model/unknown-key"}},
		"key: measure":        {acme(lib+"measures/badge-reader/measure.yaml", acmeHow+"x: y\n"), []string{lib + "measures/badge-reader/measure.yaml:9:1 model/unknown-key"}},
		"key: library":        {acme(lib+"library.yaml", acmePack+"x: y\n"), []string{lib + "library.yaml:3:1 model/unknown-key"}},
		"key: fact":           {acme(lib+"facts/f.yaml", acmeFact+"  b: {x: y}\n"), []string{lib + "facts/f.yaml:3:7 model/unknown-key"}},
		"key: kind":           {acme(lib+"kinds/f.yaml", "kinds:\n  b: {x: y}\n"), []string{lib + "kinds/f.yaml:2:7 model/unknown-key"}},
		"key: standard":       {acme(lib+"standards/f.yaml", "standards:\n  b: {x: y}\n"), []string{lib + "standards/f.yaml:2:7 model/unknown-key"}},
		"key: catalogue":      {acme(lib+"catalogues/f.yaml", "catalogues:\n  b: {x: y}\n"), []string{lib + "catalogues/f.yaml:2:7 model/unknown-key"}},
		"key: policy":         {acme(lib+"policies/f.yaml", "policies:\n  b: {x: y}\n"), []string{lib + "policies/f.yaml:2:7 model/unknown-key"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := loadFiles(t, x.files)
			var got []string
			for _, d := range s.Diagnostics {
				got = append(got, fmt.Sprintf("%v %s", d.Pos, d.Check))
				if d.Severity != ssf.Error || d.Check == "model/duplicate-id" && (len(d.Related) != 1 || !d.Related[0].Known()) {
					t.Errorf("%v: a duplicate shows both places, and each is an error: %+v", d.Pos, d)
				}
			}
			if !slices.Equal(got, x.want) {
				t.Errorf("got  %q\nwant %q", got, x.want)
				for _, d := range s.Diagnostics {
					t.Logf("%v: %s", d.Pos, d.Message)
				}
			}
		})
	}
}

// TestTeamLibraryFallsBack: with a fault, nothing of the library is used.
func TestTeamLibraryFallsBack(t *testing.T) {
	s := loadFiles(t, acme("security/library/x.yaml", "a: b\n"))
	if s.Libraries.Usable() != s.Libraries.Core || s.Libraries.Whole == s.Libraries.Core {
		t.Error("a library with a fault is used")
	}
}

// TestTeamLibraryLinks follows none, wherever it stands.
func TestTeamLibraryLinks(t *testing.T) {
	for name, link := range map[string]func(dir string) (old, at string){
		"the library":   func(string) (string, string) { return "../real", "security/library" },
		"its parent":    func(string) (string, string) { return "elsewhere", "security" },
		"a file in it":  func(string) (string, string) { return "../../real/library.yaml", "security/library/library.yaml" },
		"a folder":      func(string) (string, string) { return "/etc", "security/library/threats" },
		"out of it all": func(string) (string, string) { return "/etc", "security/library" },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			old, at := link(dir)
			for p, text := range map[string]string{RootFile: acmeUse, "real/library.yaml": acmePack, "elsewhere/library/library.yaml": acmePack} {
				write(t, filepath.Join(dir, p), text)
			}
			if strings.Contains(at, "library/") {
				write(t, filepath.Join(dir, "security/library/README.md"), "x")
				if !strings.HasSuffix(at, ".yaml") {
					write(t, filepath.Join(dir, "security/library/library.yaml"), acmePack)
				}
			} else if strings.Contains(at, "/") {
				write(t, filepath.Join(dir, "security/README.md"), "x")
			}
			if err := os.Symlink(old, filepath.Join(dir, at)); err != nil {
				t.Fatal(err)
			}
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			s, err := Load(root.FS(), library(t))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(s.Diagnostics, func(d ssf.Diagnostic) bool {
				return d.Check == "model/files" && strings.HasSuffix(d.Message, "is a link")
			}) {
				t.Errorf("no link is refused: %v", s.Diagnostics)
			}
			if len(s.Libraries.Usable().Packs) != 1 {
				t.Error("a linked library is used")
			}
		})
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestTeamLibraryLimits refuses what is too much by the name of the limit, and
// soon.
func TestTeamLibraryLimits(t *testing.T) {
	many := func(section, entry string, n int) string {
		var b strings.Builder
		b.WriteString(section + ":\n")
		for i := range n {
			fmt.Fprintf(&b, "  k%d: "+entry+"\n", i, max(i-1, 0))
		}
		return b.String()
	}
	files := acme()
	for i := range MaxLibraryFiles {
		files[fmt.Sprintf("security/library/standards/s%d.yaml", i)] = fmt.Sprintf("standards:\n  s%d: {title: x, for: [], rules: {}}\n", i)
	}
	for name, files := range map[string]map[string]string{
		"files":  files,
		"kinds":  acme("security/library/kinds/k.yaml", many("kinds", "{title: x, is: k%d}", 20_000)),
		"facts":  acme("security/library/facts/g.yaml", many("facts", "{title: x, domain: boolean, on: [flow], class: nature, asks: x, why: x%d}", 2000)),
		"bytes":  acme("security/library/facts/g.yaml", strings.Repeat("#", MaxFileSize+1)),
		"values": acme("security/library/facts/g.yaml", "facts: ["+strings.Repeat("[],", MaxValues)+"]\n"),
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			s := loadFiles(t, files)
			if !slices.ContainsFunc(s.Diagnostics, func(d ssf.Diagnostic) bool {
				return d.Check == "model/limit" && strings.HasPrefix(d.File, "security/library/")
			}) {
				t.Errorf("nothing is refused: %d diagnostics", len(s.Diagnostics))
			}
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestReadLibrariesError: what cannot be read is the world's fault.
func TestReadLibrariesError(t *testing.T) {
	if _, err := ReadLibraries(library(t), LibraryDir{FS: shut{}, Dir: "lib", Shown: "lib"}); err == nil || !strings.HasPrefix(err.Error(), "reading the library lib: ") {
		t.Errorf("the error is %v", err)
	}
}

// shut is a file system that refuses everything.
type shut struct{}

func (shut) Open(string) (fs.File, error)         { return nil, fs.ErrPermission }
func (shut) Lstat(string) (fs.FileInfo, error)    { return nil, fs.ErrPermission }
func (shut) ReadLink(name string) (string, error) { return "", fs.ErrPermission }

// TestUncuttableUse: a model that reads only as a whole has its unknown keys told
// all the same, for no library is missing.
func TestUncuttableUse(t *testing.T) {
	for _, key := range []string{"trsut", "lo  trust"} {
		text := start + "use:\n  libraries: [\n    ssf/core\n]\nzones:\n  a: {\n" + key + ": low\n}\n"
		if ds := load(t, text).Diagnostics; len(ds) != 1 || ds[0].Check != "model/unknown-key" {
			t.Errorf("%s: got %v, want one unknown key", key, ds)
		}
	}
}
