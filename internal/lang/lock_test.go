package lang

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"ssf"
)

var (
	pinA = "threat csrf@pay accept " + zeros + " at.session=cookie self.changes=yes"
	pinC = "threat flooding@web accept " + zeros
	pinB = "cell orders.availability not_applicable " + zeros + " need=medium"
)

var zeros = strings.Repeat("0", 64)

func lockOf(t *testing.T, text string) (*ssf.Lock, []ssf.Diagnostic) {
	t.Helper()
	l, ds, err := ReadLock(fstest.MapFS{LockFile: {Data: []byte(text)}})
	if err != nil || l == nil {
		t.Fatalf("reading %q: %v, %v", text, l, err)
	}
	return l, ds
}

// TestLock reads what FormatLock writes, and what Git makes of it.
func TestLock(t *testing.T) {
	a, _, _ := parsePin(pinA)
	b, _, _ := parsePin(pinB)
	text := FormatLock([]ssf.Pin{a, b, a})
	if want := lockHead + pinB + "\n" + pinA + "\n"; text != want {
		t.Errorf("the lock is\n%s, want\n%s", text, want)
	}
	for name, in := range map[string]string{
		"as written":   text,
		"CRLF":         strings.ReplaceAll(text, "\n", "\r\n"),
		"other order":  lockHead + pinA + "\n\n# a note\n" + pinB,
		"in a merge":   lockHead + "<<<<<<< ours\n" + pinA + "\n||||||| base\n=======\n" + pinB + "\n>>>>>>> theirs\n",
		"with a base":  lockHead + "<<<<<<< ours\n" + pinA + "\n||||||| base\n" + pinC + "\n=======\n" + pinB + "\n>>>>>>> theirs\n",
		"without head": pinA + "\n" + pinB + "\n",
	} {
		l, ds := lockOf(t, in)
		if len(ds) > 0 || FormatLock(l.Pins) != text {
			t.Errorf("%s: %v\n%s", name, ds, FormatLock(l.Pins))
		}
		if l.Conflict.Known() != (name == "in a merge" || name == "with a base") {
			t.Errorf("%s: conflict at %v", name, l.Conflict)
		}
	}
	if l, ds, err := ReadLock(fstest.MapFS{}); l != nil || ds != nil || err != nil {
		t.Errorf("no lock gives %v, %v, %v", l, ds, err)
	}
}

// TestBadLocks: each line that is no pin is an error at its place, and then no
// pin counts.
func TestBadLocks(t *testing.T) {
	for in, want := range map[string]string{
		"checkpoint evidence 0 " + zeros:           `ssf.lock:1:1: "` + clip("checkpoint evidence 0 "+zeros) + `" is not part of a pin`,
		"checkpoint evidnce 1 " + zeros:            `ssf.lock:1:1: "` + clip("checkpoint evidnce 1 "+zeros) + `" is not part of a pin`,
		"checkpoint evidence 1 " + zeros + " a=b":  `ssf.lock:1:1: "` + clip("checkpoint evidence 1 "+zeros+" a=b") + `" is not part of a pin`,
		"threat csrf@pay accept\n":                 `ssf.lock:1:1: "threat csrf@pay accept" is not part of a pin`,
		pinA + "\nthraet csrf@pay accept " + zeros: `ssf.lock:2:1: "thraet" is not part of a pin`,
		"threat csrf@pay accept " + zeros[1:]:      `ssf.lock:1:24: "` + clip(zeros[1:]) + `" is not part of a pin`,
		"threat csrf@pay accept A" + zeros[1:]:     `ssf.lock:1:24: "` + clip("A"+zeros[1:]) + `" is not part of a pin`,
		pinA + " fact\n":                           `ssf.lock:1:124: "fact" is not part of a pin`,
		pinA + " =fact\n":                          `ssf.lock:1:124: "=fact" is not part of a pin`,
		"threat  csrf@pay accept " + zeros:         `ssf.lock:1:1: "` + clip("threat  csrf@pay accept "+zeros) + `" is not part of a pin`,
		" " + pinA:                                 `ssf.lock:1:1: "` + clip(" "+pinA) + `" is not part of a pin`,
		"# ssf.lock 2: of tomorrow\n":              `ssf.lock:1:1: this is no version of the lock file that this program reads`,
		"a\x1bb":                                   `ssf.lock:1:2: control character U+001B`,
		pinA + "\nx\ny\n":                          `ssf.lock:2:1: "x" is not part of a pin|ssf.lock:3:1: "y" is not part of a pin`,
		"\u202e" + pinA:                            `ssf.lock:1:1: U+202E changes the direction of the text around it, so that it reads as what it is not`,
	} {
		l, ds := lockOf(t, in)
		var got []string
		for _, d := range ds {
			got = append(got, d.Pos.String()+": "+d.Message)
			if d.Severity != ssf.Error || d.Hint == "" {
				t.Errorf("%q: %v is %s, with the hint %q", in, d.Pos, d.Severity, d.Hint)
			}
		}
		if d := cmp.Diff(strings.Split(want, "|"), got); d != "" || len(l.Pins) > 0 {
			t.Errorf("%q: %d pins, problems (-want +got)\n%s", in, len(l.Pins), d)
		}
	}
	if _, ds := lockOf(t, strings.Repeat("x\n", 1<<20)); len(ds) > MaxErrors {
		t.Errorf("a million faults give %d problems", len(ds))
	}
	for what, fsys := range map[string]fstest.MapFS{
		"a folder": {LockFile + "/a": {Data: []byte("a")}}, "a link": {LockFile: {Data: []byte("a"), Mode: os.ModeSymlink}},
	} {
		if l, ds, err := ReadLock(fsys); err != nil || l == nil || len(ds) != 1 {
			t.Errorf("%s gives %v, %v, %v", what, l, ds, err)
		}
	}
}

// TestLargeLock: a lock may be larger than a file of the model, and not without end.
func TestLargeLock(t *testing.T) {
	line := pinA + "\n"
	if l, ds := lockOf(t, strings.Repeat(line, 1+MaxFileSize/len(line))); len(ds) > 0 || len(l.Pins) <= MaxFileSize/len(line) {
		t.Errorf("%d pins are read, with %v", len(l.Pins), ds)
	}
	l, ds := lockOf(t, strings.Repeat(line, 1+MaxLockSize/len(line)))
	if len(ds) != 1 || ds[0].Check != "model/limit" || len(l.Pins) > 0 {
		t.Errorf("%d pins are read of more than the limit, with %v", len(l.Pins), ds)
	}
}

// FuzzLock reads any text as a lock: no panic, every fault at a place in it, and
// what is read is written so that it reads the same.
func FuzzLock(f *testing.F) {
	f.Add(lockHead + pinA + "\n")
	f.Add(pinA + "\n<<<<<<< a\n=======\n" + pinB + "\n>>>>>>> b\n")
	f.Add("threat a b c")
	f.Fuzz(func(t *testing.T, text string) {
		l, ds, err := ReadLock(fstest.MapFS{LockFile: {Data: []byte(text)}})
		if err != nil || l == nil {
			t.Fatal(l, err)
		}
		for _, d := range ds {
			if lines := strings.Count(text, "\n") + 1; d.Line < 1 || d.Line > lines || d.Col < 1 {
				t.Errorf("%v is no place in %d lines", d.Pos, lines)
			}
		}
		again, ds, err := ReadLock(fstest.MapFS{LockFile: {Data: []byte(FormatLock(l.Pins))}})
		if err != nil || len(ds) > 0 || FormatLock(again.Pins) != FormatLock(l.Pins) {
			t.Errorf("%q does not read as it was written: %v, %v", FormatLock(l.Pins), ds, err)
		}
	})
}
