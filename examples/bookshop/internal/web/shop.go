package web

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"bookshop/internal/audit"
	"bookshop/internal/pay"
	"bookshop/internal/problem"
	"bookshop/internal/shop"
)

func (s *Server) unknown(http.ResponseWriter, *http.Request, visitor) error { return problem.NotFound }

func (s *Server) home(w http.ResponseWriter, r *http.Request, v visitor) error {
	query := r.URL.Query().Get("q")
	books, err := s.Shop.Search(r.Context(), query)
	if err != nil {
		return err
	}
	return s.show(w, http.StatusOK, v, "home", "Books", struct {
		Query string
		Books []shop.Book
	}{query, books})
}

func (s *Server) book(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := number(r.PathValue("id"))
	if err != nil {
		return problem.NotFound
	}
	b, err := s.Shop.Book(r.Context(), id)
	if err != nil {
		return err
	}
	return s.show(w, http.StatusOK, v, "book", b.Title, b)
}

const coverSize = 2 << 20 // bytes of a cover picture

// cover serves a picture from the folder of covers, and nothing else.
func (s *Server) cover(w http.ResponseWriter, r *http.Request, _ visitor) error {
	file, err := s.Covers.Open(r.PathValue("name"))
	if err != nil {
		return problem.NotFound // missing, or not inside the folder
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > coverSize {
		return problem.NotFound
	}
	picture, err := io.ReadAll(io.LimitReader(file, coverSize))
	if err != nil {
		return err
	}
	kind := http.DetectContentType(picture)
	if kind != "image/jpeg" && kind != "image/png" && kind != "image/webp" {
		return problem.NotFound
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=3600")
	http.ServeContent(w, r, "", info.ModTime(), bytes.NewReader(picture))
	return nil
}

func (s *Server) style(w http.ResponseWriter, r *http.Request, _ visitor) error {
	css, err := fs.ReadFile(files, "static/style.css")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(css))
	return nil
}

// health tells whoever watches the shop whether it can answer.
func (s *Server) health(w http.ResponseWriter, r *http.Request, _ visitor) error {
	if _, err := s.Shop.Search(r.Context(), "health"); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n")
	return nil
}

func (s *Server) basket(w http.ResponseWriter, r *http.Request, v visitor) error {
	lines, err := s.Shop.Basket(r.Context(), v.user.ID)
	if err != nil {
		return err
	}
	return s.show(w, http.StatusOK, v, "basket", "Your basket", struct {
		Lines []shop.Line
		Total int64
	}{lines, shop.Sum(lines)})
}

func (s *Server) setQuantity(w http.ResponseWriter, r *http.Request, v visitor) error {
	book, err := number(r.PostForm.Get("book"))
	if err != nil {
		return err
	}
	quantity, err := number(r.PostForm.Get("quantity"))
	if err != nil {
		return err
	}
	if err := s.Shop.SetQuantity(r.Context(), v.user.ID, book, quantity); err != nil {
		return err
	}
	http.Redirect(w, r, "/basket", http.StatusSeeOther)
	return nil
}

func (s *Server) orders(w http.ResponseWriter, r *http.Request, v visitor) error {
	orders, err := s.Shop.OrdersOf(r.Context(), v.user.ID)
	if err != nil {
		return err
	}
	return s.show(w, http.StatusOK, v, "orders", "Your orders", ordersView{Orders: orders})
}

type ordersView struct {
	Orders []shop.Order
	All    bool
}

// placeOrder takes nothing from the form but the address: what is bought and
// what it costs are in the database.
func (s *Server) placeOrder(w http.ResponseWriter, r *http.Request, v visitor) error {
	o, err := s.Shop.Place(r.Context(), v.user.ID, r.PostForm.Get("address"))
	if err != nil {
		return err
	}
	s.note(audit.Event{What: "order", Outcome: audit.Done, Who: v.user.Name, On: o.ID, Address: v.address})
	if err := s.askPayment(r, o); err != nil {
		s.Log.Error("payment not begun", "order", o.ID, "error", err.Error()) // the page of the order offers it again
	}
	http.Redirect(w, r, "/orders/"+o.ID, http.StatusSeeOther)
	return nil
}

func (s *Server) payOrder(w http.ResponseWriter, r *http.Request, v visitor) error {
	o, err := s.Shop.Order(r.Context(), v.user, r.PathValue("id"))
	if err != nil {
		return err
	}
	if o.Status == shop.Open && o.PayURL == "" {
		if err := s.askPayment(r, o); err != nil {
			return err
		}
	}
	http.Redirect(w, r, "/orders/"+o.ID, http.StatusSeeOther)
	return nil
}

// askPayment asks the provider for the payment of an order.
func (s *Server) askPayment(r *http.Request, o shop.Order) error {
	amount := o.Total
	p, err := s.Pay.Start(r.Context(), pay.Request{Order: o.ID, Amount: amount, Currency: "EUR", Return: s.URL + "/orders/" + o.ID})
	if err != nil {
		return err
	}
	return s.Shop.SetPayment(r.Context(), o.ID, p.ID, p.URL)
}

// order shows an order. That one of the staff looks at it is recorded.
func (s *Server) order(w http.ResponseWriter, r *http.Request, v visitor) error {
	o, err := s.Shop.Order(r.Context(), v.user, r.PathValue("id"))
	if err != nil {
		return err
	}
	if o.User != v.user.ID {
		if err := s.before(v, "see_order", o.ID); err != nil {
			return err
		}
	}
	return s.show(w, http.StatusOK, v, "order", "Order", o)
}

// notice takes a signed notice of the payment provider.
func (s *Server) notice(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.fail(w, r, visitor{}, err)
		return
	}
	n, err := pay.ReadNotice(s.NoticeSecret, body, r.Header.Get(pay.SignatureHeader), s.Now())
	if errors.Is(err, pay.ErrSignature) {
		s.note(audit.Event{What: "payment_notice", Outcome: audit.Refused, Address: address(r)})
		http.Error(w, "not signed by the provider", http.StatusUnauthorized)
		return
	}
	if err != nil {
		http.Error(w, "not a notice", http.StatusBadRequest)
		return
	}
	if n.Status == "paid" && n.Currency == "EUR" {
		o, err := s.Shop.ConfirmPayment(r.Context(), n.Payment, n.Amount)
		if err != nil {
			s.fail(w, r, visitor{}, err)
			return
		}
		s.note(audit.Event{What: "payment_" + string(o.Status), Outcome: audit.Done, Who: "payment provider", On: o.ID, Address: address(r)})
	}
	w.WriteHeader(http.StatusNoContent)
}

// number reads a whole number from a form or path.
func number(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, problem.Problem("That is not a number.")
	}
	return n, nil
}
