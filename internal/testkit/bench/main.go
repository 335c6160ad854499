//go:build unix

// Bench measures the program as its users feel it: whole processes, from the
// files of a generated model to the case. It builds bin/ssf, runs
// `bin/ssf check -o /dev/null DIR` some times for each model and prints
// Markdown tables: the measures, how time grows when a model doubles, and what
// an edit costs in a process that has the model already.
//
//	go run ./internal/testkit/bench
//
// It runs at the root of the module. The models with more rules are checked by
// a program that was built with synthetic rules in its library.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ssf/internal/testkit/gen"
	"ssf/internal/testkit/missing"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b := bench{out: os.Stdout, log: os.Stderr}
	flag.IntVar(&b.runs, "runs", 5, "run each command this many `times`")
	flag.IntVar(&b.rules, "rules", 600, "add rules to the library up to this `number`")
	flag.IntVar(&b.largest, "n", 5000, "the `components` of the largest model")
	flag.Parse()
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

type bench struct {
	runs, rules, largest int
	out, log             io.Writer
}

// A subject is one command to measure on one model.
type subject struct {
	name    string
	options gen.Options
	files   int
	full    bool // with the synthetic rules
}

// subjects are what the budgets of the design speak of.
func (b bench) subjects() (all []subject) {
	for _, n := range []int{b.largest / 50, b.largest / 5, b.largest} {
		all = append(all,
			subject{"one file", gen.Options{Components: n}, 1, false},
			subject{"four files", gen.Options{Components: n}, 4, false},
			subject{"hub", gen.Options{Components: n, Hub: true}, 1, false},
			subject{fmt.Sprintf("one file, %d rules", b.rules), gen.Options{Components: n}, 1, true},
			subject{fmt.Sprintf("four files, %d rules", b.rules), gen.Options{Components: n}, 4, true},
			subject{fmt.Sprintf("hub, %d rules", b.rules), gen.Options{Components: n, Hub: true}, 1, true},
		)
	}
	return all
}

// doublings are the models whose growth is shown.
func (b bench) doublings() (all []subject) {
	for _, hub := range []bool{false, true} {
		name := "one file"
		if hub {
			name = "hub"
		}
		for _, n := range []int{b.largest / 4, b.largest / 2, b.largest} {
			all = append(all, subject{fmt.Sprintf("%s, %d rules", name, b.rules), gen.Options{Components: n, Hub: hub}, 1, true})
		}
	}
	return all
}

func (b bench) run(ctx context.Context) error {
	scratch, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	plain, full := filepath.Join("bin", "ssf"), filepath.Join(scratch, "ssf")
	if err := build(ctx, plain); err != nil {
		return err
	}
	overlay, err := writeRules(ctx, scratch, b.rules)
	if err != nil {
		return err
	}
	if err := build(ctx, full, "-overlay", overlay); err != nil {
		return err
	}

	known := map[subject]measure{}
	of := func(s subject) (measure, error) {
		if m, ok := known[s]; ok {
			return m, nil
		}
		fmt.Fprintf(b.log, "%s, %d components\n", s.name, s.options.Components)
		dir, err := os.MkdirTemp(scratch, "model")
		if err != nil {
			return measure{}, err
		}
		if err := writeModel(ctx, dir, s); err != nil {
			return measure{}, err
		}
		bin := plain
		if s.full {
			bin = full
		}
		m, err := repeat(ctx, b.runs, bin, "check", "-o", os.DevNull, dir)
		if err == nil {
			m.threats, err = countThreats(ctx, bin, dir)
		}
		known[s] = m
		return m, err
	}

	help, err := repeat(ctx, b.runs, plain, "--help")
	if err != nil {
		return err
	}
	fmt.Fprintln(b.out, tableHead)
	fmt.Fprintln(b.out, row("ssf --help", 0, help))
	for _, s := range b.subjects() {
		m, err := of(s)
		if err != nil {
			return err
		}
		fmt.Fprintln(b.out, row("ssf check, "+s.name, s.options.Components, m))
	}
	fmt.Fprintf(b.out, "\n%s\n", growthHead)
	var before measure
	for i, s := range b.doublings() {
		m, err := of(s)
		if err != nil {
			return err
		}
		if i%3 == 0 {
			before = measure{}
		}
		fmt.Fprintln(b.out, growthRow(s, m, before))
		before = m
	}
	fmt.Fprintf(b.out, "\n%s\n", editHead)
	if err := b.editRows(filepath.Join(scratch, "library")); err != nil {
		return err
	}
	fmt.Fprintln(b.out)
	return b.missing()
}

// missing prints what the library finds on threat models of other people, which
// are no part of the project: they lie in the folder that SSF_CORPUS names, or in
// `shared` beside the module.
func (b bench) missing() error {
	dir := filepath.Join(cmp.Or(os.Getenv("SSF_CORPUS"), filepath.Join("..", "shared")), "corpus")
	if _, err := os.Stat(dir); err != nil {
		fmt.Fprintf(b.out, "No threats of others were compared: %s is not there, and SSF_CORPUS names no other folder.\n", dir)
		return nil
	}
	rows, _, err := missing.Corpus(os.DirFS(dir))
	if err != nil {
		return err
	}
	return missing.Table(b.out, rows)
}

func build(ctx context.Context, bin string, flags ...string) error {
	args := append(append([]string{"build", "-o", bin}, flags...), "./cmd/ssf")
	if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", bin, err, out)
	}
	return nil
}

// writeRules writes a library with synthetic rules, so that it has total ones,
// its index, and the overlay with which that is built in. It returns the
// overlay's path.
func writeRules(ctx context.Context, dir string, total int) (overlay string, err error) {
	own, err := filepath.Glob("library/threats/*/threat.yaml")
	if err != nil {
		return "", err
	}
	library := filepath.Join(dir, "library")
	if err := os.CopyFS(library, os.DirFS("library")); err != nil {
		return "", err
	}
	if err := write(library, gen.Rules(max(total-len(own), 0))); err != nil {
		return "", err
	}
	index := filepath.Join(dir, "index.go")
	if out, err := exec.CommandContext(ctx, "go", "run", "./internal/libgen", "-library", library, "-o", index).CombinedOutput(); err != nil {
		return "", fmt.Errorf("writing the index: %w\n%s", err, out)
	}
	replaced, err := filepath.Abs("library/index.go")
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{replaced: index}})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o666)
}

// writeModel writes a model to a repository, as its users would have it.
func writeModel(ctx context.Context, dir string, s subject) error {
	if err := write(dir, gen.Generate(s.options).Files(s.files)); err != nil {
		return err
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}} {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("running git %s: %w\n%s", args[0], err, out)
		}
	}
	return nil
}

func write(dir string, files map[string]string) error {
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// treated is the line of the summary that counts the threats.
var treated = regexp.MustCompile(`of (\d+) threats treated`)

// countThreats runs the check once more and returns how many threats it has:
// what a run takes means little without what it found.
func countThreats(ctx context.Context, bin, dir string) (int, error) {
	out, err := exec.CommandContext(ctx, bin, "check", dir).Output()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 3) {
		return 0, fmt.Errorf("counting threats: %w", err)
	}
	m := treated.FindSubmatch(out)
	if m == nil {
		return 0, errors.New("counting threats: the summary of the check does not say how many")
	}
	return strconv.Atoi(string(m[1]))
}

// A measure is what some runs of one command took.
type measure struct {
	median, min time.Duration // of the wall clock
	user        time.Duration // median of the processor's time outside the kernel
	peak        int64         // most memory of any run, in bytes
	threats     int           // that it found
}

// A sample is what one run took.
type sample struct {
	wall, user time.Duration
	peak       int64
}

func repeat(ctx context.Context, times int, bin string, args ...string) (measure, error) {
	var all []sample
	for range max(times, 1) {
		s, err := once(ctx, bin, args...)
		if err != nil {
			return measure{}, err
		}
		all = append(all, s)
	}
	return summarise(all), nil
}

// once runs a command. That it says no (exit status 3) is as good as yes.
func once(ctx context.Context, bin string, args ...string) (sample, error) {
	cmd := exec.CommandContext(ctx, bin, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if cmd.ProcessState == nil || err != nil && cmd.ProcessState.ExitCode() != 3 {
		message := stderr.String()
		return sample{}, fmt.Errorf("running %s %s: %w\n%s", bin, strings.Join(args, " "), err, message[:min(len(message), 2000)])
	}
	return sample{wall, cmd.ProcessState.UserTime(), peak(cmd.ProcessState.SysUsage())}, nil
}

// peak is the most memory that a process had, in bytes.
func peak(usage any) int64 {
	r, ok := usage.(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin": // elsewhere it is in KiB
		return r.Maxrss
	}
	return r.Maxrss * 1024
}

func summarise(all []sample) (m measure) {
	walls, users := make([]time.Duration, len(all)), make([]time.Duration, len(all))
	for i, s := range all {
		walls[i], users[i] = s.wall, s.user
		m.peak = max(m.peak, s.peak)
	}
	m.median, m.min, m.user = median(walls), slices.Min(walls), median(users)
	return m
}

func median(ds []time.Duration) time.Duration {
	ds = slices.Sorted(slices.Values(ds))
	n := len(ds)
	return (ds[(n-1)/2] + ds[n/2]) / 2
}

const tableHead = `| command | components | threats | median s | min s | user s | peak MB |
|---|---:|---:|---:|---:|---:|---:|`

func row(name string, n int, m measure) string {
	return fmt.Sprintf("| %s | %d | %d | %.3f | %.3f | %.3f | %.0f |", name, n, m.threats, m.median.Seconds(), m.min.Seconds(), m.user.Seconds(), float64(m.peak)/(1<<20))
}

const growthHead = `| ssf check | components | median s | times the half | n log n gives |
|---|---:|---:|---:|---:|`

func growthRow(s subject, m, half measure) string {
	n := float64(s.options.Components)
	times, expected := "", ""
	if half.median > 0 {
		times = fmt.Sprintf("%.2f", m.median.Seconds()/half.median.Seconds())
		expected = fmt.Sprintf("%.2f", 2*math.Log(n)/math.Log(n/2))
	}
	return fmt.Sprintf("| %s | %.0f | %.3f | %s | %s |", s.name, n, m.median.Seconds(), times, expected)
}
