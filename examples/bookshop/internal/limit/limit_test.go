package limit

import (
	"strconv"
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	now := time.Unix(0, 0)
	l := New(3, time.Minute, func() time.Time { return now })
	for i := range 3 {
		if l.Spent("ann") || l.Add("ann") {
			t.Errorf("event %d was too many", i+1)
		}
	}
	if !l.Spent("ann") || !l.Add("ann") {
		t.Error("a fourth event was allowed")
	}
	if l.Add("bob") {
		t.Error("another key was refused")
	}
	l.Forget("ann")
	if l.Add("ann") {
		t.Error("a forgotten key was refused")
	}
	now = now.Add(time.Minute)
	for range 3 {
		if l.Add("bob") {
			t.Error("refused in a new window")
		}
	}
}

func TestMemoryIsFixed(t *testing.T) {
	l := New(1, time.Minute, time.Now)
	l.Add("ann")
	before := testing.AllocsPerRun(1, func() {
		for i := range 1000 {
			l.Add(strconv.Itoa(i))
		}
	})
	if before > 1000 { // the texts of the keys
		t.Errorf("%v allocations for 1000 keys", before)
	}
	if !l.Spent("ann") {
		t.Error("other keys freed one that was spent")
	}
}
