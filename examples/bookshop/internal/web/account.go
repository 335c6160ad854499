package web

import (
	"errors"
	"net/http"

	"bookshop/internal/account"
	"bookshop/internal/audit"
)

func (s *Server) signInPage(w http.ResponseWriter, r *http.Request, v visitor) error {
	return s.show(w, http.StatusOK, v, "sign-in", "Sign in", nil)
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request, v visitor) error {
	name := r.PostForm.Get("name")
	u, err := s.Accounts.SignIn(r.Context(), name, r.PostForm.Get("password"), v.address)
	if errors.Is(err, account.ErrCredentials) || errors.Is(err, account.ErrTooMany) {
		s.note(audit.Event{What: "sign_in", Outcome: audit.Refused, Who: name, Address: v.address})
	}
	if err != nil {
		return err
	}
	return s.begin(w, r, v, u, "sign_in")
}

func (s *Server) registerPage(w http.ResponseWriter, r *http.Request, v visitor) error {
	return s.show(w, http.StatusOK, v, "register", "Register", nil)
}

func (s *Server) register(w http.ResponseWriter, r *http.Request, v visitor) error {
	u, err := s.Accounts.Register(r.Context(), r.PostForm.Get("name"), r.PostForm.Get("password"), v.address)
	if err != nil {
		return err
	}
	return s.begin(w, r, v, u, "register")
}

// begin starts the session of somebody who has just shown who he is, instead of
// the one that his browser had.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, v visitor, u account.User, what string) error {
	if err := s.Audit.Record(audit.Event{What: what, Outcome: audit.Done, Who: u.Name, Address: v.address}); err != nil {
		return err
	}
	var old string
	if c, err := r.Cookie(sessionCookie); err == nil {
		old = c.Value
	}
	id, err := s.Sessions.Start(r.Context(), u, old)
	if err != nil {
		return err
	}
	setCookie(w, sessionCookie, id)
	setCookie(w, visitCookie, "")
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request, v visitor) error {
	if err := s.Sessions.End(r.Context(), v.session); err != nil {
		return err
	}
	s.note(audit.Event{What: "sign_out", Outcome: audit.Done, Who: v.user.Name, Address: v.address})
	setCookie(w, sessionCookie, "")
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (s *Server) accountPage(w http.ResponseWriter, r *http.Request, v visitor) error {
	return s.show(w, http.StatusOK, v, "account", "Your account", nil)
}

// changePassword also ends, by a trigger of the schema, the sessions of
// the account everywhere, and begins a new one here.
func (s *Server) changePassword(w http.ResponseWriter, r *http.Request, v visitor) error {
	err := s.Accounts.ChangePassword(r.Context(), v.user, r.PostForm.Get("present"), r.PostForm.Get("next"), v.address)
	if errors.Is(err, account.ErrCredentials) || errors.Is(err, account.ErrTooMany) {
		s.note(audit.Event{What: "change_password", Outcome: audit.Refused, Who: v.user.Name, Address: v.address})
	}
	if err != nil {
		return err
	}
	return s.begin(w, r, v, v.user, "change_password")
}
