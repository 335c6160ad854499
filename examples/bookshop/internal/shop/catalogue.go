// Package shop sells books: the catalogue, each customer's basket, and orders.
// Money is in euro cents.
package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"bookshop/internal/problem"
	"bookshop/internal/store"
)

// Shop answers for books, baskets and orders. Make one with New.
type Shop struct {
	db  *sql.DB
	now func() time.Time
}

// New makes the shop on a database that package store opened.
func New(db *sql.DB, now func() time.Time) *Shop { return &Shop{db, now} }

// A Book is an entry of the catalogue.
type Book struct {
	ID                  int64
	ISBN, Title, Author string
	Price               int64  // cents
	Stock               int64  // copies that can be sold
	Cover               string // name of a file in the folder of covers, or empty
}

// What can be wrong with a book that a clerk enters.
const (
	ErrBook = problem.Problem("A book has an ISBN of 13 digits, a title and an author of at most 200 characters, a price of at most 10,000, and never fewer than no copies.")
	ErrISBN = problem.Problem("There is another book with that ISBN.")
)

const (
	found       = 50  // books of one search
	queryLength = 100 // characters of a search that count
)

const columns = `id, isbn, title, author, price, stock, cover`

func scanBook(scan func(...any) error) (b Book, err error) {
	return b, scan(&b.ID, &b.ISBN, &b.Title, &b.Author, &b.Price, &b.Stock, &b.Cover)
}

// Search returns the first books whose title, author or ISBN has the words of
// query in it as they stand, by title. An empty query finds every book.
func (s *Shop) Search(ctx context.Context, query string) ([]Book, error) {
	if runes := []rune(query); len(runes) > queryLength {
		query = string(runes[:queryLength])
	}
	rows, err := s.db.QueryContext(ctx, `SELECT `+columns+` FROM books
		WHERE instr(lower(title || char(10) || author || char(10) || isbn), lower(?)) > 0 ORDER BY title, id LIMIT ?`, query, found)
	if err != nil {
		return nil, fmt.Errorf("searching books: %w", err)
	}
	return store.All(rows, scanBook)
}

// Book returns one book, or problem.NotFound.
func (s *Shop) Book(ctx context.Context, id int64) (Book, error) {
	b, err := scanBook(s.db.QueryRowContext(ctx, `SELECT `+columns+` FROM books WHERE id = ?`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Book{}, problem.NotFound
	}
	if err != nil {
		return Book{}, fmt.Errorf("reading book: %w", err)
	}
	return b, nil
}

var isbn13 = regexp.MustCompile(`^97[89][0-9]{10}$`)

// Save stores a book, a new one if its ID is 0, and adds copies to its stock;
// a negative number takes them away. Its Stock does not count, as books are
// sold while a clerk fills in a form. Save returns the book's ID.
func (s *Shop) Save(ctx context.Context, b Book, added int64) (int64, error) {
	b.Title, b.Author = strings.TrimSpace(b.Title), strings.TrimSpace(b.Author)
	if !isbn13.MatchString(b.ISBN) || !line(b.Title, 200) || !line(b.Author, 200) ||
		b.Price < 0 || b.Price > 10_000_00 || added < -100_000 || added > 100_000 || len(b.Cover) > 100 {
		return 0, ErrBook
	}
	err := store.Change(ctx, s.db, func(tx *sql.Tx) error {
		var taken bool
		err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM books WHERE isbn = ? AND id <> ?)`, b.ISBN, b.ID).Scan(&taken)
		if err != nil {
			return fmt.Errorf("storing book: %w", err)
		}
		if taken {
			return ErrISBN
		}
		if b.ID == 0 {
			err = tx.QueryRowContext(ctx, `INSERT INTO books (isbn, title, author, price, stock, cover) SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?5 >= 0 RETURNING id`,
				b.ISBN, b.Title, b.Author, b.Price, added, b.Cover).Scan(&b.ID)
		} else {
			err = tx.QueryRowContext(ctx, `UPDATE books SET isbn = ?1, title = ?2, author = ?3, price = ?4, stock = stock + ?5, cover = ?6
				WHERE id = ?7 AND stock + ?5 >= 0 RETURNING id`,
				b.ISBN, b.Title, b.Author, b.Price, added, b.Cover, b.ID).Scan(&b.ID)
		}
		if errors.Is(err, sql.ErrNoRows) {
			return ErrBook
		}
		if err != nil {
			return fmt.Errorf("storing book: %w", err)
		}
		return nil
	})
	return b.ID, err
}

// line reports whether text is one non-empty line of at most most characters.
func line(text string, most int) bool {
	return text != "" && utf8.ValidString(text) && utf8.RuneCountInString(text) <= most && !strings.ContainsAny(text, "\r\n\x00")
}
