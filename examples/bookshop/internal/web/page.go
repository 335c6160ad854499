package web

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"bookshop/internal/account"
	"bookshop/internal/audit"
	"bookshop/internal/problem"
)

// pages has one template a page, each with the frame around it.
var pages = func() map[string]*template.Template {
	frame := template.Must(template.New("").Funcs(template.FuncMap{
		"money": func(cents int64) string { return fmt.Sprintf("€ %d.%02d", cents/100, cents%100) },
		"euros": func(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) },
		"day":   func(t time.Time) string { return t.Format("2 January 2006, 15:04") },
		"words": func(status any) string { return strings.ReplaceAll(fmt.Sprint(status), "_", " ") },
	}).ParseFS(files, "templates/frame.html"))
	all := map[string]*template.Template{}
	for _, name := range []string{"home", "book", "sign-in", "register", "account", "basket", "orders", "order", "edit-book", "roles", "message"} {
		all[name] = template.Must(template.Must(frame.Clone()).ParseFS(files, "templates/"+name+".html"))
	}
	return all
}()

// view is what every page can show.
type view struct {
	Title   string
	User    account.User
	Staff   bool
	Admin   bool
	Token   string
	Content any
}

// show writes a page as a whole or, if it cannot be made, not at all.
func (s *Server) show(w http.ResponseWriter, status int, v visitor, page, title string, content any) error {
	var text bytes.Buffer
	err := pages[page].ExecuteTemplate(&text, "frame", view{
		Title: title, User: v.user, Token: v.token, Content: content,
		Staff: v.user.Role == account.Clerk || v.user.Role == account.Admin,
		Admin: v.user.Role == account.Admin,
	})
	if err != nil {
		return fmt.Errorf("making page %s: %w", page, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = text.WriteTo(w) // nobody is left to be told
	return nil
}

// message is the content of the page of that name.
type message struct {
	Text      string
	Reference string // finds the record in the log
	Back      string // path to go on at
}

// fail answers a request that came to nothing. What the sender may know is a
// Problem; of everything else he gets a fixed text, and the log the error.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, v visitor, err error) {
	var p problem.Problem
	var tooLarge *http.MaxBytesError
	status, m := http.StatusInternalServerError, message{Back: "/"}
	switch {
	case errors.Is(err, errSignIn):
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return
	case errors.Is(err, errForbidden), errors.Is(err, errForm), errors.Is(err, errForeign):
		status, m.Text = http.StatusForbidden, "You may not do that."
		s.note(audit.Event{What: "request", Outcome: audit.Refused, Who: v.user.Name, On: r.URL.Path, Address: v.address})
	case errors.Is(err, errTooMany):
		status, m.Text = http.StatusTooManyRequests, "You send too much. Try again in a minute."
	case errors.Is(err, errCrowded):
		status, m.Text = http.StatusServiceUnavailable, "Too many people are here. Try again in a minute."
	case errors.As(err, &tooLarge):
		status, m.Text = http.StatusRequestEntityTooLarge, "That is too much at once."
	case errors.Is(err, problem.NotFound):
		status, m.Text = http.StatusNotFound, string(problem.NotFound)
	case errors.Is(err, account.ErrTooMany):
		status, m.Text, m.Back = http.StatusTooManyRequests, string(account.ErrTooMany), r.URL.Path
	case errors.As(err, &p):
		status, m.Text, m.Back = http.StatusUnprocessableEntity, string(p), r.URL.Path
	default:
		m.Reference = rand.Text()[:10]
		m.Text = "Something went wrong on our side. It has been noted."
		s.Log.Error("request failed", "error", err.Error(), "reference", m.Reference)
	}
	if err := s.show(w, status, v, "message", http.StatusText(status), m); err != nil {
		s.Log.Error("page failed", "error", err.Error())
		http.Error(w, http.StatusText(status), status)
	}
}

// note records an event whose record the answer need not wait for.
func (s *Server) note(e audit.Event) {
	if err := s.Audit.Record(e); err != nil {
		s.Log.Error("audit record lost", "what", e.What, "error", err.Error())
	}
}
