package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run([]string{"-hub", "-seed", "3", "2"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "to: web-service-00001"); n != 4 {
		t.Errorf("%d flows end at the hub, want 4:\n%s", n, &out)
	}

	dir := t.TempDir()
	for _, args := range [][]string{{"-files", "3", "-o", dir, "5"}, {"-rules", "2", "-o", dir}} {
		out.Reset()
		if err := run(args, &out, io.Discard); err != nil || out.Len() > 0 {
			t.Errorf("%q gave %v and printed %q", args, err, &out)
		}
	}
	for _, name := range []string{"ssf.yaml", "ssf/part-2.yaml", "ssf/part-3.yaml", "threats/synthetic-002/threat.yaml"} {
		if fi, err := os.Stat(filepath.Join(dir, name)); err != nil || fi.Size() == 0 {
			t.Errorf("%s is missing or empty: %v", name, err)
		}
	}

	for _, args := range [][]string{
		{},
		{"0"},
		{"x"},
		{"1", "2"},
		{"-files", "2", "5"},
		{"-files", "0", "5"},
		{"-rules", "2"},
		{"-rules", "2", "-o", dir, "5"},
		{"-functions", "-1", "5"},
		{"-what"},
	} {
		if err := run(args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q gave no error", args)
		}
	}
}
