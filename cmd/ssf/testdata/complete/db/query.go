// Package db asks the database of the complete model; nothing runs it.
package db

// Exec runs a query with its arguments apart.
func Exec(query string, args ...any) {}
