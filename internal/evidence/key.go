package evidence

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

const (
	keyKind   = "ed25519:"    // what a public key begins with
	keyBlock  = "PRIVATE KEY" // RFC 7468, section 10
	keyEnding = ".pem"
	maxKey    = 4 << 10 // bytes of a key's file
)

// keyPrefix is what stands before the 32 bytes of an Ed25519 key in the
// PrivateKeyInfo of PKCS #8: RFC 8410, section 7.
var keyPrefix = []byte{0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20}

// ErrKeyName is the error for a name that no key can have.
var ErrKeyName = errors.New("a name is small letters and digits, with single hyphens between, at most 100")

// keyName is an id of a model.
var keyName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// A Key signs records: an Ed25519 key (RFC 8032). The zero Key signs nothing.
// However it is printed, the private key is not.
type Key struct {
	name   string
	public string
	sign   func(message []byte) (sig []byte) // holds the private key out of sight
}

// Name is the name of the key's file without .pem; empty if there is no file.
func (k Key) Name() string { return k.name }

// Public is the public key, `ed25519:BASE64`, as `signers:` has it.
func (k Key) Public() string { return k.public }

func (k Key) String() string { return k.public }

func newKey(name string, seed []byte) Key {
	private := ed25519.NewKeyFromSeed(seed)
	public := private.Public().(ed25519.PublicKey)
	return Key{name, keyKind + encoding.EncodeToString(public), func(message []byte) []byte { return ed25519.Sign(private, message) }}
}

// NewKey makes a key and writes it to the file NAME.pem in the folder dir, which
// it makes too. The name is an id. A file that is there is never touched: then
// the error is [fs.ErrExist]; for another name it is [ErrKeyName].
func NewKey(dir, name string) (Key, error) {
	if !isKeyName(name) {
		return Key{}, fmt.Errorf("making key %.100q: %w", name, ErrKeyName)
	}
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed) // never fails
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		_, err = private(dir, fs.ModeDir)
	}
	if err == nil {
		err = writeKey(filepath.Join(dir, name+keyEnding), seed)
	}
	if err != nil {
		return Key{}, fmt.Errorf("making key %s: %w", name, err)
	}
	return newKey(name, seed), nil
}

func writeKey(file string, seed []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: append(bytes.Clone(keyPrefix), seed...)}))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(file)
	}
	return err
}

// Keys are the keys in the folder dir, sorted by name; none if there is no
// folder. The error joins one for each file that should be a key and is none,
// and the others are returned all the same.
func Keys(dir string) ([]Key, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	var keys []Key
	var errs []error
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), keyEnding); ok {
			k, err := LoadKey(dir, name)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			keys = append(keys, k)
		}
	}
	return keys, errors.Join(errs...)
}

// LoadKey reads a key: by its name from the folder dir, or from a file whose
// path has a slash or ends in .pem. The file must be an ordinary one that only
// its owner can read. The error is [fs.ErrNotExist] where there is none.
func LoadKey(dir, nameOrFile string) (Key, error) {
	file, name := nameOrFile, strings.TrimSuffix(filepath.Base(nameOrFile), keyEnding)
	if !strings.ContainsAny(file, `/\`) && !strings.HasSuffix(file, keyEnding) {
		if !isKeyName(name) {
			return Key{}, fmt.Errorf("reading key: %.100q is neither the name of a key nor the path of a file", name)
		}
		if _, err := private(dir, fs.ModeDir); err != nil {
			return Key{}, fmt.Errorf("reading key %s: %w", name, err)
		}
		file = filepath.Join(dir, name+keyEnding)
	}
	text, err := readKey(file)
	if err != nil {
		return Key{}, fmt.Errorf("reading key %s: %w", name, err)
	}
	k, err := ParseKey(text)
	if err != nil {
		return Key{}, fmt.Errorf("%s: %w", file, err)
	}
	k.name = name
	return k, nil
}

func readKey(file string) (string, error) {
	looked, err := private(file, 0)
	if err != nil {
		return "", err
	}
	fail("key-looked-at")
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if opened, err := f.Stat(); err != nil || !os.SameFile(looked, opened) || opened.Mode() != looked.Mode() {
		return "", errors.Join(fmt.Errorf("%s is not the file that it was", file), err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKey+1))
	if err == nil && len(text) > maxKey {
		err = over("maxKey", maxKey, "bytes")
	}
	return string(text), err
}

// private looks at a file or folder for keys, and says what is wrong with it:
// another type than kind, or that not only its owner can use it.
func private(file string, kind fs.FileMode) (info fs.FileInfo, err error) {
	info, err = os.Lstat(file)
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("%s is a link; name the file itself", file)
	case info.Mode().Type() != kind && kind == fs.ModeDir:
		return nil, fmt.Errorf("%s is not a folder", file)
	case info.Mode().Type() != kind:
		return nil, fmt.Errorf("%s is not an ordinary file", file)
	case info.Mode().Perm()&0o077 == 0 || runtime.GOOS == "windows": // which has no such bits
		return info, nil
	case kind == fs.ModeDir:
		return nil, fmt.Errorf("others than its owner can use the folder %s; run `chmod 700 %s`", file, file)
	}
	return nil, fmt.Errorf("others than its owner can use %s; make a new key if one of them may have, or run `chmod 600 %s`", file, file)
}

// ParseKey reads a private key from PEM: PKCS #8 as RFC 8410 has it for
// Ed25519, which `openssl genpkey -algorithm ed25519` writes too. No error
// repeats any of the text.
func ParseKey(text string) (Key, error) {
	const way = "; want one block PRIVATE KEY with an Ed25519 key, as `openssl genpkey -algorithm ed25519` writes it"
	block, rest := pem.Decode([]byte(text))
	switch {
	case block == nil:
		return Key{}, errors.New("reading private key: this is not PEM" + way)
	case !strings.HasPrefix(strings.TrimSpace(text), "-----BEGIN") || len(bytes.TrimSpace(rest)) > 0:
		return Key{}, errors.New("reading private key: there is more than one block" + way)
	case block.Type != keyBlock || len(block.Headers) > 0:
		return Key{}, errors.New("reading private key: this is another kind of PEM, or one with a password" + way)
	}
	seed, ok := bytes.CutPrefix(block.Bytes, keyPrefix)
	if !ok || len(seed) != ed25519.SeedSize {
		return Key{}, errors.New("reading private key: this is another kind of key" + way)
	}
	return newKey("", seed), nil
}

// publicKey reads `ed25519:BASE64`.
func publicKey(text string) (ed25519.PublicKey, error) {
	b64, ok := strings.CutPrefix(text, keyKind)
	public, err := decode64(b64)
	if !ok || err != nil || len(public) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%.100q is not %sBASE64 with %d bytes", text, keyKind, ed25519.PublicKeySize)
	}
	return public, nil
}

func isKeyName(name string) bool { return len(name) <= 100 && keyName.MatchString(name) }
