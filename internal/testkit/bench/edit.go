//go:build unix

package main

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/lang"
	"ssf/internal/testkit/gen"
	"ssf/library"
)

// edits are how many edits of one line are measured. They are made in this
// process, as an editor would make them.
const edits = 200

const editHead = `| one-line edit, from bytes to diagnostics | components | threats | median ms | worst ms |
|---|---:|---:|---:|---:|`

// editRows measures edits of a model, with the library of the program and with
// the one with synthetic rules that was written to a folder.
func (b bench) editRows(full string) error {
	for _, lib := range []fs.FS{library.Core, os.DirFS(full)} {
		name := "one file"
		if lib != fs.FS(library.Core) {
			name = fmt.Sprintf("one file, %d rules", b.rules)
		}
		fmt.Fprintf(b.log, "edits, %s, %d components\n", name, b.largest/5)
		took, threats, err := measureEdits(lib, b.largest/5)
		if err != nil {
			return err
		}
		fmt.Fprintln(b.out, editRow(name, b.largest/5, threats, took))
	}
	return nil
}

func editRow(name string, n, threats int, took []time.Duration) string {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return fmt.Sprintf("| %s | %d | %d | %.1f | %.1f |", name, n, threats, ms(median(took)), ms(slices.Max(took)))
}

// measureEdits changes one value of a model to and fro.
func measureEdits(files fs.FS, n int) (took []time.Duration, threats int, err error) {
	lib, ds, err := lang.ReadLibrary(files)
	if err == nil && len(ds) > 0 {
		err = fmt.Errorf("reading the library: %v: %s", ds[0].Pos, ds[0].Message)
	}
	if err != nil {
		return nil, 0, err
	}
	dir, err := os.MkdirTemp("", "edits")
	if err != nil {
		return nil, 0, err
	}
	defer os.RemoveAll(dir)
	text := gen.Generate(gen.Options{Components: n}).YAML()
	if err := write(dir, map[string]string{lang.RootFile: text}); err != nil {
		return nil, 0, err
	}
	snap, err := lang.Load(os.DirFS(dir), lib)
	if err != nil {
		return nil, 0, err
	}
	at := strings.Index(text, "integrity: ") + len("integrity: ")
	end := at + strings.IndexAny(text[at:], ",}")
	texts := []string{text[:at] + "low" + text[end:], text[:at] + "high" + text[end:]}
	var session check.Session
	for i := range edits + 2 { // the first two warm up
		begin := time.Now()
		snap = snap.Edit(lang.RootFile, texts[i%2])
		c, err := session.Case(ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: lib, Now: begin, Tool: "bench", Line: snap.Line})
		if err != nil {
			return nil, 0, err
		}
		if threats = len(c.Threats); i >= 2 {
			took = append(took, time.Since(begin))
		}
	}
	return took, threats, nil
}
