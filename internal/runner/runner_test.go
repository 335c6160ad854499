//go:build unix

package runner

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"ssf"
	"ssf/internal/results"
)

// runJob runs a job in a folder of its own unless it has one, and returns what it
// printed too.
func runJob(t *testing.T, job Job) (Outcome, string) {
	t.Helper()
	var out bytes.Buffer
	job.ID, job.Output = "unit", &out
	if job.Dir == "" {
		job.Dir = t.TempDir()
	}
	o, err := Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if want := ssf.Digest(sha256.Sum256(out.Bytes())); o.Run.Exit >= 0 && o.Run.Output != want {
		t.Errorf("the digest is %s, of what was written %s", o.Run.Output, want)
	}
	return o, out.String()
}

func TestRun(t *testing.T) {
	for name, x := range map[string]struct {
		command []string
		result  ssf.Result
		why     string
		exit    int
		out     string
	}{
		"status-0":    {self(t, "exit", "0"), "", "", 0, ""},
		"status-3":    {self(t, "exit", "3"), "", "", 3, ""},
		"signal":      {self(t, "die"), ssf.Errored, "the command ended by signal: killed", -1, ""},
		"stdin":       {self(t, "stdin"), "", "", 0, "0 <nil>"},
		"stderr-kept": {self(t, "both", "1..1\nok 1 - a\n", "1..1\n"), "", "", 0, "1..1\nok 1 - a\n1..1\n"},
		"unreadable":  {self(t, "print", "{\"x\":1}\n"), ssf.Unreadable, "reading go test -json: line 1: no event of go test", 0, "{\"x\":1}\n"},
		"unread-end":  {self(t, "repeat", "{\n", "100000"), ssf.Unreadable, "reading go test -json: line 1: no event of go test", 0, strings.Repeat("{\n", 100000)},
		"closed":      {self(t, "closed"), "", "", 7, "1..1\nok 1 - said before\n"},
		"no-program":  {[]string{"no-such-program-here"}, ssf.Errored, "the command did not start: no program no-such-program-here in PATH", -1, ""},
		"nothing":     {[]string{""}, ssf.Errored, "the command did not start: the name of the program is empty", -1, ""},
		"folder":      {[]string{"/"}, ssf.Errored, "the command did not start: running /: no regular file", -1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o, out := runJob(t, Job{Command: x.command})
			if o.Result != x.result || o.Why != x.why || o.Run.Exit != x.exit || len(out) != len(x.out) || name != "stderr-kept" && out != x.out {
				t.Errorf("result %q, why %q, exit %d, output %q", o.Result, o.Why, o.Run.Exit, out)
			}
			if o.Run.Seconds < 0 || o.Run.Seconds > 60 || name == "closed" && o.Run.Seconds < 0.3 {
				t.Errorf("it took %v s", o.Run.Seconds)
			}
		})
	}
}

func TestShell(t *testing.T) {
	o, out := runJob(t, Job{Command: []string{`echo "a  b" | tr a c; exit 4`}, Shell: true})
	if out != "c  b\n" || o.Run.Exit != 4 || strings.Join(o.Run.Command, "|") != `/bin/sh|-c|echo "a  b" | tr a c; exit 4` {
		t.Errorf("output %q, run %+v", out, o.Run)
	}
	if o, _ := runJob(t, Job{Command: []string{"echo", "a"}, Shell: true}); o.Result != ssf.Errored || !strings.Contains(o.Why, "one text") {
		t.Errorf("two texts give %q because %q", o.Result, o.Why)
	}
	if o, out := runJob(t, Job{Command: []string{"echo", "$HOME;", "a"}}); out != "$HOME; a\n" || o.Run.Exit != 0 {
		t.Errorf("without a shell the output is %q, exit %d", out, o.Run.Exit)
	}
}

// TestLimit: what never ends is ended; what does not listen, a little later.
func TestLimit(t *testing.T) {
	for name, x := range map[string]struct{ limit, least, most time.Duration }{
		"sleep": {200 * time.Millisecond, 0, grace},
		"deaf":  {1500 * time.Millisecond, grace, 2 * grace},
	} {
		begin := time.Now()
		o, _ := runJob(t, Job{Command: self(t, name), Limit: x.limit})
		took := time.Since(begin) - x.limit
		if o.Result != ssf.TimedOut || o.Why != "it took longer than its limit of "+x.limit.String() || o.Run.Exit != -1 {
			t.Errorf("%s: result %q because %q, exit %d", name, o.Result, o.Why, o.Run.Exit)
		}
		if took < x.least || took > x.most {
			t.Errorf("%s: took %v beyond its limit, want %v to %v", name, took, x.least, x.most)
		}
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out syncBuffer
	go func() {
		for !strings.Contains(out.String(), "ready") {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	begin := time.Now()
	o, err := Run(ctx, Job{Dir: t.TempDir(), Command: self(t, "polite"), Output: &out})
	if err != nil || o.Result != ssf.Interrupted || o.Why != "it was interrupted" || out.String() != "ready\ngoodbye\n" {
		t.Errorf("result %q because %q, %v; output %q", o.Result, o.Why, err, out.String())
	}
	if took := time.Since(begin); took > grace {
		t.Errorf("took %v", took)
	}
	if o, err := Run(ctx, Job{Dir: t.TempDir(), Command: self(t, "exit", "0")}); err != nil || o.Result != ssf.Interrupted {
		t.Errorf("result %q, %v, where the context had ended before", o.Result, err)
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestDaemon: what forked away into sessions of its own is ended with the
// command, whether that ended by itself or by its limit, and holds no pipe open.
func TestDaemon(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux hands orphans to this process")
	}
	const late = 3 * time.Second
	dir := t.TempDir()
	for _, x := range []struct {
		generations, how string
		limit            time.Duration
		result           ssf.Result
	}{
		{"0", "leaves", time.Minute, ""},
		{"3", "leaves", time.Minute, ""},
		{"2", "holds", time.Minute, ""},
		{"0", "stays", time.Second, ssf.TimedOut},
		{"2", "stays", time.Second, ssf.TimedOut},
	} {
		begin := time.Now()
		file := filepath.Join(dir, x.how+x.generations)
		o, _ := runJob(t, Job{Command: self(t, "daemon", x.generations, x.how, file, late.String()), Limit: x.limit})
		if took := time.Since(begin); took > late {
			t.Errorf("%s: took %v, longer than the daemon waits", filepath.Base(file), took)
		}
		if o.Result != x.result {
			t.Errorf("%s: result %q because %q, want %q", filepath.Base(file), o.Result, o.Why, x.result)
		}
	}
	// The same without an end, which is the proof that they would have written.
	runJob(t, Job{Command: self(t, "write", filepath.Join(dir, "proof"), (late + time.Second/2).String(), "late")})
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 || files[0].Name() != "proof" {
		t.Errorf("the files %v were written, want no more than the proof; %v", files, err)
	}
}

// TestHeldPipe: where somebody holds the pipe whom we cannot end, what the command
// printed is read all the same.
func TestHeldPipe(t *testing.T) {
	in, held, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	r := &run{outcome: &Outcome{}, out: newOutput(nil, func(error) {})}
	printed := r.listen(pipeEnd{in}, strings.NewReader("said aside\n"))
	if _, err := held.WriteString("1..1\nok 1 - a\n"); err != nil {
		t.Fatal(err)
	}
	for r.finished.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	in.Close()
	<-printed
	if j := r.outcome.Judge(results.Selection{Patterns: []string{"a"}}); j.Result != ssf.Passed {
		t.Errorf("judged %s because %q", j.Result, j.Why)
	}
}

func TestFlood(t *testing.T) {
	for _, stream := range []string{"stdout", "stderr"} {
		o, out := runJob(t, Job{Command: self(t, "flood", stream)})
		if o.Result != ssf.OutputCut || o.Why != "it printed more than maxOutput = 64 MiB" || len(out) != maxOutput {
			t.Errorf("%s: result %q because %q, %d bytes", stream, o.Result, o.Why, len(out))
		}
	}
}

// TestGo runs real tests, and judges what three verifications rest on.
func TestGo(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":        "module example.org/p\n\ngo 1.25\n",
		"a_test.go":     "package p\n\nimport \"testing\"\n\nfunc TestRefused(t *testing.T) { t.Attr(\"ssf\", \"no-sql\") }\n\nfunc TestOther(t *testing.T) { t.Error(\"no\") }\n",
		"bad/b.go":      "package bad\n\nvar _ int = \"\"\n",
		"bad/b_test.go": "package bad\n",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	calls, last := 0, 0
	o, out := runJob(t, Job{Dir: dir, Command: []string{"go", "test", "-json", "./..."}, Progress: func(n int, elapsed time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		calls, last = calls+1, max(last, n)
	}})
	if o.Result != "" || o.Run.Exit != 1 || o.Report.Format != results.GoTest {
		t.Fatalf("result %q because %q, exit %d:\n%s", o.Result, o.Why, o.Run.Exit, out)
	}
	for pattern, want := range map[string]string{
		"TestRefused": "passed ",
		"Test*":       "failed TestOther failed",
		"TestRefusd":  "errored package example.org/p/bad did not build: bad/b.go:3:13: cannot use \"\" (untyped string constant) as int value in variable declaration",
	} {
		j := o.Judge(results.Selection{Patterns: []string{pattern}})
		if got := fmt.Sprint(j.Result, " ", j.Why); got != want {
			t.Errorf("%s: %s, want %s", pattern, got, want)
		}
	}
	if j := o.Judge(results.Selection{IDs: []ssf.ID{"no-sql"}}); len(j.Tests) != 1 || j.Tests[0].Name != "TestRefused" {
		t.Errorf("the attribute selects %v", j.Tests)
	}
	if most := int(o.Run.Seconds*10) + 2; calls > most || last > 2 {
		t.Errorf("%d calls of Progress in %v s, the last with %d tests", calls, o.Run.Seconds, last)
	}
}

func TestOutputFails(t *testing.T) {
	_, err := Run(t.Context(), Job{ID: "unit", Dir: t.TempDir(), Command: self(t, "flood", "stdout"), Output: broken{}})
	if err == nil || err.Error() != "running unit: writing its output: disk is full" {
		t.Errorf("error is %v", err)
	}
	if _, err := Run(t.Context(), Job{ID: "unit", Dir: "/no/such/folder"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk is full") }
