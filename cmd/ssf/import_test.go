package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"
)

// TestPipeIsNotOpened: a pipe that nobody writes to is refused and not waited for.
func TestPipeIsNotOpened(t *testing.T) {
	dir := t.TempDir()
	if err := exec.Command("mkfifo", filepath.Join(dir, "pipe")).Run(); err != nil {
		t.Skipf("no pipes in folders here, so none can be named: %v", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := readBounded(os.DirFS(dir), "pipe")
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil {
			t.Error("a pipe was read as a file")
		}
	case <-time.After(5 * time.Second):
		t.Error("a pipe is waited for")
	}
	if _, err := readBounded(fstest.MapFS{}, "none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}
