package cyclonedx

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/format"
	"ssf/internal/lang"
	"ssf/internal/testkit/gen"
	"ssf/library"
)

var now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)

const root = "../../../"

// caseOf is the case of a model, as if each file that it names were there, and
// with some evidence if any is given.
func caseOf(t testing.TB, fsys fs.FS) *ssf.Case {
	t.Helper()
	lib := library.Index()
	snap, err := lang.Load(fsys, lib)
	if err != nil {
		t.Fatal(err)
	}
	lock, _, err := lang.ReadLock(fsys)
	if err != nil {
		t.Fatal(err)
	}
	c, err := check.Case(ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: lib, Lock: lock, Now: now, Tool: "ssf 1.2.3", Line: snap.Line})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var made map[string]*ssf.Case

// models are the cases over which everything is tried; nobody changes them.
func models(t *testing.T) map[string]*ssf.Case {
	t.Helper()
	if made != nil {
		return made
	}
	out := map[string]*ssf.Case{
		"small": caseOf(t, small),
		"new":   caseOf(t, fstest.MapFS{"ssf.yaml": {Data: []byte("ssf: 1\nsystem: {name: New}\n")}}),
		// Faulty: ids twice, references to nothing, ends that are no ends.
		"faulty": caseOf(t, fstest.MapFS{"ssf.yaml": {Data: []byte("ssf: 1\nsystem: {name: Faulty, contact: '<a@b.c>'}\nzones: {a: {}}\ncomponents: {a: {zone: gone}, b: {kind: database, stores: [gone]}, b: {}}\nflows: {f: {from: b, to: gone, sends: [a]}, g: {from: b, to: b}}\nmitigations: {m: {counters: ['x@*'], state: planned}}\nverifications: {v: {verifies: [m, gone.fact, a.fact]}}\n")}}),
	}
	dirs, err := filepath.Glob(root + "examples/models/*")
	if err != nil || len(dirs) < 3 {
		t.Fatalf("there are %d example models: %v", len(dirs), err)
	}
	for _, dir := range append(dirs, root+"examples/bookshop", root) {
		out[dir] = caseOf(t, os.DirFS(dir))
	}
	for seed := range uint64(3) {
		fsys := fstest.MapFS{}
		for name, text := range gen.Generate(gen.Options{Seed: seed, Components: 12}).Files(1) {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		out[fmt.Sprintf("generated %d", seed)] = caseOf(t, fsys)
	}
	made = out
	return out
}

// schema is that of CycloneDX 1.6, which is not kept here: it is in the folder that
// SSF_CORPUS names, or in `shared` beside the module.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	corpus := cmp.Or(os.Getenv("SSF_CORPUS"), root+"../shared")
	k := jsonschema.NewCompiler()
	k.AssertFormat()
	for _, name := range []string{"bom-1.6.schema.json", "jsf-0.82.schema.json"} {
		f, err := os.Open(filepath.Join(corpus, "schemas", name))
		if err != nil {
			t.Skipf("%s/schemas holds no %s; SSF_CORPUS names the folder", corpus, name)
		}
		doc, err := jsonschema.UnmarshalJSON(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if err := k.AddResource("http://cyclonedx.org/schema/"+name, doc); err != nil {
			t.Fatal(err)
		}
	}
	// The list of licences is not there; nothing that is written names one.
	if err := k.AddResource("http://cyclonedx.org/schema/spdx.schema.json", map[string]any{"type": "string", "enum": []any{}}); err != nil {
		t.Fatal(err)
	}
	s, err := k.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t testing.TB, name string, c *ssf.Case) []byte {
	t.Helper()
	for _, f := range []format.Format{Format, VEX} {
		if f.Name == name {
			files, err := f.Write(c)
			if err != nil || len(files) != 1 || strings.Contains(files[0].Name, "/") {
				t.Fatalf("writing %s gives %d files: %v", name, len(files), err)
			}
			return files[0].Data
		}
	}
	t.Fatalf("there is no format %s", name)
	return nil
}

func TestSchema(t *testing.T) {
	s := schema(t)
	for model, c := range models(t) {
		for _, name := range []string{"cyclonedx", "vex"} {
			data := write(t, name, c)
			doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(doc); err != nil {
				t.Errorf("%s as %s: %v", model, name, err)
			}
		}
	}
	wrong := strings.Replace(string(write(t, "vex", caseOf(t, small))), `"state": "exploitable"`, `"state": "affected"`, 1)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(wrong))
	if err != nil || s.Validate(doc) == nil {
		t.Errorf("the schema takes what is wrong (%v)", err)
	}
}

// refKeys are the fields of CycloneDX that hold bom-refs.
var refKeys = map[string]bool{
	"ref": true, "dependsOn": true, "assemblies": true, "dependencies": true, "assessor": true, "requirement": true, "claims": true, "counterClaims": true,
	"mitigationStrategies": true, "target": true, "evidence": true, "counterEvidence": true, "parent": true, "source": true, "destination": true,
}

// references calls def for each bom-ref and use for each reference.
func references(v any, key string, def, use func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if s, ok := x.(string); ok && k == "bom-ref" {
				def(s)
				continue
			}
			references(x, k, def, use)
		}
	case []any:
		for _, x := range v {
			references(x, key, def, use)
		}
	case string:
		if refKeys[key] {
			use(v)
		}
	}
}

func TestReferences(t *testing.T) {
	for model, c := range models(t) {
		for _, name := range []string{"cyclonedx", "vex"} {
			var doc map[string]any
			if err := json.Unmarshal(write(t, name, c), &doc); err != nil {
				t.Fatal(err)
			}
			link := "urn:cdx:" + strings.TrimPrefix(doc["serialNumber"].(string), "urn:uuid:") + "/1#"
			defs, uses := map[string]int{}, map[string]bool{}
			references(doc, "", func(s string) { defs[s]++ }, func(s string) { uses[strings.TrimPrefix(s, link)] = true })
			for ref, n := range defs {
				if n != 1 {
					t.Errorf("%s as %s: the bom-ref %s stands there %d times", model, name, ref, n)
				}
			}
			for ref := range uses {
				if defs[ref] == 0 {
					t.Errorf("%s as %s: %s is referred to and not there", model, name, ref)
				}
			}
			if model != "new" && model != "faulty" && (len(defs) < 5 || len(uses) < 3) {
				t.Errorf("%s as %s: only %d bom-refs and %d references were found", model, name, len(defs), len(uses))
			}
		}
	}
}

// TestAlike: the same case gives the same bytes, another one another serial number.
func TestAlike(t *testing.T) {
	for _, name := range []string{"cyclonedx", "vex"} {
		c := caseOf(t, small)
		first := string(write(t, name, c))
		stored, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again := &ssf.Case{}
		if err := json.Unmarshal(stored, again); err != nil {
			t.Fatal(err)
		}
		if second := string(write(t, name, again)); second != first {
			t.Errorf("%s of a stored case differs", name)
		}
		number := func(s string) string {
			_, rest, _ := strings.Cut(s, `"serialNumber": "`)
			n, _, _ := strings.Cut(rest, `"`)
			return n
		}
		// RFC 9562: version 8, variant 10.
		if n := number(first); !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(n) {
			t.Errorf("the serial number of %s is %q", name, n)
		}
		c.Threats[0].State = ssf.Stale
		if other := string(write(t, name, c)); number(other) == number(first) || number(first) == "" {
			t.Errorf("%s of two cases has one serial number, %q", name, number(first))
		}
	}
}
