package web

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"bookshop/internal/account"
	"bookshop/internal/audit"
	"bookshop/internal/problem"
	"bookshop/internal/shop"
)

// before records what a member of the staff is about to do or see. Without the record
// it is not done.
func (s *Server) before(v visitor, what, on string) error {
	return s.Audit.Record(audit.Event{What: what, Outcome: audit.Done, Who: v.user.Name, On: on, Address: v.address})
}

func (s *Server) allOrders(w http.ResponseWriter, r *http.Request, v visitor) error {
	orders, err := s.Shop.Orders(r.Context())
	if err != nil {
		return err
	}
	return s.show(w, http.StatusOK, v, "orders", "All orders", ordersView{orders, true})
}

func (s *Server) closeOrder(w http.ResponseWriter, r *http.Request, v visitor) error {
	id := r.PathValue("id")
	if err := s.before(v, "close_order", id); err != nil {
		return err
	}
	if err := s.Shop.Close(r.Context(), id); err != nil {
		return err
	}
	http.Redirect(w, r, "/orders/"+id, http.StatusSeeOther)
	return nil
}

// bookID reads the id in a path; "new" is 0.
func bookID(r *http.Request) (int64, error) {
	if r.PathValue("id") == "new" {
		return 0, nil
	}
	id, err := number(r.PathValue("id"))
	if err != nil || id <= 0 {
		return 0, problem.NotFound
	}
	return id, nil
}

func (s *Server) editBook(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := bookID(r)
	if err != nil {
		return err
	}
	var b shop.Book
	if id != 0 {
		if b, err = s.Shop.Book(r.Context(), id); err != nil {
			return err
		}
	}
	return s.show(w, http.StatusOK, v, "edit-book", "Edit book", b)
}

func (s *Server) saveBook(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := bookID(r)
	if err != nil {
		return err
	}
	b := shop.Book{ID: id, ISBN: r.PostForm.Get("isbn"), Title: r.PostForm.Get("title"), Author: r.PostForm.Get("author"), Cover: r.PostForm.Get("cover")}
	if b.Price, err = cents(r.PostForm.Get("price")); err != nil {
		return err
	}
	added, err := number(r.PostForm.Get("added"))
	if err != nil {
		return err
	}
	if err := s.before(v, "save_book", b.ISBN); err != nil {
		return err
	}
	if id, err = s.Shop.Save(r.Context(), b, added); err != nil {
		return err
	}
	http.Redirect(w, r, "/books/"+strconv.FormatInt(id, 10), http.StatusSeeOther)
	return nil
}

// cents reads an amount such as 12.50.
func cents(text string) (int64, error) {
	euros, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(euros >= 0 && euros <= 1_000_000) {
		return 0, problem.Problem("A price is a number such as 12.50.")
	}
	return int64(math.Round(euros * 100)), nil
}

func (s *Server) roles(w http.ResponseWriter, r *http.Request, v visitor) error {
	staff, err := s.Accounts.Staff(r.Context())
	if err != nil {
		return err
	}
	return s.show(w, http.StatusOK, v, "roles", "Roles", staff)
}

// setRole gives somebody a role, which ends his sessions, so that he signs in
// before he uses it. It takes the password of the admin, so that an open session
// is not enough. Nobody changes his own role.
func (s *Server) setRole(w http.ResponseWriter, r *http.Request, v visitor) error {
	name, role := r.PostForm.Get("name"), account.Role(r.PostForm.Get("role"))
	if strings.EqualFold(name, v.user.Name) {
		return problem.Problem("Your own role is changed by another admin.")
	}
	_, err := s.Accounts.SignIn(r.Context(), v.user.Name, r.PostForm.Get("password"), v.address)
	if errors.Is(err, account.ErrCredentials) || errors.Is(err, account.ErrTooMany) {
		s.note(audit.Event{What: "set_role", Outcome: audit.Refused, Who: v.user.Name, On: name + " " + string(role), Address: v.address})
	}
	if err != nil {
		return err
	}
	if err := s.before(v, "set_role", name+" "+string(role)); err != nil {
		return err
	}
	if _, err := s.Accounts.SetRole(r.Context(), name, role); err != nil {
		return err
	}
	http.Redirect(w, r, "/admin/roles", http.StatusSeeOther)
	return nil
}
