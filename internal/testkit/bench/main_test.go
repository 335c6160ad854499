//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ssf/internal/testkit/gen"
	"ssf/library"
)

func TestSummarise(t *testing.T) {
	all := []sample{{5, 50, 1}, {1, 10, 9}, {3, 30, 2}}
	if got, want := summarise(all), (measure{median: 3, min: 1, user: 30, peak: 9}); got != want {
		t.Errorf("summarise gave %+v, want %+v", got, want)
	}
	if got := median([]time.Duration{4, 1, 2, 9}); got != 3 {
		t.Errorf("the median of four is %d, want 3", got)
	}
}

func TestOnce(t *testing.T) {
	s, err := once(t.Context(), "sh", "-c", "exit 3")
	if err != nil || s.wall <= 0 || s.peak < 100<<10 {
		t.Errorf("a command that says no gave %+v, %v", s, err)
	}
	for _, status := range []string{"1", "2"} {
		_, err := once(t.Context(), "sh", "-c", "echo oh dear >&2; exit "+status)
		if err == nil || !strings.Contains(err.Error(), "oh dear") {
			t.Errorf("exit status %s gave %v", status, err)
		}
	}
	if _, err := once(t.Context(), "/nowhere/at/all"); err == nil {
		t.Error("a missing command gave no error")
	}
	if m, err := repeat(t.Context(), 3, "true"); err != nil || m.median < m.min {
		t.Errorf("repeat gave %+v, %v", m, err)
	}
}

func TestCountThreats(t *testing.T) {
	for text, want := range map[string]int{
		"echo 'threats  3 of 41 threats treated'; exit 3": 41,
		"echo 'threats  3 of 41 threats treated'":         41,
		"echo nothing": 0,
		"echo 'threats  3 of 41 threats treated'; exit 2": 0,
	} {
		bin := filepath.Join(t.TempDir(), "fake")
		if err := os.WriteFile(bin, []byte("#!/bin/sh\n"+text+"\n"), 0o777); err != nil {
			t.Fatal(err)
		}
		if got, err := countThreats(t.Context(), bin, "."); got != want || (err == nil) != (want > 0) {
			t.Errorf("%s: counted %d, %v", text, got, err)
		}
	}
}

func TestRows(t *testing.T) {
	m := measure{median: 1500 * time.Millisecond, min: time.Second, user: 2 * time.Second, peak: 10 << 20, threats: 4}
	if got, want := row("x", 7, m), "| x | 7 | 4 | 1.500 | 1.000 | 2.000 | 10 |"; got != want {
		t.Errorf("row is %q, want %q", got, want)
	}
	s := subject{name: "x", options: gen.Options{Components: 1000}}
	if got, want := growthRow(s, m, measure{median: 750 * time.Millisecond}), "| x | 1000 | 1.500 | 2.00 | 2.22 |"; got != want {
		t.Errorf("growth row is %q, want %q", got, want)
	}
	if got, want := growthRow(s, m, measure{}), "| x | 1000 | 1.500 |  |  |"; got != want {
		t.Errorf("first growth row is %q, want %q", got, want)
	}
	for _, head := range []string{tableHead, growthHead, editHead} {
		lines := strings.Split(head, "\n")
		if strings.Count(lines[0], "|") != strings.Count(lines[1], "|") {
			t.Errorf("the columns of %q do not match", head)
		}
	}
}

func TestSubjects(t *testing.T) {
	b := bench{rules: 600, largest: 5000}
	sizes := map[int]int{}
	for _, s := range append(b.subjects(), b.doublings()...) {
		sizes[s.options.Components]++
	}
	for _, n := range []int{100, 1000, 1250, 2500, 5000} {
		if sizes[n] == 0 {
			t.Errorf("no model of %d components", n)
		}
	}
}

func TestWriteRules(t *testing.T) {
	t.Chdir("../../..")
	own, err := filepath.Glob("library/threats/*/threat.yaml")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := writeRules(t.Context(), t.TempDir(), len(own)+5)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(overlay)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Replace) != 1 {
		t.Errorf("the overlay has %d files, want 1", len(got.Replace))
	}
	for in, from := range got.Replace {
		index, err := os.ReadFile(from)
		if err != nil || !filepath.IsAbs(in) {
			t.Fatalf("the overlay puts %s at %s: %v", from, in, err)
		}
		if n := bytes.Count(index, []byte("/threat.yaml\", Line: 1, Col: 5")); n != len(own)+5 {
			t.Errorf("the index has %d rules, want %d", n, len(own)+5)
		}
	}
}

func TestWriteModel(t *testing.T) {
	dir := t.TempDir()
	s := subject{options: gen.Options{Components: 3}, files: 4}
	if err := writeModel(t.Context(), dir, s); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ssf.yaml", "ssf/part-4.yaml", ".git/index"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestMeasureEdits(t *testing.T) {
	took, threats, err := measureEdits(library.Core, 10)
	if err != nil || len(took) != edits || threats == 0 {
		t.Fatalf("measured %d edits of a model with %d threats: %v", len(took), threats, err)
	}
	if got, want := editRow("x", 7, 4, []time.Duration{time.Millisecond, 2 * time.Millisecond, 9 * time.Millisecond}), "| x | 7 | 4 | 2.0 | 9.0 |"; got != want {
		t.Errorf("row is %q, want %q", got, want)
	}
}
