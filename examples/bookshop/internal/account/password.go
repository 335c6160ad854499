package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Cost says how much work one password hash is.
type Cost struct {
	Time    uint32 // passes
	Memory  uint32 // KiB
	Threads uint8
}

// DefaultCost is the second recommended choice of RFC 9106, section 4.
var DefaultCost = Cost{Time: 3, Memory: 64 * 1024, Threads: 4}

const (
	shortest = 12  // characters of a password, NIST SP 800-63B asks for at least 8
	longest  = 128 // bytes of a password
	saltSize = 16
	hashSize = 32
)

// hash makes a hash of password with a new salt, in the form that the reference
// implementation of Argon2 writes.
func hash(password string, c Cost) string {
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails, see its documentation
	sum := argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, hashSize)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads, b64(salt), b64(sum))
}

var errHash = errors.New("reading password hash: unknown form")

// matches reports whether stored was made of password.
func matches(stored, password string) (bool, error) {
	part := strings.Split(stored, "$")
	if len(part) != 6 || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, errHash
	}
	var c Cost
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Time, &c.Threads); err != nil || c.Time == 0 || c.Threads == 0 {
		return false, errHash
	}
	salt, err := base64.RawStdEncoding.DecodeString(part[4])
	if err != nil {
		return false, errHash
	}
	sum, err := base64.RawStdEncoding.DecodeString(part[5])
	if err != nil || len(sum) != hashSize {
		return false, errHash
	}
	got := argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, hashSize)
	return subtle.ConstantTimeCompare(got, sum) == 1, nil
}

// turn waits for one of the few places in which a password may be hashed, so
// that many sign-ins at once cannot use up memory and processors. The caller
// gives it back with s.done.
func (s *Service) turn(ctx context.Context) error {
	select {
	case s.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting to hash a password: %w", ctx.Err())
	}
}

func (s *Service) done() { <-s.places }

// common are the stems of the passwords that are chosen most. A password that
// is little more than one of them is refused.
var common = []string{
	"password", "passwort", "wachtwoord", "welcome", "welkom", "iloveyou", "qwertyuiop", "qwerty", "asdfghjkl", "administrator",
	"admin", "letmein", "football", "baseball", "superman", "sunshine", "princess", "dragon", "monkey", "master", "bookshop",
	"1234567890", "123456789", "12345678", "1234567", "123456", "12345", "1234", "123", "abcdefgh", "abc", "changeme",
}

// goodEnough refuses a password that is too short, too long or easily guessed.
// It asks for no kinds of characters, as those make passwords worse.
func goodEnough(name, password string) error {
	if utf8.RuneCountInString(password) < shortest || len(password) > longest || !utf8.ValidString(password) {
		return ErrPasswordLength
	}
	rest := strings.ToLower(password)
	for _, stem := range append([]string{strings.ToLower(name)}, common...) {
		rest = strings.ReplaceAll(rest, stem, "")
	}
	different := map[rune]bool{}
	for _, r := range rest {
		different[r] = true
	}
	if len(different) < 5 {
		return ErrPasswordGuessable
	}
	return nil
}
