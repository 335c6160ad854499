package shop

import (
	"context"
	"database/sql"
	"fmt"

	"bookshop/internal/problem"
	"bookshop/internal/store"
)

// A Line is a number of copies of one book, in a basket or an order.
type Line struct {
	Book     int64
	Title    string
	Price    int64 // cents, of one copy
	Quantity int64
}

// Sum is what the copies cost together.
func (l Line) Sum() int64 { return l.Price * l.Quantity }

// Sum is what lines cost together.
func Sum(lines []Line) int64 {
	var sum int64
	for _, l := range lines {
		sum += l.Sum()
	}
	return sum
}

const (
	copies = 20 // of one book in a basket, as in the schema
	titles = 50 // in a basket
)

// What can be wrong with a basket.
const (
	ErrQuantity = problem.Problem("A basket takes up to 20 copies of a book.")
	ErrFull     = problem.Problem("A basket takes up to 50 different books.")
)

// SetQuantity puts copies of a book into the basket of a user, instead of those
// that are in it; 0 takes it out.
func (s *Shop) SetQuantity(ctx context.Context, user, book, quantity int64) error {
	if quantity < 0 || quantity > copies {
		return ErrQuantity
	}
	if quantity == 0 {
		if _, err := s.db.ExecContext(ctx, `DELETE FROM basket WHERE user_id = ? AND book_id = ?`, user, book); err != nil {
			return fmt.Errorf("emptying basket: %w", err)
		}
		return nil
	}
	if _, err := s.Book(ctx, book); err != nil {
		return err
	}
	res, err := s.db.ExecContext(ctx, `INSERT INTO basket (user_id, book_id, quantity)
		SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM basket WHERE user_id = ?1 AND book_id <> ?2) < ?4
		ON CONFLICT DO UPDATE SET quantity = excluded.quantity`, user, book, quantity, titles)
	if err != nil {
		return fmt.Errorf("filling basket: %w", err)
	}
	if !store.Changed(res) {
		return ErrFull
	}
	return nil
}

// Basket returns what is in the basket of a user, by title, at today's prices.
func (s *Shop) Basket(ctx context.Context, user int64) ([]Line, error) {
	return basket(ctx, s.db, user)
}

// asker is a database or a transaction in it.
type asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func basket(ctx context.Context, db asker, user int64) ([]Line, error) {
	rows, err := db.QueryContext(ctx, `SELECT k.book_id, b.title, b.price, k.quantity
		FROM basket k JOIN books b ON b.id = k.book_id WHERE k.user_id = ? ORDER BY b.title, b.id`, user)
	if err != nil {
		return nil, fmt.Errorf("reading basket: %w", err)
	}
	return store.All(rows, scanLine)
}

func scanLine(scan func(...any) error) (l Line, err error) {
	return l, scan(&l.Book, &l.Title, &l.Price, &l.Quantity)
}
