package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ssf"
)

func sarifOf(t *testing.T, c *ssf.Case) sarifRun {
	t.Helper()
	var log sarifLog
	if err := json.Unmarshal([]byte(write(t, "sarif", c)), &log); err != nil {
		t.Fatal(err)
	}
	if len(log.Runs) != 1 || log.Version != "2.1.0" {
		t.Fatalf("there are %d runs of version %s", len(log.Runs), log.Version)
	}
	return log.Runs[0]
}

// TestSARIF: rules and results fit each other, levels are explicit and only what
// fails has one, places are whole, and a fix that inserts deletes nothing.
func TestSARIF(t *testing.T) {
	c := sample("")
	run := sarifOf(t, c)
	if want := len(c.Diagnostics) - 1 + 2; len(run.Results) != want { // threats/open gives way to the two open threats
		t.Errorf("%d results, want %d", len(run.Results), want)
	}
	kinds := map[string]string{"csrf": "fail error", "flooding": "open none", "context/no-zone": "fail warning", "context/undeclared-fact": "open none", "implementation/sole-cut": "informational none"}
	seen := map[string]bool{}
	for _, r := range run.Results {
		if r.RuleIndex >= len(run.Tool.Driver.Rules) || run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s has the index %d of another rule", r.RuleID, r.RuleIndex)
		}
		if got := r.Kind + " " + r.Level; got != kinds[r.RuleID] {
			t.Errorf("%s is %s, want %s", r.RuleID, got, kinds[r.RuleID])
		}
		p := r.Locations[0].Physical
		if p == nil || p.Artifact.URI != "product/ssf.yaml" || p.Region.Line != 7 || p.Region.Col != 3 || p.Region.EndCol != 6 {
			t.Errorf("%s is at %+v", r.RuleID, p)
		}
		if f := r.Fingerprints[fingerprint]; seen[f] || len(f) < 66 {
			t.Errorf("%s has the fingerprint %q", r.RuleID, f)
		} else {
			seen[f] = true
		}
		if r.RuleID == "context/no-zone" {
			if len(r.Related) != 1 || *r.Related[0].ID != 1 || len(r.Fixes) != 1 {
				t.Fatalf("related %+v, fixes %+v", r.Related, r.Fixes)
			}
			if got := r.Fixes[0].Changes[0].Replacements[0]; got.Deleted.Col != 6 || got.Deleted.EndCol != 6 || got.Inserted.Text != " zone" {
				t.Errorf("the fix is %+v", got)
			}
		}
	}
	for _, r := range run.Tool.Driver.Rules {
		if r.Configuration.Level == "" || r.Help.Text == "" || r.Short.Text == "" || r.Full.Text == "" {
			t.Errorf("rule %s lacks something: %+v", r.ID, r)
		}
		for _, x := range r.Relationships {
			if x.Target.Index >= len(run.Taxonomies[0].Taxa) || run.Taxonomies[0].Taxa[x.Target.Index].ID != x.Target.ID {
				t.Errorf("rule %s leads to %+v, which is another", r.ID, x.Target)
			}
		}
	}
	if run.ColumnKind != "unicodeCodePoints" || run.Properties["commit"] != c.Commit || len(run.Taxonomies[0].Taxa) == 0 {
		t.Errorf("the run is %+v", run.Properties)
	}
}

// TestFingerprints: a result is the same one after its line moved, and two that
// are alike are told apart.
func TestFingerprints(t *testing.T) {
	prints := func(c *ssf.Case) (out []string) {
		for _, r := range sarifOf(t, c).Results {
			out = append(out, r.RuleID+r.Fingerprints[fingerprint])
		}
		return out
	}
	moved := sample("")
	for i := range moved.Diagnostics {
		moved.Diagnostics[i].Line += 100
		moved.Diagnostics[i].Message += " now"
	}
	if a, b := prints(sample("")), prints(moved); len(a) == 0 || len(a) != len(b) || a[0] != b[0] || a[len(a)-1] != b[len(b)-1] {
		t.Errorf("moved lines change the fingerprints\n%v\n%v", a, b)
	}
	twice := sample("")
	twice.Diagnostics = append(twice.Diagnostics, twice.Diagnostics[1])
	seen := map[string]bool{}
	for _, f := range prints(twice) {
		if seen[f] {
			t.Errorf("%s is there twice", f)
		}
		seen[f] = true
	}
}

// TestPaths: a path is a URI, and only files of the model stand below a prefix.
func TestPaths(t *testing.T) {
	for _, x := range [][3]string{
		{"", "ssf.yaml", "ssf.yaml"},
		{"a b/c", "ssf.yaml", "a%20b/c/ssf.yaml"},
		{"a", "ssf/é.yaml", "a/ssf/%C3%A9.yaml"},
		{"a", "library/threats/x.yaml", "library/threats/x.yaml"},
		{"", "ssf/a:b%#?.yaml", "ssf/a%3Ab%25%23%3F.yaml"},
	} {
		if got := escapePath(below(x[0], x[1])); got != x[2] {
			t.Errorf("%s below %q is %s, want %s", x[1], x[0], got, x[2])
		}
	}
}

// TestSARIFSchema validates against the published schema, which is not kept
// here: it is in the folder that SSF_CORPUS names, or in `shared` beside the module.
func TestSARIFSchema(t *testing.T) {
	corpus := cmp.Or(os.Getenv("SSF_CORPUS"), "../../../shared")
	var b []byte
	for _, dir := range []string{"", "schemas"} {
		if b == nil {
			b, _ = os.ReadFile(filepath.Join(corpus, dir, "sarif-schema-2.1.0.json"))
		}
	}
	if b == nil {
		t.Skipf("%s holds no sarif-schema-2.1.0.json; SSF_CORPUS names the folder", corpus)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	k := jsonschema.NewCompiler()
	k.AssertFormat()
	if err := k.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := k.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	bad, err := jsonschema.UnmarshalJSON(bytes.NewReader(bytes.Replace([]byte(write(t, "sarif", sample(""))), []byte(`"kind": "fail"`), []byte(`"kind": "failed"`), 1)))
	if err != nil || schema.Validate(bad) == nil {
		t.Errorf("the schema takes what is wrong (%v)", err)
	}
	for _, c := range []*ssf.Case{sample(""), sample(attack), {}} {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(write(t, "sarif", c))))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Error(err)
		}
	}
}
