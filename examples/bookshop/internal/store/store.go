// Package store opens the database of the shop and holds its schema. The
// packages account, session and shop each ask their own tables.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Open opens the database in the file at path, which it makes readable by its
// owner only, and brings it to the current schema.
func Open(ctx context.Context, path string) (*sql.DB, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	settings := url.Values{
		"_pragma": {"foreign_keys(1)", "journal_mode(wal)", "busy_timeout(5000)", "secure_delete(1)"},
		"_txlock": {"immediate"}, // a transaction that will write waits at its beginning
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+settings.Encode())
	if err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	db.SetMaxOpenConns(4)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		db.Close()
		return nil, fmt.Errorf("creating tables: %w", err)
	}
	return db, nil
}

// Change runs do in a transaction, which it commits if do returns nil and
// otherwise undoes as a whole.
func Change(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning transaction: %w", err)
	}
	defer tx.Rollback() // without effect after Commit
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing transaction: %w", err)
	}
	return nil
}

// Changed reports whether a statement changed any row, which SQLite always knows.
func Changed(res sql.Result) bool {
	n, err := res.RowsAffected()
	return err == nil && n > 0
}

// All reads every row of a query into values that scan makes of one row each.
func All[T any](rows *sql.Rows, scan func(scan func(...any) error) (T, error)) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("reading row: %w", err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading rows: %w", err)
	}
	return all, nil
}
