package shop

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"bookshop/internal/account"
	"bookshop/internal/problem"
	"bookshop/internal/store"
)

// Status is how far an order is.
type Status string

// An order is open until it is paid or, after a while, cancelled. What is paid
// after that, or not in full, is to be refunded by a clerk.
const (
	Open      Status = "open"
	Paid      Status = "paid"
	Sent      Status = "sent"
	Cancelled Status = "cancelled"
	RefundDue Status = "refund_due"
)

// An Order is what a customer has bought, at the prices of that moment.
type Order struct {
	ID      string
	User    int64 // 0 if the account is gone
	Status  Status
	Total   int64  // cents
	Address string // empty once it is no longer needed
	Payment string // the provider's id of the payment, empty before it has one
	PayURL  string // where the customer pays
	Placed  time.Time
	Lines   []Line
}

// What can be wrong with an order.
const (
	ErrEmpty       = problem.Problem("The basket is empty.")
	ErrAddress     = problem.Problem("An address has 10 to 500 characters.")
	ErrSoldOut     = problem.Problem("There are not enough copies left. Nothing was ordered.")
	ErrUnderWay    = problem.Problem("There are orders that are not closed.")
	ErrNothingToDo = problem.Problem("Only an order that is paid or to be refunded can be closed.")
	ErrTooManyDue  = problem.Problem("Pay or let lapse the orders that are open before you place another one.")
)

const (
	holdFor   = 30 * time.Minute // how long copies are kept for an order that is not paid
	openAtOne = 3                // unpaid orders of one customer at a time
)

// Place makes an order of what is in a user's basket, takes the copies from the
// stock and empties the basket: all of it or nothing.
func (s *Shop) Place(ctx context.Context, user int64, address string) (Order, error) {
	address = strings.TrimSpace(address)
	if n := utf8.RuneCountInString(address); n < 10 || n > 500 || !utf8.ValidString(address) {
		return Order{}, ErrAddress
	}
	o := Order{ID: rand.Text(), User: user, Status: Open, Address: address, Placed: s.now()}
	err := store.Change(ctx, s.db, func(tx *sql.Tx) error {
		var due int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM orders WHERE user_id = ? AND status = 'open'`, user).Scan(&due); err != nil {
			return fmt.Errorf("counting open orders: %w", err)
		}
		if due >= openAtOne {
			return ErrTooManyDue
		}
		var err error
		if o.Lines, err = basket(ctx, tx, user); err != nil {
			return err
		}
		if len(o.Lines) == 0 {
			return ErrEmpty
		}
		o.Total = Sum(o.Lines)
		_, err = tx.ExecContext(ctx, `INSERT INTO orders (id, user_id, status, total, address, placed) VALUES (?, ?, ?, ?, ?, ?)`,
			o.ID, o.User, o.Status, o.Total, o.Address, o.Placed.Unix())
		if err != nil {
			return fmt.Errorf("storing order: %w", err)
		}
		for _, l := range o.Lines {
			if err := take(ctx, tx, o.ID, l); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM basket WHERE user_id = ?`, user); err != nil {
			return fmt.Errorf("emptying basket: %w", err)
		}
		return nil
	})
	if err != nil {
		return Order{}, err
	}
	return o, nil
}

// take moves the copies of a line from the stock into an order. Whether there
// are enough is decided by the statement that takes them.
func take(ctx context.Context, tx *sql.Tx, order string, l Line) error {
	res, err := tx.ExecContext(ctx, `UPDATE books SET stock = stock - ?1 WHERE id = ?2 AND stock >= ?1`, l.Quantity, l.Book)
	if err != nil {
		return fmt.Errorf("taking stock: %w", err)
	}
	if !store.Changed(res) {
		return ErrSoldOut
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO order_lines (order_id, book_id, title, price, quantity) VALUES (?, ?, ?, ?, ?)`,
		order, l.Book, l.Title, l.Price, l.Quantity)
	if err != nil {
		return fmt.Errorf("storing order: %w", err)
	}
	return nil
}

const orderColumns = `id, coalesce(user_id, 0), status, total, address, coalesce(payment, ''), pay_url, placed`

func scanOrder(scan func(...any) error) (o Order, err error) {
	var placed int64
	err = scan(&o.ID, &o.User, &o.Status, &o.Total, &o.Address, &o.Payment, &o.PayURL, &placed)
	o.Placed = time.Unix(placed, 0).UTC()
	return o, err
}

// Order returns the order of that id if the user may see it, and else
// problem.NotFound, so that nobody learns which ids there are.
func (s *Shop) Order(ctx context.Context, u account.User, id string) (Order, error) {
	o, err := scanOrder(s.db.QueryRowContext(ctx, `SELECT `+orderColumns+` FROM orders WHERE id = ?`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Order{}, problem.NotFound
	}
	if err != nil {
		return Order{}, fmt.Errorf("reading order: %w", err)
	}
	if err := maySee(u, o); err != nil {
		return Order{}, err
	}
	rows, err := s.db.QueryContext(ctx, `SELECT book_id, title, price, quantity FROM order_lines WHERE order_id = ? ORDER BY title, book_id`, id)
	if err != nil {
		return Order{}, fmt.Errorf("reading order: %w", err)
	}
	o.Lines, err = store.All(rows, scanLine)
	return o, err
}

// maySee decides about one order: its customer and the staff may see it.
func maySee(u account.User, o Order) error {
	if o.User == u.ID || u.Role == account.Clerk || u.Role == account.Admin {
		return nil
	}
	return problem.NotFound
}

// OrdersOf returns a user's latest orders, the newest first, without lines.
func (s *Shop) OrdersOf(ctx context.Context, user int64) ([]Order, error) {
	return s.orders(ctx, `SELECT `+orderColumns+` FROM orders WHERE user_id = ? ORDER BY placed DESC, id LIMIT 100`, user)
}

// AllOrdersOf returns everything that a user ever ordered, the newest first.
func (s *Shop) AllOrdersOf(ctx context.Context, u account.User) ([]Order, error) {
	orders, err := s.orders(ctx, `SELECT `+orderColumns+` FROM orders WHERE user_id = ? ORDER BY placed DESC, id`, u.ID)
	for i := 0; err == nil && i < len(orders); i++ {
		orders[i], err = s.Order(ctx, u, orders[i].ID)
	}
	return orders, err
}

// Orders returns the latest orders of all, the newest first, without lines.
func (s *Shop) Orders(ctx context.Context) ([]Order, error) {
	return s.orders(ctx, `SELECT `+orderColumns+` FROM orders ORDER BY placed DESC, id LIMIT 200`)
}

func (s *Shop) orders(ctx context.Context, query string, args ...any) ([]Order, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("listing orders: %w", err)
	}
	return store.All(rows, scanOrder)
}

// SetPayment notes where the provider takes the payment of an order.
func (s *Shop) SetPayment(ctx context.Context, id, payment, url string) error {
	if _, err := s.db.ExecContext(ctx, `UPDATE orders SET payment = ?, pay_url = ? WHERE id = ? AND status = 'open'`, payment, url, id); err != nil {
		return fmt.Errorf("noting payment: %w", err)
	}
	return nil
}

// ConfirmPayment notes that amount cents were paid with a payment of the
// provider, and returns the order. It may be called any number of times. What
// is not the full amount, or comes after the order was cancelled, makes it
// RefundDue.
func (s *Shop) ConfirmPayment(ctx context.Context, payment string, amount int64) (Order, error) {
	o, err := scanOrder(s.db.QueryRowContext(ctx, `UPDATE orders SET status = CASE
			WHEN status = 'open' AND total = ?2 THEN 'paid'
			WHEN status IN ('open', 'cancelled') THEN 'refund_due'
			ELSE status END
		WHERE payment = ?1 RETURNING `+orderColumns, payment, amount).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Order{}, problem.NotFound
	}
	if err != nil {
		return Order{}, fmt.Errorf("noting payment: %w", err)
	}
	return o, nil
}

// Close ends the work on an order: a paid one was sent, one whose refund was
// due was refunded.
func (s *Shop) Close(ctx context.Context, id string) error {
	res, err := s.db.ExecContext(ctx, `UPDATE orders SET status = CASE status WHEN 'paid' THEN 'sent' ELSE 'cancelled' END, closed = ?
		WHERE id = ? AND status IN ('paid', 'refund_due')`, s.now().Unix(), id)
	if err != nil {
		return fmt.Errorf("closing order: %w", err)
	}
	if !store.Changed(res) {
		return ErrNothingToDo
	}
	return nil
}
