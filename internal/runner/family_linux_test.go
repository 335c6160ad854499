package runner

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKeyOutOfReach: a command of the same user reads neither the environment of
// this program nor its memory. Root reads all, so a root becomes nobody.
func TestKeyOutOfReach(t *testing.T) {
	const key = "SSF_KEY=-----BEGIN PRIVATE KEY-----"
	dir := t.TempDir()
	exe, err := os.ReadFile(self(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "spy")
	if err := os.WriteFile(name, exe, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, "helper", "run-spy")
	cmd.Dir, cmd.Env = "/", append(os.Environ(), key, "TMPDIR=/tmp")
	if os.Getuid() == 0 {
		if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if want := "environ: permission denied\nmem: permission denied\n"; err != nil || string(out) != want {
		t.Errorf("%v: %.2000q, want %q", err, out, want)
	}
}

// TestUnmarked: a process without a mark, of which nobody can tell whose it is, is
// ended with the last family, also where two end at the same time.
func TestUnmarked(t *testing.T) {
	var families []*family
	var pids []string
	for range 2 {
		cmd := exec.Command("/bin/sh", "-c", "setsid env -i /bin/sleep 30 >/dev/null 2>&1 & echo $!")
		f, err := newFamily(cmd)
		if err != nil {
			t.Fatal(err)
		}
		families = append(families, f)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, strings.TrimSpace(string(out)))
	}
	for _, pid := range pids { // until the mark is off
		for begin := time.Now(); ; time.Sleep(time.Millisecond) {
			if environ, err := os.ReadFile("/proc/" + pid + "/environ"); err == nil && len(environ) == 0 {
				break
			}
			if time.Since(begin) > 10*time.Second {
				t.Fatalf("process %s did not take off its mark", pid)
			}
		}
	}
	for _, f := range families {
		if err := f.end(); err != nil {
			t.Error(err)
		}
	}
	for _, f := range families {
		if err := f.release(); err != nil {
			t.Error(err)
		}
	}
	for _, pid := range pids {
		if n, err := strconv.Atoi(pid); err != nil || !errors.Is(syscall.Kill(n, 0), syscall.ESRCH) {
			t.Errorf("process %s is still there", pid)
		}
	}
}
