package web

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"
)

const (
	requestsPerMinute = 600 // of one address
	requestsAtOnce    = 200 // of all
	bodySize          = 64 << 10
)

// What the guard refuses.
var (
	errTooMany = errors.New("too many requests from one address")
	errCrowded = errors.New("too many requests at once")
)

// guard is in front of everything: it limits what a request may cost, sets the
// headers that every answer has, survives a panic, and writes the log.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &answer{ResponseWriter: w, status: http.StatusOK}
		began := time.Now()
		defer func() {
			if p := recover(); p != nil {
				s.Log.Error("panic", "stack", string(debug.Stack()))
				s.fail(seen, r, visitor{}, errors.New("panic"))
			}
			s.logRequest(r, seen.status, time.Since(began))
		}()
		setHeaders(w.Header())
		if err := s.tooMany(r); err != nil {
			s.fail(seen, r, visitor{}, err)
			return
		}
		select {
		case s.inFlight <- struct{}{}:
			defer func() { <-s.inFlight }()
		default:
			s.fail(seen, r, visitor{}, errCrowded)
			return
		}
		r.Body = http.MaxBytesReader(seen, r.Body, bodySize)
		next.ServeHTTP(seen, r)
	})
}

// tooMany refuses an address that has sent more than its share.
func (s *Server) tooMany(r *http.Request) error {
	if s.requests.Add(address(r)) {
		return errTooMany
	}
	return nil
}

// setHeaders tells browsers what pages of the shop may do: no script at all, no
// frames, nothing from elsewhere, and never without TLS.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("Cache-Control", "no-store")
}

// logRequest writes the one record of a request. It holds these fields and no
// others: no query, form, cookie or address of a person.
func (s *Server) logRequest(r *http.Request, status int, took time.Duration) {
	s.Log.LogAttrs(r.Context(), slog.LevelInfo, "request",
		slog.String("method", r.Method),
		slog.String("path", r.URL.Path),
		slog.Int("status", status),
		slog.Duration("took", took))
}

// address is where a request comes from, as far as limits are concerned: an
// IPv4 address, or the 64 bits of an IPv6 address that one household has.
func address(r *http.Request) string {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return ip.String()
	}
	network, _ := ip.Prefix(64)
	return network.String()
}

// answer notes the status of an answer for the log.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController and http.MaxBytesReader.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
