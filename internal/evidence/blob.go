package evidence

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"path"

	"ssf"
)

// MaxBlob bounds what is read of one blob, in bytes: what a command may print,
// and the reports that it may leave.
const MaxBlob = 256 << 20

// ReadBlob reads the blob of a digest in the folder of a model. The error is
// [fs.ErrNotExist] if it was not kept here, and another if it is not what was
// kept.
func ReadBlob(fsys fs.FS, id ssf.Digest) ([]byte, error) {
	name := path.Join(Blobs, id.String())
	if info, err := fs.Lstat(fsys, name); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("reading blob %s: not an ordinary file", name)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading blob: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxBlob+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading blob %s: %w", name, err)
	case len(text) > MaxBlob:
		return nil, fmt.Errorf("reading blob %s: %w", name, over("MaxBlob", MaxBlob, "bytes"))
	case ssf.Digest(sha256.Sum256(text)) != id:
		return nil, fmt.Errorf("reading blob %s: it is not what its name says", name)
	}
	return text, nil
}
