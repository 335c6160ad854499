//go:build unix

package runner

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain makes the test program the command of its own tests: with `helper` as
// its first argument it does what the second says.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "helper" {
		helper(os.Args[2], os.Args[3:])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func helper(what string, args []string) {
	switch what {
	case "print":
		fmt.Print(args[0])
	case "repeat":
		n, _ := strconv.Atoi(args[1])
		fmt.Print(strings.Repeat(args[0], n))
	case "both":
		fmt.Print(args[0])
		fmt.Fprint(os.Stderr, args[1])
	case "exit":
		n, _ := strconv.Atoi(args[0])
		os.Exit(n)
	case "write": // a file after some time
		wait, _ := time.ParseDuration(args[1])
		time.Sleep(wait)
		if err := os.WriteFile(args[0], []byte(args[2]), 0o666); err != nil {
			panic(err)
		}
	case "sleep":
		fmt.Println("1..1")
		time.Sleep(forever)
	case "deaf":
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
		fmt.Println("ready")
		time.Sleep(forever)
	case "polite":
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		fmt.Println("ready")
		<-c
		fmt.Println("goodbye")
	case "flood":
		w := os.Stdout
		if args[0] == "stderr" {
			w = os.Stderr
		}
		text := []byte(strings.Repeat("all work and no play\n", 5000))
		for {
			if _, err := w.Write(text); err != nil {
				os.Exit(1)
			}
		}
	case "environment":
		fmt.Print(strings.Join(os.Environ(), "\n"))
	case "spy": // what the parent's environment and memory give away
		for _, name := range []string{"environ", "mem"} {
			f, err := os.Open(fmt.Sprintf("/proc/%d/%s", os.Getppid(), name))
			if err == nil {
				text, _ := io.ReadAll(io.LimitReader(f, 1<<20))
				fmt.Printf("%s opened: %q\n", name, text)
				continue
			}
			fmt.Printf("%s: %v\n", name, reason(err))
		}
	case "run-spy": // runs it as the program would
		o, err := Run(context.Background(), Job{ID: "spy", Dir: os.TempDir(), Command: []string{os.Args[0], "helper", "spy"}, Output: os.Stdout})
		if err != nil || o.Run.Exit != 0 {
			fmt.Println(o.Why, err)
		}
	case "stdin":
		n, err := io.Copy(io.Discard, bufio.NewReader(os.Stdin))
		fmt.Print(n, err)
	case "die":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "closed":
		fmt.Println("1..1\nok 1 - said before")
		os.Stdout.Close()
		time.Sleep(300 * time.Millisecond)
		os.Exit(7)
	case "daemon": // of N generations, each in a session of its own, the last of which writes a file
		n, _ := strconv.Atoi(args[0])
		next := []string{"helper", "daemon", strconv.Itoa(n - 1), args[1], args[2], args[3]}
		if n == 0 {
			next = []string{"helper", "write", args[2], args[3], "late"}
		}
		cmd := exec.Command(os.Args[0], next...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if args[1] == "holds" {
			cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		}
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		if args[1] == "stays" {
			time.Sleep(forever)
		}
	default:
		panic("helper does not know " + what)
	}
}

// forever is longer than any limit in these tests, and not so long that what a
// broken runner leaves behind stays for the day.
const forever = 30 * time.Second

// self is a command of the test program.
func self(t *testing.T, args ...string) []string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{exe, "helper"}, args...)
}
