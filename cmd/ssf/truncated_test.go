package main

import (
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/lang"
)

// TestTruncated cuts the complete model off at every byte, as a broken
// download does: nothing panics, and what is left is refused unless it is YAML.
func TestTruncated(t *testing.T) {
	files := readFiles(t, "testdata/complete")
	_, more, _ := strings.Cut(files["ssf/more.yaml"], "ssf: 1\n")
	text := files["ssf.yaml"] + more
	lib := coreLibrary(t)
	step := 1
	if testing.Short() {
		step = 13
	}
	var wg sync.WaitGroup
	valid := make([]int, 2)
	for worker := range valid {
		wg.Go(func() {
			for n := worker * step; n < len(text); n += len(valid) * step {
				snap, err := lang.Load(fstest.MapFS{"ssf.yaml": {Data: []byte(text[:n])}}, lib)
				if err != nil {
					t.Errorf("%d bytes: %v", n, err)
					return
				}
				refused := ssf.HasErrors(snap.Diagnostics)
				if !refused {
					valid[worker]++
					if err := yaml.Load([]byte(text[:n]), new(yaml.Node)); err != nil {
						t.Errorf("%d bytes: no error, but %v", n, err)
					}
				}
				if refused && n%17 != 0 { // what is evaluated is costly, and much the same
					continue
				}
				if _, err := check.Case(ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: lib, Now: today, Line: snap.Line}); err != nil {
					t.Errorf("%d bytes: %v", n, err)
				}
			}
		})
	}
	wg.Wait()
	if n := valid[0] + valid[1]; n < 20/step || n > len(text)/2 {
		t.Errorf("%d of %d truncated models are valid", n, len(text))
	}
}
