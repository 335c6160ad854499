// Package limit counts events by key and says when there were too many.
package limit

import (
	"hash/maphash"
	"sync"
	"time"
)

const cells = 1 << 14

// A Limiter allows each key a number of events in a window of time. Its memory
// is fixed: keys share 16,384 cells, so that nobody can fill it with invented
// keys. Which keys share one cannot be foreseen, as the hash is keyed at random.
type Limiter struct {
	most   int
	window time.Duration
	now    func() time.Time
	seed   maphash.Seed

	mu    sync.Mutex
	cells [cells]cell
}

type cell struct {
	count int
	until time.Time
}

// New makes a Limiter of at most most events in window, by the clock now.
func New(most int, window time.Duration, now func() time.Time) *Limiter {
	return &Limiter{most: most, window: window, now: now, seed: maphash.MakeSeed()}
}

// Spent reports whether key has used up its events.
func (l *Limiter) Spent(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cell(key).count >= l.most
}

// Add counts one event for key and reports whether it was one too many.
func (l *Limiter) Add(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.cell(key)
	if c.count >= l.most {
		return true
	}
	c.count++
	return false
}

// Forget takes back what was counted for key.
func (l *Limiter) Forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*l.cell(key) = cell{}
}

// cell is where key is counted; its window begins anew once it is over.
func (l *Limiter) cell(key string) *cell {
	c := &l.cells[maphash.String(l.seed, key)%cells]
	if now := l.now(); !now.Before(c.until) {
		*c = cell{until: now.Add(l.window)}
	}
	return c
}
