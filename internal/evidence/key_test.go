package evidence

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The key of RFC 8410, section 10.3 (its first example) and section 10.1.
const (
	rfcPrivate = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n"
	rfcPublic  = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
)

func TestParseKey(t *testing.T) {
	want, err := base64.StdEncoding.DecodeString(rfcPublic)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{rfcPrivate, strings.ReplaceAll(rfcPrivate, "\n", "\r\n"), strings.TrimSpace(rfcPrivate), "\n" + rfcPrivate + "\n"} {
		k, err := ParseKey(text)
		if err != nil {
			t.Error(err)
			continue
		}
		if k.Public() != keyKind+base64.StdEncoding.EncodeToString(want[12:]) {
			t.Errorf("the public key is %s", k.Public())
		}
	}
	rsa := "-----BEGIN PRIVATE KEY-----\n" + base64.StdEncoding.EncodeToString([]byte("0.02\x01\x000\r\x06\t*\x86H\x86\xf7\r\x01\x01\x01\x05\x00\x04\x1c0")) + "\n-----END PRIVATE KEY-----\n"
	for name, text := range map[string]string{
		"empty": "", "words": "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC", "two": rfcPrivate + rfcPrivate, "before": "secret\n" + rfcPrivate,
		"behind": rfcPrivate + "secret", "public": strings.ReplaceAll(rfcPrivate, "PRIVATE", "PUBLIC"), "OpenSSH": strings.ReplaceAll(rfcPrivate, "PRIVATE", "OPENSSH PRIVATE"),
		"RSA": rsa, "short": strings.ReplaceAll(rfcPrivate, "VhC\n", "VhC\nAAAA\n"),
		"headers": strings.ReplaceAll(rfcPrivate, "KEY-----\nMC4", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nMC4"), "password": strings.ReplaceAll(rfcPrivate, "PRIVATE", "ENCRYPTED PRIVATE"),
	} {
		_, err := ParseKey(text)
		if err == nil || !strings.Contains(err.Error(), "openssl genpkey") {
			t.Errorf("%s: error %v", name, err)
		} else if strings.Contains(err.Error(), "MC4") || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "VhC") {
			t.Errorf("%s: the error repeats the text: %v", name, err)
		}
	}
}

// TestNewKey: a key that is made can be read by name, by file, and by others,
// and nobody else has access.
func TestNewKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "config", "keys")
	made, err := NewKey(dir, "ci-1")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "ci-1.pem")
	for name, want := range map[string]fs.FileMode{dir: fs.ModeDir | 0o700, filepath.Dir(dir): fs.ModeDir | 0o700, file: 0o600} {
		if info, err := os.Lstat(name); err != nil || info.Mode() != want {
			t.Errorf("%s has the mode %v, want %v (%v)", name, info.Mode(), want, err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if public := keyKind + base64.StdEncoding.EncodeToString(parsed.(ed25519.PrivateKey).Public().(ed25519.PublicKey)); public != made.Public() {
		t.Errorf("crypto/x509 reads %s, and the key is %s", public, made.Public())
	}
	for _, name := range []string{"ci-1", file} {
		if k, err := LoadKey(dir, name); err != nil || k.Public() != made.Public() || k.Name() != "ci-1" {
			t.Errorf("reading %s: %v %q, %v", name, k, k.Name(), err)
		}
	}
	if _, err := NewKey(dir, "ci-1"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second key of the same name: error %v", err)
	}
	if again, err := os.ReadFile(file); err != nil || string(again) != string(text) {
		t.Errorf("the first key was changed: %v", err)
	}
	other, err := NewKey(dir, "a")
	if err != nil || other.Public() == made.Public() {
		t.Errorf("another key is %v, %v", other, err)
	}
	for _, name := range []string{"", "A", "a b", "../a", "a.pem", "-", strings.Repeat("a", 101)} {
		if _, err := NewKey(dir, name); err == nil {
			t.Errorf("a key was made by the name %q", name)
		}
	}
	keys, err := Keys(dir)
	if err != nil || fmt.Sprint(keys) != fmt.Sprintf("[%s %s]", other, made) {
		t.Errorf("the keys are %v, %v", keys, err)
	}
	if keys, err := Keys(filepath.Join(dir, "none")); err != nil || len(keys) > 0 {
		t.Errorf("without a folder the keys are %v, %v", keys, err)
	}
}

// TestKeyAccess: what others may have read or placed there signs nothing.
func TestKeyAccess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if _, err := NewKey(dir, "good"); err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return filepath.Join(dir, name+".pem") }
	write := func(name string, mode fs.FileMode, text string) {
		t.Helper()
		if err := errors.Join(os.WriteFile(file(name), []byte(text), 0o600), os.Chmod(file(name), mode)); err != nil {
			t.Fatal(err)
		}
	}
	write("group", 0o640, rfcPrivate)
	write("others", 0o604, rfcPrivate)
	write("long", 0o600, rfcPrivate+strings.Repeat("\n", maxKey))
	write("bad", 0o600, "x")
	if err := errors.Join(os.Symlink(file("good"), file("link")), os.Mkdir(file("folder"), 0o700)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfifo", "-m", "600", file("pipe")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	wants := map[string]string{
		"group": "chmod 600 " + file("group"), "others": "chmod 600 ", "long": "maxKey = 4096 bytes", "bad": "not PEM", "link": "is a link", "folder": "is not an ordinary file",
		"pipe": "is not an ordinary file", "none": "no such file", "A b": "neither the name of a key",
	}
	for name, want := range wants {
		if _, err := LoadKey(dir, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", name, err, want)
		}
	}
	if _, err := LoadKey(dir, "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v of a key that is not there", err)
	}
	keys, err := Keys(dir)
	if len(keys) != 1 || keys[0].Name() != "good" || err == nil || strings.Count(err.Error(), "\n") != 6 {
		t.Errorf("the keys are %v, and the error is %v", keys, err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{second(NewKey(dir, "new")), second(LoadKey(dir, "good"))} {
		if err == nil || !strings.Contains(err.Error(), "chmod 700 "+dir) {
			t.Errorf("in a folder that others can use the error is %v", err)
		}
	}
	if _, err := LoadKey(dir, file("good")); err != nil {
		t.Errorf("a file that is named: %v", err)
	}
}

func second(_ Key, err error) error { return err }

// TestKeySwapped: a key's file that is exchanged or opened to others after it was
// looked at signs nothing.
func TestKeySwapped(t *testing.T) {
	t.Cleanup(func() { Failpoint = nil })
	for name, swap := range map[string]func(file, other string) error{
		"nothing":       nil,
		"another file":  func(file, other string) error { return os.Rename(other, file) },
		"a link":        func(file, other string) error { return errors.Join(os.Remove(file), os.Symlink(other, file)) },
		"wider rights":  func(file, _ string) error { return os.Chmod(file, 0o644) },
		"others' bytes": func(file, other string) error { return errors.Join(os.Remove(file), os.Link(other, file)) },
	} {
		dir := filepath.Join(t.TempDir(), "keys")
		mine, err := NewKey(dir, "mine")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewKey(dir, "other"); err != nil {
			t.Fatal(err)
		}
		times := 0
		Failpoint = func(at string) {
			if at == "key-looked-at" {
				times++
				if swap != nil {
					if err := swap(filepath.Join(dir, "mine.pem"), filepath.Join(dir, "other.pem")); err != nil {
						t.Error(err)
					}
				}
			}
		}
		k, err := LoadKey(dir, "mine")
		switch {
		case times != 1:
			t.Errorf("%s: the key was looked at %d times", name, times)
		case swap == nil && (err != nil || k.Public() != mine.Public()):
			t.Errorf("undisturbed the key is %v, %v", k, err)
		case swap != nil && (err == nil || !strings.Contains(err.Error(), "is not the file that it was")):
			t.Errorf("%s: the key is %v, and the error %v", name, k, err)
		}
	}
}

// TestKeyUnseen: however a key is printed, also within something else, its
// private half does not appear.
func TestKeyUnseen(t *testing.T) {
	k, err := ParseKey(rfcPrivate)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(rfcPrivate))
	seed := block.Bytes[len(block.Bytes)-ed25519.SeedSize:]
	within := struct {
		key  Key
		more *Key
	}{k, &k}
	for _, v := range []any{k, &k, within, &within, []Key{k}, map[string]Key{"a": k}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%T"} {
			text := strings.ToLower(fmt.Sprintf(verb, v))
			for _, secret := range []string{hex.EncodeToString(seed[:4]), strings.ToLower(base64.StdEncoding.EncodeToString(seed)[:8]), strings.Trim(fmt.Sprint(seed[:4]), "[]"), strings.Trim(strings.ToLower(fmt.Sprintf("%#v", seed[:4])), "[]byte{}")} {
				if strings.Contains(text, secret) {
					t.Errorf("%s of %T prints %s", verb, v, text)
				}
			}
		}
	}
	if fmt.Sprint(k) != k.Public() || !strings.HasPrefix(k.Public(), "ed25519:") {
		t.Errorf("a key prints as %v", k)
	}
}

// TestOpenSSLKey: what openssl makes is a key here.
func TestOpenSSLKey(t *testing.T) {
	text, err := exec.Command("openssl", "genpkey", "-algorithm", "ed25519").Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("openssl is not installed")
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseKey(string(text)); err != nil {
		t.Error(err)
	}
}
