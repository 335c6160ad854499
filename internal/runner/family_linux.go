package runner

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A family is a command with all that it starts. The command leads a session of
// its own, which it and its descendants can leave only for a new one. While one
// runs this process is the one to whom orphans go (child subreaper, prctl(2)). So
// whoever is a child of ours in another session is of a family; and since only
// we reap them, no id that we see is somebody else's by then. Of which family it
// is tells the mark in its environment. Who has taken that off is ended with the
// last family that runs.
//
// From the first family on this process is not dumpable (prctl(2)): its memory
// and its first environment, which may hold a key, are then nothing that another
// process of the same user can read. Root can.
type family struct {
	cmd     *exec.Cmd
	session int    // of this process
	mark    string // NAME=VALUE
}

// families are those that run.
var families struct {
	sync.Mutex
	made  int
	marks map[string]bool
}

// endTime bounds how long the last of a family may take to end.
const endTime = 5 * time.Second

func newFamily(cmd *exec.Cmd) (*family, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	session, err := unix.Getsid(0)
	if err != nil {
		return nil, fmt.Errorf("reading our session: %w", err)
	}
	families.Lock()
	defer families.Unlock()
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("closing our memory to others: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("becoming the parent of orphans: %w", err)
	}
	if families.marks == nil {
		families.marks = map[string]bool{}
	}
	families.made++
	f := &family{cmd, session, fmt.Sprintf("RUN_FAMILY=%d-%d", os.Getpid(), families.made)}
	families.marks[f.mark] = true
	cmd.Env = append(cmd.Env, f.mark)
	return f, nil
}

// release lets go of a family that has ended or never began. With the last one
// all go that nobody could tell whose they are; no other can begin meanwhile.
func (f *family) release() error {
	families.Lock()
	defer families.Unlock()
	if delete(families.marks, f.mark); len(families.marks) > 0 {
		return nil
	}
	err := f.sweep(func(string) bool { return true })
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) // it could be set, so it can be cleared
	return err
}

// has reports whether a process is of this family, as far as anybody can tell.
func (f *family) has(pid string) bool {
	environ, _ := os.ReadFile("/proc/" + pid + "/environ") // empty of one that has ended
	families.Lock()
	defer families.Unlock()
	for v := range bytes.SplitSeq(environ, []byte{0}) {
		if families.marks[string(v)] {
			return string(v) == f.mark
		}
	}
	return len(families.marks) == 1
}

// ask asks the command, and what is in its process group, to end.
func (f *family) ask() {
	_ = unix.Kill(-f.cmd.Process.Pid, unix.SIGTERM) // who has ended needs no asking
}

// end ends what the command left, after it was waited for.
func (f *family) end() error { return f.sweep(f.has) }

// sweep ends the orphans that are to go. When one ends its children become ours,
// so it takes as many rounds as there are generations.
func (f *family) sweep(goes func(pid string) bool) error {
	deadline := time.Now().Add(endTime)
	for {
		left, err := f.orphans(goes)
		if err != nil || len(left) == 0 {
			return err
		}
		for _, pid := range left {
			_ = unix.Kill(pid, unix.SIGKILL) // it fails for a process of another user; then they stay too long
		}
		for _, pid := range left {
			for {
				got, err := unix.Wait4(pid, nil, unix.WNOHANG, nil)
				if got == pid || err != nil && err != unix.EINTR {
					break
				}
				if time.Now().After(deadline) {
					return fmt.Errorf("ending what the command started: process %d remains", pid)
				}
				time.Sleep(time.Millisecond)
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("ending what the command started: it starts more, faster than they end")
		}
	}
}

// orphans lists our children in other sessions that are to go, those that ended
// included.
func (f *family) orphans(goes func(pid string) bool) (pids []int, err error) {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	defer proc.Close()
	names, err := proc.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	self := os.Getpid()
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + name + "/stat")
		if err != nil {
			continue // it has ended; no child of ours does so before we reap it
		}
		// PID (NAME) STATE PPID PGRP SESSION ..., see proc_pid_stat(5); NAME may hold anything.
		x := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(x) > 3 && string(x[1]) == strconv.Itoa(self) && string(x[3]) != strconv.Itoa(f.session) && goes(name) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
