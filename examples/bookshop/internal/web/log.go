package web

import (
	"io"
	"log/slog"
)

// NewLogger makes the log of operations: one JSON object a line, in which what
// others sent is only ever a value.
func NewLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, nil))
}
