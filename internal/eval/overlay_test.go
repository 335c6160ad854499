package eval_test

import (
	"io/fs"
	"testing/fstest"

	"ssf/library"
)

// fileSystem is the library's files with more of them.
func fileSystem(more map[string]string) fs.FS {
	all := fstest.MapFS{}
	err := fs.WalkDir(library.Core, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := library.Core.ReadFile(name)
		all[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		panic(err)
	}
	for name, text := range more {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}
