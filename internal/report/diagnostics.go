package report

import (
	"io"

	"ssf"
	"ssf/internal/markup"
)

// Diagnostics writes diagnostics with their lines and ways out, and nothing else.
func Diagnostics(w io.Writer, ds []ssf.Diagnostic, style Style) error {
	p := newPage(w, style)
	for _, d := range ds {
		p.diagnostic(d)
	}
	return p.err
}

// Line is one line of text from a file, safe to print.
func Line(s string) string { return markup.Clean(s) }
