package proof_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInputs(t *testing.T) {
	always := []string{"db/query.go", "definition:run", "definition:verification", "go.mod", "go.sum", "toolchain:go"}
	web := []string{"web/pages/a.html", "web/testdata/golden.txt", "web/web.go", "web/web_test.go"}
	located := slices.Concat(web, []string{"other/go.mod", "other/other_test.go"})
	every := slices.Concat(located, []string{"README.md", "db/query_test.go", "mail/mail.go", "web/pages/a.txt"})
	command := func(words ...string) func(*world) {
		return func(w *world) { w.model.Runs[0].Command = refs(words...) }
	}
	tests := map[string]struct {
		change func(*world)
		want   []string // beside always
	}{
		"a test and what its package imports": {func(*world) {}, located},
		"a pattern that fits nothing":         {func(w *world) { w.model.Verify[0].Tests = refs("TestNothing") }, every},
		"a pattern that fits nothing, and covers": {
			func(w *world) {
				w.model.Verify[0].Tests, w.model.Verify[0].Covers = refs("TestNothing"), refs("mail/**")
			},
			[]string{"mail/mail.go"},
		},
		"covers that fits nothing": {
			func(w *world) {
				w.model.Verify[0].Tests, w.model.Verify[0].Covers = refs("TestNothing"), refs("src/**")
			},
			every,
		},
		"tests of a module within": {
			func(w *world) { w.model.Verify[0].Tests = refs("TestInjectionHere") },
			[]string{"other/go.mod", "other/other_test.go"},
		},
		"every test": {
			func(w *world) { w.model.Verify[0].Tests = nil },
			slices.Concat(located, []string{"db/query_test.go"}),
		},
		"covers beside tests": {
			func(w *world) { w.model.Verify[0].Covers = refs("mail") },
			slices.Concat(located, []string{"mail/mail.go"}),
		},
		"a script": {
			func(w *world) {
				w.files["run.sh"] = "exit 0"
				w.model.Runs[0].Command, w.goes = refs("./run.sh"), ""
				w.model.Verify[0].Covers = refs("web/web.go")
			},
			[]string{"run.sh", "web/web.go"},
		},
		"a module whose go.mod is above": {
			func(w *world) { delete(w.files, "go.mod"); delete(w.files, "go.sum") },
			slices.Concat(located, []string{"db/query_test.go", "mail/mail.go"}),
		},
		"go test elsewhere":  {command("env", "TZ=UTC", "gotestsum", "--raw-command", "go", "-C", "web", "test", "./..."), located},
		"go run":             {command("go", "run", "./tools/check"), every},
		"go vet":             {command("go", "vet", "./..."), every},
		"other tests":        {command("go", "test", "-exec", "./wrap", "./..."), every},
		"other dependencies": {command("go", "test", "--modfile=web/web.go"), every},
		"a script that is called like tests": {
			func(w *world) { w.files["x.sh"] = ""; command("env", "bash", "x.sh", "go", "test")(w) },
			slices.Concat(every, []string{"x.sh"}),
		},
		"tests in a shell": {
			func(w *world) { w.model.Runs[0].Shell = ref("yes"); command("go test ./... && ./more")(w) },
			every,
		},
		"go in a shell, a file and covers": {
			func(w *world) {
				w.files["x.sh"] = ""
				w.model.Runs[0].Shell, w.model.Verify[0].Covers = ref("yes"), refs("mail")
				command("go build&&sh 'x.sh' -c=web/web.go")(w)
			},
			[]string{"mail/mail.go", "web/web.go", "x.sh"},
		},
		"files beside the model are no part of it": {
			func(w *world) {
				for _, f := range []string{"ssf/parts.yaml", "ssf/a/parts.yaml", "ssf/code.go", ".ssf/evidence/a.json", ".ssf-1.tmp"} {
					w.files[f] = ""
				}
				w.model.Verify[0].Tests = refs("TestNothing")
			},
			slices.Concat(every, []string{"ssf/code.go"}),
		},
		"what is vendored": {
			func(w *world) {
				w.files["vendor/modules.txt"], w.files["vendor/up.com/a/a.go"] = "", "package a"
			},
			slices.Concat(located, []string{"vendor/modules.txt", "vendor/up.com/a/a.go"}),
		},
		"what stands for another module": {
			func(w *world) {
				w.files["go.mod"] += "replace (\n\tup.com/auth v1.0.0 => ./_fork // why\n)\n"
				w.files["_fork/in/auth.go"], w.files["_fork/go.mod"] = "package in", "module up.com/auth"
				w.files["web/web.go"] = "package web\n\nimport (\n\t_ \"up.com/auth/in\"\n\t_ \"lib.com/x\"\n)\n"
				w.files["go.work"] = "go 1.26\n\nuse (\n\t.\n\t./testdata/lib\n)\n"
				w.files["testdata/lib/go.mod"], w.files["testdata/lib/x/x.go"] = "module lib.com", "package x"
				delete(w.files, "web/pages/a.html")
			},
			slices.Concat(located, []string{"_fork/go.mod", "_fork/in/auth.go", "go.work", "testdata/lib/go.mod", "testdata/lib/x/x.go"}),
		},
		"what stands outside for another module": {
			func(w *world) {
				w.files["go.mod"] += "replace up.com/auth => ../auth\n"
				w.files["web/more.go"] = "package web\n\nimport _ \"up.com/auth/in\"\n"
			},
			slices.Concat(located, []string{"../auth/in", "web/more.go"}),
		},
		"modules of one name": {
			func(w *world) {
				w.files["copy/go.mod"], w.files["copy/db/query.go"] = "module shop\n", "package db"
				w.files["testdata/go.mod"], w.files["testdata/db/query.go"] = "module shop\n", "package db"
			},
			slices.Concat(located, []string{"copy/db/query.go", "copy/go.mod"}),
		},
		"any file beside a test": {
			func(w *world) { w.files["web/policy.json"], w.files["db/other.json"] = "", "" },
			slices.Concat(located, []string{"web/policy.json"}),
		},
		"code that Git ignores": {
			func(w *world) {
				w.ignored = []string{"web/gen.go", "gen/gen.go", "web/out.bin", "go.work", "mail/gen.go", "vendor/modules.txt"}
				for _, f := range w.ignored {
					w.files[f] = "package web\n\nimport _ \"shop/gen\"\n"
				}
			},
			slices.Concat(located, []string{"gen/gen.go", "go.work", "vendor/modules.txt", "web/gen.go"}),
		},
		"variables": {
			func(w *world) {
				w.env = map[string]string{"GOFLAGS": "", "DB": "x", "OTHER": "x"}
				w.model.Runs[0].Env = refs("DB", "TZ")
			},
			slices.Concat(located, []string{"env:DB", "env:GOFLAGS"}),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := shop()
			tt.change(w)
			want := slices.Concat(always, tt.want)
			want = slices.DeleteFunc(want, func(n string) bool {
				_, file := w.files[n]
				return !file && !strings.Contains(n, ":") && !strings.HasPrefix(n, "../") || n == "toolchain:go" && w.goes == ""
			})
			slices.Sort(want)
			if diff := cmp.Diff(want, w.names()); diff != "" {
				t.Errorf("inputs differ (-want +got):\n%s", diff)
			}
		})
	}
}
