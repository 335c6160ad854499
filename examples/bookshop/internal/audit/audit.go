// Package audit keeps the records by which misuse is noticed and proved: one
// JSON object a line, appended to a file, each bound to the one before by a MAC.
package audit

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// An Event is what happened. Every field is set by the program or limited in
// length by it; what a user typed is only ever a value.
type Event struct {
	What    string `json:"what"`              // such as sign_in
	Outcome string `json:"outcome"`           // done, refused
	Who     string `json:"who,omitempty"`     // account, as far as it is known
	On      string `json:"on,omitempty"`      // order, book or account that it was about
	Address string `json:"address,omitempty"` // where the request came from
}

// Outcomes of an Event.
const (
	Done    = "done"
	Refused = "refused"
)

const longest = 100 // bytes of a value

type record struct {
	N    int64  `json:"n"` // 1 for the first record of a file
	Time string `json:"time"`
	Event
	MAC string `json:"mac,omitempty"` // over the MAC before and this record without its own
}

// A Log appends records to a file. It may be used by several goroutines.
type Log struct {
	mu   sync.Mutex
	file io.WriteCloser
	key  []byte
	now  func() time.Time
	n    int64
	last string
}

// Open opens the log at path for appending, after it has verified what is in it.
// One program at a time can have it open.
func Open(path string, key []byte, now func() time.Time) (*Log, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening audit log: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("locking audit log, which another program may have open: %w", err)
	}
	n, last, err := verify(file, key)
	if err != nil {
		file.Close()
		return nil, err
	}
	return &Log{file: file, key: key, now: now, n: n, last: last}, nil
}

// Close closes the file.
func (l *Log) Close() error { return l.file.Close() }

// Record appends e.
func (l *Log) Record(e Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, value := range []*string{&e.Who, &e.On, &e.Address} {
		*value = strings.ToValidUTF8((*value)[:min(len(*value), longest)], "")
	}
	rec := record{N: l.n + 1, Time: l.now().UTC().Format(time.RFC3339), Event: e}
	bare, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("writing audit record: %w", err)
	}
	rec.MAC = chain(l.key, l.last, bare)
	line, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("writing audit record: %w", err)
	}
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("writing audit record: %w", err)
	}
	l.n, l.last = rec.N, rec.MAC
	return nil
}

// Verify returns how many records are in the log that r reads, or which of them
// is the first that is not as it was written. It cannot see that the last ones
// are missing; for that, compare the number with an earlier one.
func Verify(r io.Reader, key []byte) (int64, error) {
	n, _, err := verify(r, key)
	return n, err
}

func verify(r io.Reader, key []byte) (n int64, last string, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var rec record
		if err := json.Unmarshal(lines.Bytes(), &rec); err != nil {
			return n, last, fmt.Errorf("verifying audit log: record %d: %w", n+1, err)
		}
		mac := rec.MAC
		rec.MAC = ""
		bare, err := json.Marshal(rec)
		if err != nil {
			return n, last, fmt.Errorf("verifying audit log: record %d: %w", n+1, err)
		}
		if rec.N != n+1 || !hmac.Equal([]byte(mac), []byte(chain(key, last, bare))) {
			return n, last, fmt.Errorf("verifying audit log: record %d: %w", n+1, ErrChanged)
		}
		n, last = rec.N, mac
	}
	if err := lines.Err(); err != nil {
		return n, last, fmt.Errorf("verifying audit log: %w", err)
	}
	return n, last, nil
}

// ErrChanged means that a record is not as it was written, or that records
// before it are missing.
var ErrChanged = errors.New("changed, or something before it is missing")

// chain is the MAC of a record: HMAC-SHA-256 (RFC 2104) over the one before and
// its own text.
func chain(key []byte, before string, text []byte) string {
	m := hmac.New(sha256.New, key)
	io.WriteString(m, before)
	m.Write([]byte{'\n'})
	m.Write(text)
	return hex.EncodeToString(m.Sum(nil))
}
