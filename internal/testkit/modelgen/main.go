// Modelgen writes a generated model of N components, 2N flows and 2N assets:
//
//	go run ./internal/testkit/modelgen N >ssf.yaml
//	go run ./internal/testkit/modelgen -files 4 -o DIR N
//	go run ./internal/testkit/modelgen -rules R -o DIR
//
// The last form writes R threat rules as files of a library.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"ssf/internal/testkit/gen"
)

func main() {
	switch err := run(os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "modelgen:", err)
		os.Exit(2)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("modelgen", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "usage: modelgen [flags] N")
		fs.PrintDefaults()
	}
	var o gen.Options
	fs.BoolVar(&o.Hub, "hub", false, "let all flows end at one component")
	fs.Uint64Var(&o.Seed, "seed", 1, "choose among the models of one size")
	fs.IntVar(&o.Functions, "functions", 0, "add this many `functions`")
	files := fs.Int("files", 1, "split the model over this many `files` in the folder of -o")
	rules := fs.Int("rules", 0, "write this many `rules` to the folder of -o, and no model")
	dir := fs.String("o", "", "write to this `folder`")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *rules > 0 {
		if fs.NArg() != 0 || *dir == "" {
			return errors.New("-rules needs -o and no N")
		}
		return write(*dir, gen.Rules(*rules))
	}
	n, err := strconv.Atoi(fs.Arg(0))
	if err != nil || fs.NArg() != 1 || n < 1 || *files < 1 || o.Functions < 0 {
		return errors.New("want one N, and numbers of at least 1")
	}
	o.Components = n
	m := gen.Generate(o)
	switch {
	case *dir != "":
		return write(*dir, m.Files(*files))
	case *files > 1:
		return errors.New("-files needs -o")
	}
	_, err = io.WriteString(stdout, m.YAML())
	return err
}

// write writes files by their path in dir.
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
