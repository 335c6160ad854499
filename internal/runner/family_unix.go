//go:build unix && !linux

package runner

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// A family is a command with what it starts, as far as that stays in the process
// group of the command; what leaves it is not ended here.
type family struct{ cmd *exec.Cmd }

func newFamily(cmd *exec.Cmd) (*family, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return &family{cmd}, nil
}

func (f *family) release() error { return nil }

func (f *family) ask() {
	_ = unix.Kill(-f.cmd.Process.Pid, unix.SIGTERM) // who has ended needs no asking
}

func (f *family) end() error {
	_ = unix.Kill(-f.cmd.Process.Pid, unix.SIGKILL) // it fails where nobody is left
	return nil
}
