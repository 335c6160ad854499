package shop

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"bookshop/internal/store"
)

// How long what tells about a person is kept.
const (
	KeepAddress = 90 * 24 * time.Hour      // after an order was sent or cancelled: time for returns
	KeepOrder   = 7 * 365 * 24 * time.Hour // after it was placed: what tax law asks of a shop in the Netherlands
	KeepAccount = 2 * 365 * 24 * time.Hour // after the last sign-in, for customers
)

// ReleaseUnpaid cancels orders that were not paid in time and puts their copies
// back into the stock.
func (s *Shop) ReleaseUnpaid(ctx context.Context) error {
	return store.Change(ctx, s.db, func(tx *sql.Tx) error {
		before := s.now().Add(-holdFor).Unix()
		_, err := tx.ExecContext(ctx, `UPDATE books SET stock = stock + l.copies
			FROM (SELECT book_id, sum(quantity) AS copies FROM order_lines JOIN orders ON orders.id = order_id
				WHERE status = 'open' AND placed <= ? GROUP BY book_id) AS l
			WHERE books.id = l.book_id`, before)
		if err != nil {
			return fmt.Errorf("putting copies back: %w", err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE orders SET status = 'cancelled', closed = ? WHERE status = 'open' AND placed <= ?`, s.now().Unix(), before)
		if err != nil {
			return fmt.Errorf("cancelling orders: %w", err)
		}
		return nil
	})
}

// Forget removes the addresses of a user's orders before their time, unless one
// of them is not closed.
func (s *Shop) Forget(ctx context.Context, user int64) error {
	return store.Change(ctx, s.db, func(tx *sql.Tx) error {
		var underWay bool
		err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM orders WHERE user_id = ? AND status NOT IN ('sent', 'cancelled'))`, user).Scan(&underWay)
		if err != nil {
			return fmt.Errorf("looking for orders under way: %w", err)
		}
		if underWay {
			return ErrUnderWay
		}
		if _, err := tx.ExecContext(ctx, `UPDATE orders SET address = '' WHERE user_id = ?`, user); err != nil {
			return fmt.Errorf("erasing addresses: %w", err)
		}
		return nil
	})
}

// Erase removes what tells about a person and is no longer needed.
func (s *Shop) Erase(ctx context.Context) error {
	now := s.now()
	return store.Change(ctx, s.db, func(tx *sql.Tx) error {
		for _, step := range []struct {
			what  string
			query string
			keep  time.Duration
		}{
			{"addresses", `UPDATE orders SET address = '' WHERE address <> '' AND closed <= ?`, KeepAddress},
			{"orders", `DELETE FROM orders WHERE placed <= ? AND status <> 'refund_due'`, KeepOrder},
			{"accounts", `DELETE FROM users WHERE role = 'customer' AND seen <= ?`, KeepAccount},
		} {
			if _, err := tx.ExecContext(ctx, step.query, now.Add(-step.keep).Unix()); err != nil {
				return fmt.Errorf("erasing old %s: %w", step.what, err)
			}
		}
		return nil
	})
}
