//go:build unix

package runner

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ssf"
	"ssf/internal/results"
)

const good, bad = "<testsuite name=\"s\"><testcase name=\"a\"/></testsuite>", "<testsuite name=\"s\"><testcase name=\"b\"><failure/></testcase></testsuite>"

func TestReports(t *testing.T) {
	write := func(t *testing.T, name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, x := range map[string]struct {
		read string
		make func(t *testing.T, dir string)
		why  string // empty: it is read
		out  string
	}{
		"two":       {"reports/*.xml", func(t *testing.T, dir string) { write(t, "reports/2.xml", bad); write(t, "reports/1.xml", good) }, "", good + bad},
		"deep":      {"**/*.xml", func(t *testing.T, dir string) { write(t, "a/b/c/1.xml", good); write(t, ".git/2.xml", bad) }, "", good},
		"folder":    {"./reports/", func(t *testing.T, dir string) { write(t, "reports/a/1.xml", good) }, "", good},
		"one":       {"1.xml", func(t *testing.T, dir string) { write(t, "1.xml", good) }, "", good},
		"none":      {"reports/*.xml", func(t *testing.T, dir string) {}, "no report fits reports/*.xml", ""},
		"up":        {"../*.xml", func(t *testing.T, dir string) {}, "the reports ../*.xml lead out of the folder", ""},
		"absolute":  {"/etc/*", func(t *testing.T, dir string) {}, "the reports /etc/* lead out of the folder", ""},
		"no-report": {"*.xml", func(t *testing.T, dir string) { write(t, "1.xml", "") }, "the report 1.xml: neither go test -json nor JUnit XML nor TAP", ""},
		"torn":      {"*.xml", func(t *testing.T, dir string) { write(t, "1.xml", good[:40]) }, "the report 1.xml: reading JUnit XML: XML syntax error on line 1: unexpected EOF", good[:40]},
		"not-junit": {"*.xml", func(t *testing.T, dir string) { write(t, "1.xml", "<a/>"+strings.Repeat("<b/>", 50000)) }, "the report 1.xml: reading JUnit XML: line 1: the root is \"a\", want testsuites or testsuite", "<a/>" + strings.Repeat("<b/>", 50000)},
		"mixed":     {"*.x*", func(t *testing.T, dir string) { write(t, "1.xml", good); write(t, "2.xt", "1..0\n") }, "merging reports: one is JUnit XML, another TAP", good + "1..0\n"},
		"link": {"*.xml", func(t *testing.T, dir string) {
			write(t, "real", good)
			if err := os.Symlink("real", "1.xml"); err != nil {
				t.Fatal(err)
			}
		}, "the report 1.xml is a link", ""},
		"folder-out": {"out/*.xml", func(t *testing.T, dir string) {
			out := t.TempDir()
			write(t, filepath.Join(out, "1.xml"), good)
			if err := os.Symlink(out, "out"); err != nil {
				t.Fatal(err)
			}
		}, "out: path escapes from parent", ""},
		"fifo": {"*.xml", func(t *testing.T, dir string) {
			if err := syscall.Mkfifo("1.xml", 0o666); err != nil {
				t.Fatal(err)
			}
		}, "the report 1.xml is no regular file", ""},
		"many": {"r/*", func(t *testing.T, dir string) {
			for i := range maxReports + 1 {
				write(t, "r/"+strings.Repeat("x", i%100+1)+strings.Repeat("y", i/100+1), good)
			}
		}, "more than maxReports = 1000 files fit r/*", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			x.make(t, dir)
			o, out := runJob(t, Job{Dir: dir, Read: x.read})
			want := map[bool]ssf.Result{true: "", false: ssf.Unreadable}[x.why == ""]
			if o.Result != want || o.Why != x.why || out != x.out || o.Run.Exit != 0 || len(o.Run.Command) != 0 || o.Run.Command == nil {
				t.Errorf("result %q because %q, output %.200q, run %+v\nwant %q because %q", o.Result, o.Why, out, o.Run, want, x.why)
			}
			if j := o.Judge(results.Selection{Patterns: []string{"a"}}); x.why == "" && j.Result != ssf.Passed || x.why != "" && j.Result != ssf.Unreadable {
				t.Errorf("judged %s because %s", j.Result, j.Why)
			}
		})
	}
}

// TestStaleReports: after a command only what it wrote is a report.
func TestStaleReports(t *testing.T) {
	for name, x := range map[string]struct {
		before  string
		command []string
		result  ssf.Result
		why     string
	}{
		"fresh":     {"", []string{"write", "1.xml", "0s", good}, "", ""},
		"rewritten": {bad, []string{"write", "1.xml", "20ms", good}, "", ""},
		"left":      {good, []string{"print", good}, ssf.Unreadable, "the report 1.xml is older than the run"},
		"none":      {"", []string{"print", good}, ssf.Unreadable, "no report fits *.xml"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if x.before != "" {
				if err := os.WriteFile(filepath.Join(dir, "1.xml"), []byte(x.before), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			o, out := runJob(t, Job{Dir: dir, Command: self(t, x.command...), Read: "*.xml"})
			if o.Result != x.result || o.Why != x.why || x.result == "" && (out != good || len(o.Report.Tests) != 1) {
				t.Errorf("result %q because %q, output %q", o.Result, o.Why, out)
			}
		})
	}
	t.Run("restored", func(t *testing.T) { // by the command, with the time of another day
		dir := t.TempDir()
		r := filepath.Join(dir, "kept")
		if err := os.WriteFile(r, []byte(good), 0o666); err != nil {
			t.Fatal(err)
		}
		day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		if err := os.Chtimes(r, day, day); err != nil {
			t.Fatal(err)
		}
		o, _ := runJob(t, Job{Dir: dir, Command: []string{"cp", "-p", "kept", "1.xml"}, Read: "*.xml"})
		if o.Result != ssf.Unreadable || o.Why != "the report 1.xml is older than the run" {
			t.Errorf("result %q because %q", o.Result, o.Why)
		}
	})
}

// TestReportBytes: all reports of a run together have one limit.
func TestReportBytes(t *testing.T) {
	pad := func(n int) string {
		return strings.Replace(good, "/>", "><system-out>"+strings.Repeat("x", n)+"</system-out></testcase>", 1)
	}
	for name, x := range map[string]struct {
		files, bytes int
		result       ssf.Result
		why          string
	}{
		"at":     {16, 4<<20 - len(pad(0)), "", ""},
		"beyond": {16, 4<<20 - len(pad(0)) + 1, ssf.OutputCut, "the reports have more than maxReportBytes = 64 MiB together"},
		"one":    {1, maxReportBytes, ssf.OutputCut, "the reports have more than maxReportBytes = 64 MiB together"},
	} {
		dir := t.TempDir()
		for i := range x.files {
			if err := os.WriteFile(filepath.Join(dir, strings.Repeat("r", i+1)+".xml"), []byte(pad(x.bytes)), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		o, out := runJob(t, Job{Dir: dir, Read: "*.xml"})
		if o.Result != x.result || o.Why != x.why || len(out) > maxReportBytes || x.result == "" && len(out) != maxReportBytes {
			t.Errorf("%s: result %q because %q, output of %d bytes", name, o.Result, o.Why, len(out))
		}
	}
}

// TestReportLimit: reading ends with the time limit of the run, and with the context.
func TestReportLimit(t *testing.T) {
	dir := t.TempDir()
	text := "<testsuite name=\"s\">" + strings.Repeat("<testcase name=\"a\"/>", 1<<20) + "</testsuite>"
	if err := os.WriteFile(filepath.Join(dir, "1.xml"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if o, _ := runJob(t, Job{Dir: dir, Read: "*.xml", Limit: time.Microsecond}); o.Result != ssf.TimedOut || o.Why != "it took longer than its limit of 1µs" {
		t.Errorf("result %q because %q", o.Result, o.Why)
	}
	r := &run{Job: Job{Read: "*.xml", Limit: time.Minute}, outcome: &Outcome{}}
	ctx, cancel := context.WithCancel(t.Context())
	r.out = newOutput(ender(cancel), func(error) {})
	var err error
	if r.root, err = os.OpenRoot(dir); err != nil {
		t.Fatal(err)
	}
	defer r.root.Close()
	if err := r.reports(ctx, nil); err != nil || r.outcome.Result != ssf.Interrupted || r.out.left < maxOutput+maxReportBytes-len(text)/2 {
		t.Errorf("result %q because %q, %v, %d bytes left", r.outcome.Result, r.outcome.Why, err, r.out.left)
	}
}

// An ender ends a context when it is written to.
type ender func()

func (e ender) Write(p []byte) (int, error) { e(); return len(p), nil }

// TestOlderThanCode: a report of another job is not older than what it is about.
func TestOlderThanCode(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "1.xml")
	if err := os.WriteFile(file, []byte(good), 0o666); err != nil {
		t.Fatal(err)
	}
	changed := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		after  time.Duration
		result ssf.Result
		why    string
	}{
		{-time.Millisecond, ssf.Unreadable, "the report 1.xml is older than the code (shop.go)"},
		{0, "", ""},
		{time.Hour, "", ""},
	} {
		if err := os.Chtimes(file, time.Time{}, changed.Add(x.after)); err != nil {
			t.Fatal(err)
		}
		if o, _ := runJob(t, Job{Dir: dir, Read: "*.xml", NotBefore: changed, Newest: "shop.go"}); o.Result != x.result || o.Why != x.why {
			t.Errorf("%s after the code: result %q because %q", x.after, o.Result, o.Why)
		}
	}
}
