package all_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"
)

// text is what stands in a file: of an archive, in its entries.
func text(t *testing.T, data []byte) string {
	t.Helper()
	if !binary(data) {
		return string(data)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&b, r); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}
