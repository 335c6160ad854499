package oscal_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/format"
	"ssf/internal/format/oscal"
	"ssf/internal/lang"
	"ssf/internal/proof"
	"ssf/internal/testkit/gen"
	"ssf/library"
)

// shop has a threat in each state that a model can bring about, and catalogues.
const shop = `ssf: 1
system: {name: Shop, supplier: Shop BV, purpose: Sells *books*., contact: security@shop.example, support_until: 2029-12-31, misuse: [Buying for nothing], version: "2.1"}
use: {catalogues: [asvs-5.0@L1, nist-800-53-5, ssdf-1.1, cra]}
people: {cto: {name: C. Tester, accepts_up_to: critical, for_at_most: 1y}}
signers: {ci: {key: 'ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='}}
zones: {internet: {trust: none}, cluster: {trust: high}}
actors: {customer: {zone: internet, hostile: possible}}
assets: {orders: {needs: {confidentiality: high, integrity: high, availability: low}, personal: yes}}
components:
  web: {name: Shop window, kind: web_service, zone: cluster, tech: [go], calls: {db: {over: postgresql, sends: [orders], returns: [orders]}}}
  db: {kind: database, zone: cluster, tech: [postgresql], stores: [orders]}
flows: {browse: {from: customer, to: web, over: https, sends: [orders]}}
functions: {pay: {at: web, does: update, on: [orders], allow: {customer: {scope: own, auth: session}}, otherwise: deny}}
requirements:
  whole: {says: Orders change by their owner only., protects: [orders.integrity], meets: ['asvs-5.0:2.2.1', 'nist-800-53-5:SI-10', 'ssdf-1.1:PW.1.1', 'cra:I.2.f']}
  nothing: {says: Nobody waits., protects: [orders.availability]}
assumptions:
  guard:
    says: A guard stands at the door.
    owner: customer
    check: {do: Go and look., expect: There he stands.}
    when: setup
    effort: low
    default: unsafe
threats:
  refund: {at: pay, says: It is a test., origin: behaviour, endangers: [orders.integrity], likelihood: high}
  shown: {at: pay, says: Shown to work., origin: behaviour, endangers: [orders.integrity], likelihood: high}
  broken: {at: db, says: Shown to fail., origin: behaviour, endangers: [orders.integrity], likelihood: high}
  older: {at: web, says: Of earlier code., origin: behaviour, endangers: [orders.integrity], likelihood: high}
  later: {at: web, says: To be done., origin: behaviour, endangers: [orders.integrity], likelihood: low}
  borne: {at: web, says: It is borne., origin: behaviour, endangers: [orders.integrity], likelihood: low}
  past: {at: web, says: It was borne., origin: behaviour, endangers: [orders.integrity], likelihood: low}
  theirs: {at: web, says: They see to it., origin: behaviour, endangers: [orders.integrity], likelihood: low}
  never: {at: web, says: It cannot be., origin: behaviour, endangers: [orders.integrity], likelihood: low}
  gone: {at: web, says: Its place is gone., origin: behaviour, endangers: [orders.integrity], likelihood: low}
  same: {at: web-to-db, name: Own words, says: A query is changed., same_as: [sql-injection@web-to-db], weaknesses: [CWE-20], endangers: [orders.integrity], from_tool: T-7}
  rated: {at: web, says: Rated as a whole., severity: high, endangers: [orders.availability], weaknesses: [CWE-400], attacks: [CAPEC-125]}
  free: {at: web, says: Nobody did anything., origin: behaviour, endangers: [orders.integrity], likelihood: low}
decisions:
  - {threat: own/later@web, treat: mitigate, plan: {due: 2027-02-01, owner: cto, ticket: OPS-12}, because: Later is soon enough.}
  - {threat: own/borne@web, treat: accept, because: An hour is borne., by: cto, until: 2027-01-31}
  - {threat: own/past@web, treat: accept, because: It was borne., by: cto, until: 2026-01-31}
  - {threat: own/theirs@web, treat: transfer, to: guard, because: They have a door., by: cto}
  - {threat: own/never@web, treat: not_applicable, because: There is no such thing., by: cto}
  - {rate: own/free@web, likelihood: medium, because: We saw it., by: cto}
mitigations:
  two-people: {counters: [own/refund@pay], where: ['setting:two'], state: implemented, name: Two people sign, says: Nobody refunds alone.}
  half: {counters: [own/refund@pay], where: ['setting:half'], state: implemented}
  seen: {counters: [own/shown@pay, own/refund@pay], where: ['setting:seen'], state: implemented}
  cracked: {counters: [own/broken@db], where: ['setting:cracked'], state: implemented}
  aged: {counters: [own/older@web], where: ['setting:aged'], state: implemented}
  parametrised-queries: {counters: ['sql-injection@*'], where: [db/query.go], state: implemented}
  misplaced: {counters: [own/gone@web], where: [gone.go], state: implemented}
  csrf-tokens: {counters: ['csrf@*'], state: planned}
  idea: {counters: [own/free@web], state: proposed}
runs: {unit: {run: go test -json ./...}}
verifications:
  is-seen: {verifies: [seen], in: unit, tests: [TestSeen]}
  is-cracked: {verifies: [cracked], in: unit, tests: [TestCracked]}
  was-seen: {verifies: [aged], in: unit, method: scan}
  never-run: {verifies: [two-people], in: unit, tests: [TestTwo]}
  looked-at: {verifies: [aged], method: review}
  sessions: {verifies: [pay.authenticated], in: unit, tests: [TestSession]}
`

var asOf = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// given are the results of the shop's verifications; a ! is of other inputs.
var given = map[string]string{"is-seen": "passed", "is-cracked": "failed", "was-seen": "!passed", "sessions": "passed"}

// evaluate makes the case of a model. Every file of fsys is in the tree.
func evaluate(t testing.TB, fsys fs.FS, now time.Time) *ssf.Case {
	t.Helper()
	snap, err := lang.Load(fsys, library.Index())
	if err != nil || ssf.HasErrors(snap.Diagnostics) {
		t.Fatal(err, snap.Diagnostics)
	}
	lock, _, err := lang.ReadLock(fsys)
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) ([]byte, bool) {
		b, err := fs.ReadFile(fsys, name)
		return b, err == nil
	}
	tree := &ssf.Tree{Commit: strings.Repeat("0123456789", 4), Read: read}
	tree.Digest = func(name string) (ssf.Digest, bool) {
		b, ok := read(name)
		return sha256.Sum256(b), ok
	}
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && name != "." && d.Name()[0] == '.' {
			return fs.SkipDir
		}
		if err == nil && d.Type().IsRegular() {
			tree.Files = append(tree.Files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	in := ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: library.Index(), Tree: tree, Lock: lock, Now: now, Tool: "ssf 1.2.3"}
	tracer := proof.NewTracer(snap.Model, tree)
	for i := range snap.Model.Verify {
		v := &snap.Model.Verify[i]
		result, other := strings.CutPrefix(given[string(v.ID)], "!")
		if result == "" {
			continue
		}
		e := ssf.Evidence{ID: ssf.Digest{byte(i + 1)}, Verification: v.ID, Result: ssf.Result(result), Time: asOf.Add(-time.Hour), Inputs: tracer.Inputs(v), Key: "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", Commit: "abc"}
		for _, m := range v.Verifies {
			e.Verifies = append(e.Verifies, m.ID)
		}
		for _, p := range v.Tests {
			e.Tests = append(e.Tests, ssf.TestResult{Name: string(p.ID), Suite: "shop", Outcome: ssf.Outcome(result)})
		}
		if e.Result == ssf.Failed {
			e.Why, e.Tests[0].Message = "TestCracked failed", "want *1*, got 2"
		}
		if other && len(e.Inputs) > 0 {
			e.Inputs[0].Digest = ssf.Digest{1}
		}
		in.Evidence = append(in.Evidence, e)
	}
	c, err := check.Case(in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func file(text string) fstest.MapFS {
	return fstest.MapFS{"ssf.yaml": {Data: []byte(text)}, "db/query.go": {Data: []byte("package db\n")}}
}

// cases are those that all tests look at.
var cases = sync.OnceValue(func() map[string]*ssf.Case {
	t := new(testing.T)
	root := filepath.Join("..", "..", "..")
	out := map[string]*ssf.Case{"shop": evaluate(t, file(shop), asOf)}
	met := new(ssf.Case)
	if b, err := json.Marshal(out["shop"]); err != nil || json.Unmarshal(b, met) != nil {
		panic("the case cannot be read again")
	}
	for i := range met.Phases {
		for j := range met.Phases[i].Controls {
			met.Phases[i].Controls[j].Status = ssf.Met
		}
	}
	for j := range met.Phases[2].Controls { // one that stands in each phase is open in one of them
		if k := &met.Phases[2].Controls[j]; k.ID == "LC-1" {
			k.Status = ssf.Unmet
		}
	}
	out["controls met"] = met
	for name, dir := range map[string]string{"program": ".", "bookshop": "examples/bookshop", "cli": "examples/models/cli", "device": "examples/models/device", "saas": "examples/models/saas"} {
		if testing.Short() && strings.Contains(dir, "models") {
			continue
		}
		out[name] = evaluate(t, os.DirFS(filepath.Join(root, filepath.FromSlash(dir))), asOf)
	}
	starter, err := os.ReadFile(filepath.Join(root, "cmd", "ssf", "starter.yaml"))
	if err != nil {
		panic(err)
	}
	out["starter"] = evaluate(t, file(string(starter)), asOf)
	out["complete"] = evaluate(t, os.DirFS(filepath.Join(root, "cmd", "ssf", "testdata", "complete")), asOf)
	for seed := range uint64(6) {
		out[fmt.Sprintf("wild-%d", seed)] = evaluate(t, file(gen.Wild(8, seed).YAML()), asOf)
	}
	return out
})

var decoded = map[*ssf.Case]map[string]map[string]any{}

// written are the four files of a case, decoded, by the names of their formats.
// Nobody changes what is in them.
func written(t testing.TB, c *ssf.Case) map[string]map[string]any {
	t.Helper()
	if done := decoded[c]; done != nil {
		return maps.Clone(done)
	}
	out := map[string]map[string]any{}
	for _, f := range oscal.Formats {
		var doc map[string]any
		if err := json.Unmarshal(bytesOf(t, f.Name, c), &doc); err != nil {
			t.Fatal(err)
		}
		out[f.Name] = doc
	}
	decoded[c] = out
	return maps.Clone(out)
}

func bytesOf(t testing.TB, name string, c *ssf.Case) []byte {
	t.Helper()
	i := slices.IndexFunc(oscal.Formats, func(f format.Format) bool { return f.Name == name })
	files, err := oscal.Formats[i].Write(c)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || strings.Contains(files[0].Name, "/") {
		t.Fatalf("%s writes %d files", name, len(files))
	}
	return files[0].Data
}

// walk calls do for each value of a document, with the keys that lead to it: a *
// for a place in a list.
func walk(v any, path string, do func(path string, v any)) {
	do(path, v)
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			walk(x, path+"/"+k, do)
		}
	case []any:
		for _, x := range v {
			walk(x, path+"/*", do)
		}
	}
}

// catalogues are the catalogues within a document.
func catalogues(t testing.TB, doc any) (out []any) {
	t.Helper()
	walk(doc, "", func(path string, v any) {
		if strings.HasSuffix(path, "/base64/value") {
			b, err := base64.StdEncoding.DecodeString(v.(string))
			if err != nil {
				t.Fatal(err)
			}
			var c any
			if err := json.Unmarshal(b, &c); err != nil {
				t.Fatal(err)
			}
			out = append(out, c)
		}
	})
	return out
}

// schema is the published schema, which is not kept here: it is in the folder
// that SSF_CORPUS names, or in `shared` beside the module.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	corpus := cmp.Or(os.Getenv("SSF_CORPUS"), filepath.Join("..", "..", "..", "..", "shared"))
	var b []byte
	for _, dir := range []string{"", "schemas"} {
		if b == nil {
			b, _ = os.ReadFile(filepath.Join(corpus, dir, "oscal_complete_schema-1.1.3.json"))
		}
	}
	if b == nil {
		t.Skipf("%s holds no oscal_complete_schema-1.1.3.json; SSF_CORPUS names the folder", corpus)
	}

	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	k := jsonschema.NewCompiler()
	k.AssertFormat()
	if err := k.AddResource("oscal.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := k.Compile("oscal.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}
