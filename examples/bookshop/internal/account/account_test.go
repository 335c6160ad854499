package account

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bookshop/internal/store"
)

var cheap = Cost{Time: 1, Memory: 64, Threads: 1}

const password = "blue heron in the reeds"

func newService(t *testing.T, cost Cost) (*Service, *sql.DB) {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return New(db, cost, time.Now), db
}

func register(t *testing.T, s *Service, name string) {
	t.Helper()
	if _, err := s.Register(t.Context(), name, password, ""); err != nil {
		t.Fatal(err)
	}
}

func TestPasswordsAreHashed(t *testing.T) {
	s, db := newService(t, cheap)
	register(t, s, "ann")
	register(t, s, "bob")
	var ann, bob string
	if err := db.QueryRow(`SELECT (SELECT password FROM users WHERE name = 'ann'), (SELECT password FROM users WHERE name = 'bob')`).Scan(&ann, &bob); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(ann, "$argon2id$v=19$m=64,t=1,p=1$") || strings.Contains(ann, password) {
		t.Errorf("stored is %q", ann)
	}
	if salt := func(h string) string { return strings.Split(h, "$")[4] }; salt(ann) == salt(bob) || ann == bob {
		t.Errorf("equal passwords have equal salts or hashes: %q, %q", ann, bob)
	}
}

// TestDefaultCost holds the cost against the least that OWASP's cheat sheet on
// storing passwords gives for one pass of Argon2id, 46 MiB.
func TestDefaultCost(t *testing.T) {
	if DefaultCost.Memory < 46*1024 || DefaultCost.Time < 1 {
		t.Errorf("the default cost is %+v", DefaultCost)
	}
	stored := hash(password, DefaultCost)
	if ok, err := matches(stored, password); !ok || err != nil {
		t.Errorf("matches: %v, %v", ok, err)
	}
	if ok, err := matches(stored, password+"x"); ok || err != nil {
		t.Errorf("matches another password: %v, %v", ok, err)
	}
}

func TestBadHashesAreErrors(t *testing.T) {
	good := hash(password, cheap)
	for _, stored := range []string{
		"", "plain", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "t=1", "t=0", 1),
		strings.Replace(good, "p=1", "p=0", 1), good[:len(good)-4], strings.Replace(good, "m=64", "m=x", 1),
	} {
		if ok, err := matches(stored, password); ok || err == nil {
			t.Errorf("%q: %v, %v", stored, ok, err)
		}
	}
}

func TestUnknownNameTakesAsLong(t *testing.T) {
	s, _ := newService(t, Cost{Time: 2, Memory: 8 * 1024, Threads: 1})
	register(t, s, "ann")
	least := func(name string) time.Duration {
		var times []time.Duration
		for range 5 {
			began := time.Now()
			if _, err := s.SignIn(t.Context(), name, "not her password", ""); !errors.Is(err, ErrCredentials) {
				t.Fatalf("signing in as %s: %v, want ErrCredentials", name, err)
			}
			times = append(times, time.Since(began))
		}
		return slices.Min(times)
	}
	known, unknown := least("ann"), least("bob")
	if unknown < known/2 || known < unknown/2 {
		t.Errorf("a known name takes %v, an unknown one %v", known, unknown)
	}
}

func TestFewHashesAtOnce(t *testing.T) {
	s, _ := newService(t, cheap)
	register(t, s, "ann")
	for range 4 {
		s.places <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.SignIn(ctx, "ann", password, ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a fifth at once: %v, want DeadlineExceeded", err)
	}
	s.done()
	if _, err := s.SignIn(t.Context(), "ann", password, ""); err != nil {
		t.Errorf("with a free place: %v", err)
	}
}

func TestOthersCannotLockOut(t *testing.T) {
	s, _ := newService(t, cheap)
	register(t, s, "ann")
	for range failuresPerAddress + 10 {
		_, _ = s.SignIn(t.Context(), "ann", "not her password", "192.0.2.1")
	}
	if _, err := s.SignIn(t.Context(), "ann", password, "192.0.2.1"); !errors.Is(err, ErrTooMany) {
		t.Errorf("from the same address: %v, want ErrTooMany", err)
	}
	if _, err := s.SignIn(t.Context(), "ann", password, "192.0.2.2"); err != nil {
		t.Errorf("from her own address: %v", err)
	}
}

func TestManyAddressesAreLimited(t *testing.T) {
	s, _ := newService(t, cheap)
	register(t, s, "ann")
	var last error
	for i := range failuresPerAccount + 1 {
		_, last = s.SignIn(t.Context(), "ann", "not her password", string(rune('a'+i)))
	}
	if !errors.Is(last, ErrTooMany) {
		t.Errorf("the last attempt: %v, want ErrTooMany", last)
	}
}

func TestRegistrationsAreLimited(t *testing.T) {
	s, _ := newService(t, cheap)
	var last error
	for i := range registrations + 1 {
		_, last = s.Register(t.Context(), "name"+string(rune('a'+i)), password, "192.0.2.1")
	}
	if !errors.Is(last, ErrTooMany) {
		t.Errorf("the last registration: %v, want ErrTooMany", last)
	}
}
