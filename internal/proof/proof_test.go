package proof_test

import (
	"crypto/sha256"
	"maps"
	"path"
	"slices"
	"testing"
	"time"

	"ssf"
	"ssf/internal/proof"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// A world is a model with the files that it is about.
type world struct {
	model *ssf.Model
	files map[string]string
	goes  string // version of Go
	env   map[string]string
	// Files that are on the disk and that Git ignores, and those that cannot be read.
	ignored, unreadable []string
	went                []ssf.Evidence
}

func ref(id string) ssf.Ref { return ssf.Ref{ID: ssf.ID(id)} }

func refs(ids ...string) (out []ssf.Ref) {
	for _, id := range ids {
		out = append(out, ref(id))
	}
	return out
}

func ids(refs []ssf.Ref) (out []ssf.ID) {
	for _, r := range refs {
		out = append(out, r.ID)
	}
	return out
}

// shop has two packages, one of which imports the other, and a third beside.
func shop() *world {
	m := &ssf.Model{}
	m.Mitigations = []ssf.Mitigation{{Named: ssf.Named{ID: "queries"}, Where: refs("db/query.go#Exec", "setting:x")}}
	m.Runs = []ssf.Run{{Named: ssf.Named{ID: "unit"}, Command: refs("go", "test", "-json", "./...")}}
	m.Verify = []ssf.Verification{{Named: ssf.Named{ID: "injection"}, Verifies: refs("queries"), In: ref("unit"), Tests: refs("TestInjection*/quotes")}}
	return &world{model: m, goes: "go1.26.8", env: map[string]string{}, files: map[string]string{
		"go.mod": "module shop\n\ngo 1.26\n", "go.sum": "", "README.md": "A shop.\n", "ssf.yaml": "ssf: 1\n",
		"db/query.go":             "package db\n\nfunc Exec() {}\n",
		"web/web.go":              "package web\n\nimport (\n\t\"fmt\"\n\t\"shop/db\"\n)\n\n//go:embed pages/*.html\nvar pages string\n",
		"web/pages/a.html":        "<p>",
		"web/pages/a.txt":         "no",
		"web/web_test.go":         "package web\n\nimport \"testing\"\n\nfunc TestInjectionIsRefused(t *testing.T) {}\n",
		"web/testdata/golden.txt": "x",
		"db/query_test.go":        "package db\n\nfunc TestOther(t *testing.T) {}\n",
		"mail/mail.go":            "package mail\n\n// Sends.\n",
		"other/go.mod":            "module other\n",
		"other/other_test.go":     "package other\n\nfunc TestInjectionHere(t *testing.T) {}\n",
	}}
}

func (w *world) tree() *ssf.Tree {
	t := &ssf.Tree{}
	for _, f := range slices.Sorted(maps.Keys(w.files)) {
		if !slices.Contains(w.ignored, f) {
			t.Files = append(t.Files, f)
		}
	}
	t.Env = func(name string) (string, bool) { v, ok := w.env[name]; return v, ok }
	t.Ignored = func(dir string) (out []string) {
		for _, f := range w.ignored {
			if path.Dir(f) == dir {
				out = append(out, f)
			}
		}
		return out
	}
	t.Read = func(p string) ([]byte, bool) { s, ok := w.files[p]; return []byte(s), ok }
	t.Digest = func(p string) (ssf.Digest, bool) {
		s, ok := w.files[p]
		if !ok || slices.Contains(w.unreadable, p) {
			return ssf.Digest{}, false
		}
		return sha256.Sum256([]byte(s)), true
	}
	t.Toolchain = func(program string) string { return map[string]string{"go": w.goes}[program] }
	return t
}

func (w *world) names() (names []string) {
	for _, in := range proof.NewTracer(w.model, w.tree()).Inputs(&w.model.Verify[0]) {
		names = append(names, in.Name)
	}
	return names
}

// record adds what the verification gives now.
func (w *world) record(r ssf.Result, change func(*ssf.Evidence)) {
	v := &w.model.Verify[0]
	e := ssf.Evidence{ID: ssf.Digest{byte(len(w.went) + 1)}, Key: "ed25519:a", Verification: v.ID, Verifies: ids(v.Verifies), Result: r, Time: now, Inputs: proof.NewTracer(w.model, w.tree()).Inputs(v)}
	if change != nil {
		change(&e)
	}
	w.went = append(w.went, e)
}

func (w *world) judge() proof.Verdict {
	return proof.Judge(ssf.Inputs{Evidence: w.went, Now: now}, proof.NewTracer(w.model, w.tree()))[0]
}

// TestChange touches one thing at a time after a verification has passed.
func TestChange(t *testing.T) {
	tests := map[string]struct {
		change func(*world)
		why    string // empty: it stands
	}{
		"nothing":                 {func(*world) {}, ""},
		"a comment in other code": {func(w *world) { w.files["mail/mail.go"] += "// More.\n" }, ""},
		"a file beside":           {func(w *world) { w.files["web/pages/a.txt"] = "yes" }, ""},
		"prose":                   {func(w *world) { w.model.Verify[0].Says = "It holds." }, ""},
		"the model's files":       {func(w *world) { w.files["ssf.yaml"] += "# more\n" }, ""},
		"a time limit":            {func(w *world) { w.model.Runs[0].Limit = ref("5m") }, ""},
		"no Go here":              {func(w *world) { w.goes = "" }, ""},
		"the code that it is in":  {func(w *world) { w.files["db/query.go"] += "//\n" }, "db/query.go changed"},
		"the test":                {func(w *world) { w.files["web/web_test.go"] += "//\n" }, "web/web_test.go changed"},
		"what the test imports":   {func(w *world) { w.files["web/web.go"] += "//\n" }, "web/web.go changed"},
		"what that embeds":        {func(w *world) { w.files["web/pages/a.html"] += "x" }, "web/pages/a.html changed"},
		"test data":               {func(w *world) { w.files["web/testdata/golden.txt"] += "x" }, "web/testdata/golden.txt changed"},
		"a further file":          {func(w *world) { w.files["db/more.go"] = "package db\n" }, "db/more.go was added"},
		"a file less":             {func(w *world) { delete(w.files, "web/pages/a.html") }, "web/pages/a.html is gone"},
		"a package's version":     {func(w *world) { w.files["go.sum"] = "x" }, "go.sum changed"},
		"the command":             {func(w *world) { w.model.Runs[0].Command[2] = ref("-v") }, "the definition of the run changed"},
		"its environment":         {func(w *world) { w.model.Runs[0].Env = refs("TZ") }, "the definition of the run changed"},
		"a shell": {
			func(w *world) {
				w.model.Runs[0].Shell, w.model.Verify[0].Covers = ref("yes"), refs("web", "other")
			}, "the definition of the run changed, the definition of the verification changed, web/pages/a.txt was added",
		},
		"a variable that is not here": {func(w *world) { delete(w.env, "DB") }, ""},
		"a variable of another value": {func(w *world) { w.env["DB"] = "b" }, "env:DB changed"},
		"a further variable":          {func(w *world) { w.env["MAIL"] = "b" }, "env:MAIL was added"},
		"how Go builds":               {func(w *world) { w.env["GOFLAGS"] = "" }, "env:GOFLAGS changed"},
		"that Go builds as usual":     {func(w *world) { delete(w.env, "GOFLAGS") }, "env:GOFLAGS is gone"},
		"another platform":            {func(w *world) { w.env["GOARCH"] = "arm64" }, "env:GOARCH was added"},
		"code that Git ignores":       {func(w *world) { w.files["web/gen.go"] = ""; w.ignored = []string{"web/gen.go"} }, "web/gen.go was added"},
		"what cannot be read":         {func(w *world) { w.unreadable = []string{"web/web.go"} }, "web/web.go cannot be read"},
		"the tests it selects":        {func(w *world) { w.model.Verify[0].Tests = refs("TestInjection*") }, "the definition of the verification changed"},
		"a break": {func(w *world) {
			w.model.Verify[0].Breaks = []ssf.Break{{How: ref("skip"), Value: ref("db/query.go#Exec")}}
		}, "the definition of the verification changed"},
		"the toolchain":              {func(w *world) { w.goes = "go1.26.9" }, "go1.26.8 became go1.26.9"},
		"several":                    {func(w *world) { w.goes = "go1.27.0"; w.files["go.sum"], w.files["go.mod"] = "x", "module shop\n" }, "go.mod changed, go.sum changed, go1.26.8 became go1.27.0"},
		"the place of what it is in": {func(w *world) { w.model.Mitigations[0].Where = refs("mail/mail.go") }, "mail/mail.go was added"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := shop()
			w.model.Runs[0].Env, w.env = refs("DB", "MAIL"), map[string]string{"DB": "a", "GOFLAGS": "-tags=mock"}
			w.record(ssf.Passed, nil)
			tt.change(w)
			v, want := w.judge(), ssf.Stands
			if tt.why != "" {
				want = ssf.NotToday
			}
			if v.State != want || v.Why != tt.why {
				t.Errorf("it is %s: %q, want %s: %q", v.State, v.Why, want, tt.why)
			}
		})
	}
}

func TestStandings(t *testing.T) {
	as := func(change func(*ssf.Evidence)) func(*ssf.Evidence) { return change }
	tests := map[string]struct {
		went    func(*world)
		want    ssf.Standing
		why     string
		foreign int
	}{
		"never run":              {func(*world) {}, ssf.NeverRun, "", 0},
		"failed":                 {func(w *world) { w.record(ssf.Failed, as(func(e *ssf.Evidence) { e.Why = "TestX failed" })) }, "failed", "TestX failed", 0},
		"failed, then broke off": {func(w *world) { w.record(ssf.Failed, nil); w.record(ssf.Errored, nil) }, "failed", "", 0},
		"errored, then passed":   {func(w *world) { w.record(ssf.Errored, nil); w.record(ssf.Passed, nil) }, ssf.Stands, "", 0},
		"failed, then passed":    {func(w *world) { w.record(ssf.Failed, nil); w.record(ssf.Passed, nil) }, ssf.Disputed, "with the same inputs it passed once and failed once", 0},
		"passed, then timed out": {func(w *world) { w.record(ssf.Passed, nil); w.record(ssf.TimedOut, nil) }, ssf.Stands, "", 0},
		"nothing but broken off": {func(w *world) { w.record(ssf.Errored, nil); w.record(ssf.TimedOut, nil) }, "timed_out", "", 0},
		"of other things":        {func(w *world) { w.record(ssf.Passed, func(e *ssf.Evidence) { e.Verifies = []ssf.ID{"other"} }) }, ssf.NotToday, "the definition of the verification changed", 0},
		"failed, mended, passed": {func(w *world) { w.record(ssf.Failed, nil); w.files["db/query.go"] += "//\n"; w.record(ssf.Passed, nil) }, ssf.Stands, "", 0},
		"passed, broken, failed": {func(w *world) { w.record(ssf.Passed, nil); w.files["db/query.go"] += "//\n"; w.record(ssf.Failed, nil) }, "failed", "", 0},
		"and broken again, undone": {func(w *world) {
			w.record(ssf.Passed, nil)
			old := w.files["db/query.go"]
			w.files["db/query.go"] += "//\n"
			w.record(ssf.Failed, nil)
			w.files["db/query.go"] = old
		}, ssf.Stands, "", 0},
		"what could never be read": {
			func(w *world) { w.unreadable = []string{"web/web.go"}; w.record(ssf.Passed, nil) },
			ssf.NotToday, "web/web.go cannot be read", 0,
		},
		"another verification":    {func(w *world) { w.record(ssf.Passed, as(func(e *ssf.Evidence) { e.Verification = "other" })) }, ssf.NeverRun, "", 0},
		"tomorrow, nearly":        {func(w *world) { w.record(ssf.Passed, as(func(e *ssf.Evidence) { e.Time = now.Add(23 * time.Hour) })) }, ssf.Stands, "", 0},
		"after tomorrow":          {func(w *world) { w.record(ssf.Passed, as(func(e *ssf.Evidence) { e.Time = now.Add(25 * time.Hour) })) }, ssf.NeverRun, "", 0},
		"a test is never too old": {func(w *world) { w.record(ssf.Passed, as(func(e *ssf.Evidence) { e.Time = now.AddDate(-20, 0, 0) })) }, ssf.Stands, "", 0},
		"a scan is": {func(w *world) {
			w.model.Verify[0].Method = ref("scan")
			w.record(ssf.Passed, as(func(e *ssf.Evidence) { e.Time = now.AddDate(0, 0, -31) }))
		}, ssf.TooOld, "a scan holds for 30 days, and it is of 2026-10-24", 0},
		"a scan is not yet": {func(w *world) {
			w.model.Verify[0].Method = ref("scan")
			w.record(ssf.Passed, as(func(e *ssf.Evidence) { e.Time = now.AddDate(0, 0, -29) }))
		}, ssf.Stands, "", 0},
		"a review outlives a change": {func(w *world) {
			w.model.Verify[0].Method = ref("review")
			w.record(ssf.Passed, nil)
			w.files["db/query.go"] += "//\n"
		}, ssf.Stands, "", 0},
		"a review that found something does not become right by a change": {func(w *world) {
			w.model.Verify[0].Method = ref("review")
			w.record(ssf.Failed, nil)
			w.files["db/query.go"] += "//\n"
		}, ssf.NotToday, "db/query.go changed", 0},
		"a review of a release does not stand for a pentest": {func(w *world) {
			w.model.Verify[0].Method = ref("review")
			w.record(ssf.Passed, nil)
			w.model.Verify[0].Method = ref("pentest")
		}, ssf.NotToday, "the definition of the verification changed", 0},
		"a review of other things": {func(w *world) {
			w.model.Verify[0].Method = ref("review")
			w.record(ssf.Passed, func(e *ssf.Evidence) { e.Verifies = nil })
			w.files["db/query.go"] += "//\n"
		}, ssf.NotToday, "db/query.go changed, the definition of the verification changed", 0},
		"a failed pentest is not forgotten for an older pass": {func(w *world) {
			w.model.Verify[0].Method = ref("pentest")
			w.record(ssf.Passed, nil)
			old := w.files["db/query.go"]
			w.files["db/query.go"] += "//\n"
			w.record(ssf.Failed, nil)
			w.record(ssf.Errored, nil)
			w.files["db/query.go"] = old
		}, ssf.NotToday, "db/query.go changed", 0},
		"a pentest that failed on this code": {func(w *world) {
			w.model.Verify[0].Method = ref("pentest")
			w.record(ssf.Failed, nil)
			old := w.files["db/query.go"]
			w.files["db/query.go"] += "//\n"
			w.record(ssf.Passed, nil)
			w.files["db/query.go"] = old
		}, "failed", "", 0},
		"a failure by another definition is none by this one": {func(w *world) {
			w.model.Verify[0].Method = ref("review")
			w.record(ssf.Passed, nil)
			w.model.Verify[0].Method = ref("pentest")
			w.record(ssf.Failed, nil)
			w.model.Verify[0].Method = ref("review")
			w.files["db/query.go"] += "//\n"
		}, ssf.Stands, "", 0},
		"a review after a mended one": {func(w *world) {
			w.model.Verify[0].Method = ref("review")
			w.record(ssf.Failed, nil)
			w.files["db/query.go"] += "//\n"
			w.record(ssf.Passed, nil)
			w.files["db/query.go"] += "//\n"
			w.record(ssf.Errored, nil)
		}, ssf.Stands, "", 0},
		"a key that is expected": {func(w *world) {
			w.model.Signers = []ssf.Signer{{Named: ssf.Named{ID: "ci"}, Key: ref("ed25519:a")}}
			w.record(ssf.Passed, nil)
		}, ssf.Stands, "", 0},
		"a key that is not": {func(w *world) {
			w.model.Signers = []ssf.Signer{{Named: ssf.Named{ID: "ci"}, Key: ref("ed25519:b")}}
			w.record(ssf.Passed, nil)
		}, ssf.NeverRun, "", 1},
		"a key that this run does not expect": {func(w *world) {
			w.model.Signers = []ssf.Signer{{Named: ssf.Named{ID: "ci"}, Key: ref("ed25519:b")}, {Named: ssf.Named{ID: "me"}, Key: ref("ed25519:a")}}
			w.model.Runs[0].Signer = ref("ci")
			w.record(ssf.Passed, nil)
		}, ssf.NeverRun, "", 1},
		"a foreign failure changes nothing": {func(w *world) {
			w.model.Signers = []ssf.Signer{{Named: ssf.Named{ID: "ci"}, Key: ref("ed25519:a")}}
			w.record(ssf.Passed, nil)
			w.record(ssf.Failed, as(func(e *ssf.Evidence) { e.Key = "ed25519:b" }))
		}, ssf.Stands, "", 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := shop()
			tt.went(w)
			v := w.judge()
			if v.State != tt.want || v.Why != tt.why || len(v.Foreign) != tt.foreign {
				t.Errorf("it is %s: %q, %d foreign; want %s: %q, %d", v.State, v.Why, len(v.Foreign), tt.want, tt.why, tt.foreign)
			}
		})
	}
}
