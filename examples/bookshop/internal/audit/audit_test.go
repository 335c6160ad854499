package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var key = []byte("key of the audit log in tests")

func write(t *testing.T, path string, events ...Event) {
	t.Helper()
	l, err := Open(path, key, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, e := range events {
		if err := l.Record(e); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRecordsVerify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	write(t, path, Event{What: "sign_in", Outcome: Done, Who: "ann"}, Event{What: "sign_out", Outcome: Done, Who: "ann"})
	write(t, path, Event{What: "sign_in", Outcome: Refused, Who: "ann", On: "it", Address: "192.0.2.1"})
	if n, err := Verify(bytes.NewReader(read(t, path)), key); n != 3 || err != nil {
		t.Errorf("Verify: %d, %v", n, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestChangedRecordIsSeen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	write(t, path, Event{What: "a", Who: "ann"}, Event{What: "b", Who: "eve"}, Event{What: "c", Who: "ann"})
	lines := strings.SplitAfter(string(read(t, path)), "\n")
	for name, text := range map[string]string{
		"altered":         lines[0] + strings.Replace(lines[1], "eve", "ann", 1) + lines[2],
		"left out":        lines[0] + lines[2],
		"begun later":     lines[1] + lines[2],
		"in other order":  lines[1] + lines[0] + lines[2],
		"no record":       lines[0] + "x\n",
		"renumbered":      lines[0] + strings.Replace(lines[2], `"n":3`, `"n":2`, 1),
		"under other key": lines[0],
	} {
		k := key
		if name == "under other key" {
			k = []byte("another")
		}
		if n, err := Verify(strings.NewReader(text), k); err == nil {
			t.Errorf("%s: %d records and no error", name, n)
		}
	}
	if err := os.WriteFile(path, []byte(lines[0]+lines[2]), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, key, time.Now); !errors.Is(err, ErrChanged) {
		t.Errorf("Open: %v, want ErrChanged", err)
	}
}

func TestRecordCannotBeForged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	forged := "ann\"}\n{\"n\":2,\"what\":\"sign_in\",\"who\":\"eve\"}\r\x1b[2K\u2028\xff"
	write(t, path, Event{What: "sign_in", Outcome: Refused, Who: forged, On: strings.Repeat("é", 200)})
	text := read(t, path)
	if lines := bytes.Count(text, []byte("\n")); lines != 1 {
		t.Errorf("one event made %d lines\n%s", lines, text)
	}
	var rec struct {
		Who string `json:"who"`
	}
	if err := json.Unmarshal(text, &rec); err != nil || !strings.HasPrefix(rec.Who, "ann\"}\n{") {
		t.Errorf("who is %q, %v", rec.Who, err)
	}
	if bytes.ContainsAny(text, "\r\x1b\u2028") {
		t.Errorf("control characters in %q", text)
	}
	if n, err := Verify(bytes.NewReader(text), key); n != 1 || err != nil {
		t.Errorf("Verify: %d, %v", n, err)
	}
}

func TestOneWriterAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l, err := Open(path, key, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, key, time.Now); err == nil {
		t.Error("the log was opened twice")
	}
	l.Close()
	write(t, path, Event{What: "a"})
}
