//go:build unix

package runner

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ssf"
)

// TestEnvironment: nothing secret is passed on, nor what is ours.
func TestEnvironment(t *testing.T) {
	for k, v := range map[string]string{
		"AWS_SECRET_ACCESS_KEY": "s3cret", "SSF_KEY": "s3cret", "LD_PRELOAD": "", "GIT_DIR": "s3cret", "BASH_ENV": "s3cret",
		"LC_TIME": "C", "CI": "1", "DATABASE": "given", "PATH": ".:/usr/bin::bin:/bin",
	} {
		t.Setenv(k, v)
	}
	_, out := runJob(t, Job{Command: self(t, "environment"), Env: []string{"DATABASE"}})
	for _, want := range []string{"LC_TIME=C", "CI=1", "DATABASE=given", "PATH=/usr/bin:/bin"} {
		if !strings.Contains("\n"+out+"\n", "\n"+want+"\n") {
			t.Errorf("%s is missing", want)
		}
	}
	for line := range strings.Lines(out) {
		for _, no := range []string{"s3cret", "SSF_", "LD_"} {
			if strings.Contains(line, no) {
				t.Errorf("the command sees %q", line)
			}
		}
	}
	for _, name := range []string{"SSF_KEY", "ssf_key", "A=B", "", "NOT_SET"} {
		if o, _ := runJob(t, Job{Command: self(t, "environment"), Env: []string{name}}); o.Result != ssf.Errored {
			t.Errorf("with %q in its list the result is %q", name, o.Result)
		}
	}
}

// TestProgram: a program of PATH is none of the model's folder, and one of the
// folder does not lead out of it.
func TestProgram(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	script := func(name string, mode os.FileMode) {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("#!/bin/sh\necho "+filepath.Base(filepath.Dir(name))+"\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, name string) {
		if err := os.Symlink(to, name); err != nil {
			t.Fatal(err)
		}
	}
	script(filepath.Join(dir, "go"), 0o777)
	script(filepath.Join(dir, "bin/tool"), 0o777)
	script(filepath.Join(dir, "bin/text"), 0o666)
	script(filepath.Join(out, "other/tool"), 0o777)
	script(filepath.Join(out, "other/text"), 0o666)
	link(filepath.Join(out, "other/tool"), filepath.Join(dir, "leads-out"))
	link(filepath.Join(out, "other"), filepath.Join(dir, "folder-out"))
	link("bin/tool", filepath.Join(dir, "leads-in"))
	link(filepath.Join(dir, "bin"), filepath.Join(out, "into"))
	t.Chdir(dir)
	outOther := filepath.Join(out, "other")

	for name, x := range map[string]struct{ path, command, want string }{
		"dot":              {".", "go", "no program go in PATH"},
		"empty-entry":      {":" + outOther + "::", "go", "no program go in PATH"},
		"relative-entry":   {"bin", "tool", "no program tool in PATH"},
		"fake-go":          {dir + ":" + outOther, "go", "go in PATH is " + dir + "/go, a file of the model's folder; a program of that folder is named by its path in it"},
		"path-through":     {filepath.Join(out, "into"), "tool", "tool in PATH is " + out + "/into/tool, a file of the model's folder; a program of that folder is named by its path in it"},
		"path-by-link-out": {filepath.Join(dir, "folder-out"), "tool", "tool in PATH is " + dir + "/folder-out/tool, a file of the model's folder; a program of that folder is named by its path in it"},
		"in-path":          {outOther, "tool", ""},
		"not-executable":   {outOther, "text", "no program text in PATH"},
		"in-folder":        {"", "./bin/tool", ""},
		"in-folder-plain":  {"", "bin/tool", ""},
		"link-in":          {"", "./leads-in", ""},
		"link-out":         {"", "./leads-out", "./leads-out is a link that leads out of the folder"},
		"folder-link-out":  {"", "folder-out/tool", "folder-out/tool is a link that leads out of the folder"},
		"up":               {"", "../" + filepath.Base(out) + "/other/tool", "../" + filepath.Base(out) + "/other/tool leads out of the folder"},
		"up-and-down":      {"", "bin/../../x", "bin/../../x leads out of the folder"},
		"a-folder":         {"", "./bin", "./bin: no regular file"},
		"no-mode":          {"", "./bin/text", "./bin/text: not executable"},
		"missing":          {"", "./nothing", "./nothing: no such file or directory"},
		"nul":              {"", "./bin/tool\x00", "the command holds a NUL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PATH", x.path)
			o, printed := runJob(t, Job{Dir: ".", Command: []string{x.command}})
			why := ""
			if x.want != "" {
				why = "the command did not start: " + x.want
			}
			if o.Why != why || x.want == "" && printed == "" {
				t.Errorf("result %q because %q, output %q\nwant %q", o.Result, o.Why, printed, why)
			}
		})
	}
}
