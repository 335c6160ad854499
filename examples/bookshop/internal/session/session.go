// Package session keeps who is signed in. A session is a random id that only
// the browser knows; the database has its hash. A new password or role ends all
// sessions of an account in the same step, by a trigger of the schema.
package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bookshop/internal/account"
)

// When a session ends by itself.
const (
	Idle     = 30 * time.Minute // after its last use
	Absolute = 12 * time.Hour   // after its beginning
)

// Store keeps sessions in the database.
type Store struct {
	db  *sql.DB
	now func() time.Time
}

// New makes the store on a database that package store opened.
func New(db *sql.DB, now func() time.Time) *Store { return &Store{db, now} }

// Start begins a session for a user who has just shown who he is, under a new
// id, and ends the one under the old id, if there was one.
func (s *Store) Start(ctx context.Context, u account.User, old string) (string, error) {
	if err := s.End(ctx, old); err != nil {
		return "", err
	}
	id := rand.Text() // 130 bits
	now := s.now().Unix()
	_, err := s.db.ExecContext(ctx, `INSERT INTO sessions (hash, user_id, started, used) VALUES (?, ?, ?, ?)`, sum(id), u.ID, now, now)
	if err != nil {
		return "", fmt.Errorf("starting session: %w", err)
	}
	return id, nil
}

// User returns who is signed in under id, with the role of now; the zero User
// if that is nobody.
func (s *Store) User(ctx context.Context, id string) (account.User, error) {
	var u account.User
	var started, used int64
	err := s.db.QueryRowContext(ctx, `SELECT u.id, u.name, u.role, s.started, s.used
		FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.hash = ?`, sum(id)).Scan(&u.ID, &u.Name, &u.Role, &started, &used)
	if errors.Is(err, sql.ErrNoRows) {
		return account.User{}, nil
	}
	if err != nil {
		return account.User{}, fmt.Errorf("reading session: %w", err)
	}
	now := s.now()
	if over(now, time.Unix(started, 0), time.Unix(used, 0)) {
		return account.User{}, s.End(ctx, id)
	}
	if now.Unix()-used >= 60 { // once a minute is exact enough
		if _, err := s.db.ExecContext(ctx, `UPDATE sessions SET used = ? WHERE hash = ?`, now.Unix(), sum(id)); err != nil {
			return account.User{}, fmt.Errorf("noting use of session: %w", err)
		}
	}
	return u, nil
}

// over reports whether a session has come to its end by itself.
func over(now, started, used time.Time) bool {
	return now.Sub(used) >= Idle || now.Sub(started) >= Absolute
}

// End ends the session under id.
func (s *Store) End(ctx context.Context, id string) error {
	if _, err := s.db.ExecContext(ctx, `DELETE FROM sessions WHERE hash = ?`, sum(id)); err != nil {
		return fmt.Errorf("ending session: %w", err)
	}
	return nil
}

// Sweep removes sessions that are over.
func (s *Store) Sweep(ctx context.Context) error {
	now := s.now()
	_, err := s.db.ExecContext(ctx, `DELETE FROM sessions WHERE used <= ? OR started <= ?`, now.Add(-Idle).Unix(), now.Add(-Absolute).Unix())
	if err != nil {
		return fmt.Errorf("removing old sessions: %w", err)
	}
	return nil
}

// sum is what the database knows of an id. The id is random and long, so that
// a plain hash cannot be tried out.
func sum(id string) []byte {
	h := sha256.Sum256([]byte(id))
	return h[:]
}
