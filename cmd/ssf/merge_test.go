package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ssf/internal/lang"
)

// TestMerge: two branches that both decided and reviewed merge without a lost
// line, whether Git joins the lock by itself or leaves both sides in it.
func TestMerge(t *testing.T) {
	model := func(decisions ...string) string {
		text := `ssf: 1
system: {name: Shop}
zones: {internet: {trust: none}, hosting: {trust: high}}
actors: {customer: {zone: internet, hostile: possible}}
assets: {orders: {needs: {confidentiality: high, integrity: high, availability: high}, personal: no}}
components:
  api: {kind: web_app, zone: hosting, tech: [go], session: cookie, stores: [orders]}
  site: {kind: web_app, zone: hosting, tech: [go], session: cookie, stores: [orders]}
flows:
  order: {from: customer, to: api, over: https, sends: [orders]}
  visit: {from: customer, to: site, over: https, sends: [orders]}
functions:
  pay: {at: api, does: update, on: [orders], allow: {customer: {scope: own, auth: session}}, otherwise: deny}
  cancel: {at: site, does: delete, on: [orders], allow: {customer: {scope: own, auth: session}}, otherwise: deny}
`
		return text + strings.Join(decisions, "")
	}
	decide := func(id string) string {
		return "decisions:\n  - {threat: '" + id + "', treat: not_applicable, because: It is a test.}\n"
	}
	// What is near in the lock is a conflict to Git; what is far apart is not.
	for name, ids := range map[string][2]string{"near": {"csrf@cancel", "csrf@pay"}, "far": {"csrf@*", "weak-audit@*"}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			git := func(args ...string) (string, error) {
				cmd := exec.Command("git", append([]string{"-c", "user.name=T", "-c", "user.email=t@example.org"}, args...)...)
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				return string(out), err
			}
			must := func(args ...string) {
				t.Helper()
				if out, err := git(args...); err != nil {
					t.Fatalf("git %q: %v\n%s", args, err, out)
				}
			}
			write := func(name, text string) {
				t.Helper()
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			review := func() []string {
				t.Helper()
				if code, out, errs := runIn(t, dir, "review", "--yes"); code != exitYes {
					t.Fatalf("exit %d\n%s%s", code, out, errs)
				}
				text, err := os.ReadFile(filepath.Join(dir, lang.LockFile))
				if err != nil {
					t.Fatal(err)
				}
				return strings.Split(string(text), "\n")
			}
			must("init", "-q", "-b", "main")
			write("ssf.yaml", model())
			write("ssf/others.yaml", decide("flooding@*"))
			review()
			must("add", "-A")
			must("commit", "-q", "-m", "base")
			var lines []string
			for i, id := range ids {
				branch := string(rune('a' + i))
				must("checkout", "-q", "-b", branch, "main")
				write("ssf/"+branch+".yaml", decide(id))
				lines = append(lines, review()...)
				must("add", "-A")
				must("commit", "-q", "-m", branch)
			}
			out, err := git("merge", "a")
			conflict := strings.Contains(out, "CONFLICT")
			if (err != nil) != conflict || conflict != (name == "near") {
				t.Fatalf("git merge: %v\n%s", err, out)
			}
			if code, out, _ := runIn(t, dir, "check"); conflict != strings.Contains(out, "[threats/lock-conflict]") || code == exitUsage {
				t.Errorf("exit %d: the check of a merge with conflict %v says\n%s", code, conflict, out)
			}
			code, _, errs := runIn(t, dir, "review") // without saying yes to anything
			if code != exitYes {
				t.Errorf("exit %d: something is left to confirm\n%s", code, errs)
			}
			text, err := os.ReadFile(filepath.Join(dir, lang.LockFile))
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range lines {
				if !slices.Contains(strings.Split(string(text), "\n"), line) {
					t.Errorf("the line %q is lost:\n%s", line, text)
				}
			}
			if strings.Contains(string(text), "<<<") {
				t.Errorf("the marks are still there:\n%s", text)
			}
			_, threats, _ := runIn(t, dir, "threats", "--state", "unreviewed,stale")
			if threats != "no threats\n" {
				t.Errorf("after the merge these are not confirmed:\n%s", threats)
			}
		})
	}
}
