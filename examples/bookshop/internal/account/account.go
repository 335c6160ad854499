// Package account keeps who may sign in, with which password and which role.
package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"bookshop/internal/limit"
	"bookshop/internal/problem"
	"bookshop/internal/store"
)

// Role says what somebody may do; see web.access.
type Role string

// The roles. A clerk looks after books and orders, an admin after roles too.
const (
	Customer Role = "customer"
	Clerk    Role = "clerk"
	Admin    Role = "admin"
)

// A User is somebody who has an account. The zero User has none.
type User struct {
	ID   int64
	Name string
	Role Role
}

// What can be wrong with an entry; the text of each is meant for its sender.
const (
	ErrName              = problem.Problem("A name has 3 to 40 letters, digits, dots, dashes or underscores.")
	ErrNameTaken         = problem.Problem("That name is taken.")
	ErrPasswordLength    = problem.Problem("A password has at least 12 characters, and at most 128 bytes.")
	ErrPasswordGuessable = problem.Problem("That password is among the first that would be tried.")
	ErrCredentials       = problem.Problem("Name or password is wrong.")
	ErrTooMany           = problem.Problem("Too many attempts. Try again in a quarter of an hour.")
	ErrRole              = problem.Problem("There is no such role or account.")
)

// How many wrong passwords are taken in what time. The limit for an account
// over all addresses is far above that for one address, so that a stranger
// needs twenty addresses to keep an account's owner out.
const (
	failuresPerPair    = 10
	failuresPerAddress = 100
	failuresPerAccount = 200
	failureWindow      = 15 * time.Minute
	registrations      = 20
	registrationWindow = time.Hour
)

// Service answers for the accounts. Make one with New.
type Service struct {
	db     *sql.DB
	cost   Cost
	now    func() time.Time
	nobody string // a hash that no password matches, to spend the same time on unknown names
	places chan struct{}

	byPair, byAddress, byAccount, registered *limit.Limiter
}

// New makes the service on a database that package store opened.
func New(db *sql.DB, cost Cost, now func() time.Time) *Service {
	return &Service{
		db: db, cost: cost, now: now,
		nobody:     hash("", cost),
		places:     make(chan struct{}, 4),
		byPair:     limit.New(failuresPerPair, failureWindow, now),
		byAddress:  limit.New(failuresPerAddress, failureWindow, now),
		byAccount:  limit.New(failuresPerAccount, failureWindow, now),
		registered: limit.New(registrations, registrationWindow, now),
	}
}

var validName = regexp.MustCompile(`^[A-Za-z0-9._-]{3,40}$`)

// Register makes an account with the role of a customer. Address is where the
// request came from.
func (s *Service) Register(ctx context.Context, name, password, address string) (User, error) {
	if !validName.MatchString(name) {
		return User{}, ErrName
	}
	if err := goodEnough(name, password); err != nil {
		return User{}, err
	}
	if s.registered.Add(address) {
		return User{}, ErrTooMany
	}
	if err := s.turn(ctx); err != nil {
		return User{}, err
	}
	hashed := hash(password, s.cost)
	s.done()
	res, err := s.db.ExecContext(ctx, `INSERT INTO users (name, password, seen) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		name, hashed, s.now().Unix())
	if err != nil {
		return User{}, fmt.Errorf("storing account: %w", err)
	}
	if !store.Changed(res) {
		return User{}, ErrNameTaken
	}
	id, err := res.LastInsertId()
	if err != nil {
		return User{}, fmt.Errorf("storing account: %w", err)
	}
	return User{ID: id, Name: name, Role: Customer}, nil
}

// SignIn returns the user whose name and password these are. Every other
// answer is ErrCredentials, which takes as long for a name that does not exist,
// or ErrTooMany.
func (s *Service) SignIn(ctx context.Context, name, password, address string) (User, error) {
	if !validName.MatchString(name) || len(password) > longest {
		return User{}, ErrCredentials
	}
	if s.throttled(name, address) {
		return User{}, ErrTooMany
	}
	u := User{Name: name}
	stored := s.nobody
	err := s.db.QueryRowContext(ctx, `SELECT id, name, role, password FROM users WHERE name = ?`, name).Scan(&u.ID, &u.Name, &u.Role, &stored)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return User{}, fmt.Errorf("reading account: %w", err)
	}
	right, err := s.check(ctx, stored, password)
	if err != nil {
		return User{}, err
	}
	if u.ID == 0 || !right {
		return User{}, ErrCredentials
	}
	s.byPair.Forget(key(name, address))
	if _, err := s.db.ExecContext(ctx, `UPDATE users SET seen = ? WHERE id = ?`, s.now().Unix(), u.ID); err != nil {
		return User{}, fmt.Errorf("noting sign-in: %w", err)
	}
	return u, nil
}

// throttled counts one attempt, and reports whether it comes after too many.
// An attempt is counted before its password is looked at, so that many sent at
// once are many; a right one is taken back.
func (s *Service) throttled(name, address string) bool {
	return s.byPair.Add(key(name, address)) || s.byAddress.Add(address) || s.byAccount.Add(key(name, ""))
}

// ChangePassword sets a new password for a user who knows the present one.
func (s *Service) ChangePassword(ctx context.Context, u User, present, next, address string) error {
	if err := goodEnough(u.Name, next); err != nil {
		return err
	}
	if _, err := s.SignIn(ctx, u.Name, present, address); err != nil {
		return err
	}
	if err := s.turn(ctx); err != nil {
		return err
	}
	hashed := hash(next, s.cost)
	s.done()
	if _, err := s.db.ExecContext(ctx, `UPDATE users SET password = ? WHERE id = ?`, hashed, u.ID); err != nil {
		return fmt.Errorf("storing password: %w", err)
	}
	return nil
}

// SetRole gives the account of that name another role, and returns it.
func (s *Service) SetRole(ctx context.Context, name string, role Role) (User, error) {
	if role != Customer && role != Clerk && role != Admin {
		return User{}, ErrRole
	}
	u := User{Role: role}
	err := s.db.QueryRowContext(ctx, `UPDATE users SET role = ? WHERE name = ? RETURNING id, name`, role, name).Scan(&u.ID, &u.Name)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, ErrRole
	}
	if err != nil {
		return User{}, fmt.Errorf("storing role: %w", err)
	}
	return u, nil
}

// Find returns the account of that name.
func (s *Service) Find(ctx context.Context, name string) (User, error) {
	var u User
	err := s.db.QueryRowContext(ctx, `SELECT id, name, role FROM users WHERE name = ?`, name).Scan(&u.ID, &u.Name, &u.Role)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, ErrRole
	}
	if err != nil {
		return User{}, fmt.Errorf("reading account: %w", err)
	}
	return u, nil
}

// Erase removes an account with its sessions and its basket. Its orders belong
// to nobody then.
func (s *Service) Erase(ctx context.Context, u User) error {
	if _, err := s.db.ExecContext(ctx, `DELETE FROM users WHERE id = ?`, u.ID); err != nil {
		return fmt.Errorf("erasing account: %w", err)
	}
	return nil
}

// Staff lists the accounts that are more than a customer, by name.
func (s *Service) Staff(ctx context.Context) ([]User, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, name, role FROM users WHERE role <> 'customer' ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("listing staff: %w", err)
	}
	return store.All(rows, func(scan func(...any) error) (u User, err error) {
		return u, scan(&u.ID, &u.Name, &u.Role)
	})
}

func (s *Service) check(ctx context.Context, stored, password string) (bool, error) {
	if err := s.turn(ctx); err != nil {
		return false, err
	}
	defer s.done()
	return matches(stored, password)
}

// key joins name and address to what a limiter counts. Names are the same in
// any case of letters.
func key(name, address string) string { return strings.ToLower(name) + " " + address }
