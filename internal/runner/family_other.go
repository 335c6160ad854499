//go:build !unix

package runner

import "os/exec"

// A family is the command alone; what it starts is not ended here.
type family struct{ cmd *exec.Cmd }

func newFamily(cmd *exec.Cmd) (*family, error) { return &family{cmd}, nil }

func (f *family) release() error { return nil }

func (f *family) ask() {
	_ = f.cmd.Process.Kill() // it may have ended
}

func (f *family) end() error { return nil }
