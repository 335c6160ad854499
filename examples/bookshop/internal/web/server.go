// Package web is the shop's face: pages for people, and the address to which
// the payment provider sends its notices.
//
// A request passes guard.go (limits, headers, log), then handle in this file
// (who is it, may he, does it come from a page of ours), then a handler.
package web

import (
	"crypto/tls"
	"embed"
	"log/slog"
	"net/http"
	"os"
	"time"

	"bookshop/internal/account"
	"bookshop/internal/audit"
	"bookshop/internal/limit"
	"bookshop/internal/pay"
	"bookshop/internal/session"
	"bookshop/internal/shop"
)

//go:embed templates static
var files embed.FS

// Server is what the pages need. Fill every field and serve its Handler.
type Server struct {
	URL          string // the shop's own address, without a slash at its end
	Accounts     *account.Service
	Sessions     *session.Store
	Shop         *shop.Shop
	Pay          *pay.Client
	NoticeSecret []byte // with which the provider signs notices
	Audit        *audit.Log
	Covers       *os.Root // folder of cover pictures
	Log          *slog.Logger
	Now          func() time.Time

	requests *limit.Limiter
	inFlight chan struct{}
}

// access says who may send a request. The zero access lets nobody in.
type access int

const (
	nobody access = iota
	anyone
	customers // whoever is signed in
	clerks    // and admins
	admins
)

type handler func(w http.ResponseWriter, r *http.Request, v visitor) error

// Handler serves the shop.
func (s *Server) Handler() http.Handler {
	s.requests = limit.New(requestsPerMinute, time.Minute, s.Now)
	s.inFlight = make(chan struct{}, requestsAtOnce)
	mux := http.NewServeMux()
	for _, route := range []struct {
		pattern string
		need    access
		do      handler
	}{
		{"/", anyone, s.unknown},
		{"GET /{$}", anyone, s.home},
		{"GET /books/{id}", anyone, s.book},
		{"GET /covers/{name}", anyone, s.cover},
		{"GET /static/style.css", anyone, s.style},
		{"GET /health", anyone, s.health},
		{"GET /sign-in", anyone, s.signInPage},
		{"POST /sign-in", anyone, s.signIn},
		{"GET /register", anyone, s.registerPage},
		{"POST /register", anyone, s.register},
		{"POST /sign-out", customers, s.signOut},
		{"GET /account", customers, s.accountPage},
		{"POST /account", customers, s.changePassword},
		{"GET /basket", customers, s.basket},
		{"POST /basket", customers, s.setQuantity},
		{"GET /orders", customers, s.orders},
		{"POST /orders", customers, s.placeOrder},
		{"GET /orders/{id}", customers, s.order},
		{"POST /orders/{id}/pay", customers, s.payOrder},
		{"GET /admin/orders", clerks, s.allOrders},
		{"POST /admin/orders/{id}", clerks, s.closeOrder},
		{"GET /admin/books/{id}", clerks, s.editBook},
		{"POST /admin/books/{id}", clerks, s.saveBook},
		{"GET /admin/roles", admins, s.roles},
		{"POST /admin/roles", admins, s.setRole},
	} {
		mux.Handle(route.pattern, s.handle(route.need, route.do))
	}
	mux.HandleFunc("POST /payments/notice", s.notice) // signed, without cookies
	return s.guard(mux)
}

// handle lets do answer only those requests that it is meant for.
func (s *Server) handle(need access, do handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := s.visitor(w, r)
		if err == nil {
			err = signedIn(v, need)
		}
		if err == nil {
			err = permitted(v, need)
		}
		if err == nil && r.Method == http.MethodPost {
			if err = fromOwnSite(r); err == nil {
				err = fromOwnForm(r, v)
			}
		}
		if err == nil {
			err = do(w, r, v)
		}
		if err != nil {
			s.fail(w, r, v, err)
		}
	})
}

// NewHTTPServer makes a server that waits no longer than patience for the next
// part of a request, and a bit longer for the whole.
func NewHTTPServer(addr string, h http.Handler, patience time.Duration, log *slog.Logger) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           h,
		ReadHeaderTimeout: patience,
		ReadTimeout:       2 * patience,
		WriteTimeout:      4 * patience,
		IdleTimeout:       12 * patience,
		MaxHeaderBytes:    16 << 10,
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12},
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
