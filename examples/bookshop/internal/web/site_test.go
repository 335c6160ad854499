package web

import (
	"bytes"
	"context"
	"crypto/x509"
	"database/sql"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"bookshop/internal/account"
	"bookshop/internal/audit"
	"bookshop/internal/fakepay"
	"bookshop/internal/pay"
	"bookshop/internal/session"
	"bookshop/internal/shop"
	"bookshop/internal/store"
)

const goodPassword = "blue heron in the reeds"

// site is a shop with its provider, both served over TLS.
type site struct {
	t        *testing.T
	db       *sql.DB
	server   *Server
	handler  http.Handler
	web      *httptest.Server
	provider *fakepay.Provider
	audit    string // file
	covers   string // folder
	log      *buffer

	mu    sync.Mutex
	later time.Duration
}

// buffer is a log that a test may read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (s *site) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.later)
}

func (s *site) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.later += d
}

func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{t: t, audit: filepath.Join(dir, "audit.jsonl"), covers: filepath.Join(dir, "covers"), log: &buffer{}}
	var err error
	s.db, err = store.Open(context.Background(), filepath.Join(dir, "shop.db"))
	must(t, err)
	records, err := audit.Open(s.audit, []byte("key of the audit log in tests"), s.now)
	must(t, err)
	must(t, os.Mkdir(s.covers, 0o700))
	root, err := os.OpenRoot(s.covers)
	must(t, err)

	s.provider = &fakepay.Provider{Key: "key of the shop", Secret: []byte("secret of notices")}
	paying := httptest.NewTLSServer(s.provider.Handler())
	authorities := x509.NewCertPool()
	authorities.AddCert(paying.Certificate())
	client, err := pay.NewClient(paying.URL, s.provider.Key, authorities)
	must(t, err)

	s.server = &Server{
		Accounts: account.New(s.db, account.Cost{Time: 1, Memory: 64, Threads: 1}, s.now), Sessions: session.New(s.db, s.now),
		Shop: shop.New(s.db, s.now), Pay: client, NoticeSecret: s.provider.Secret,
		Audit: records, Covers: root, Log: NewLogger(s.log), Now: s.now,
	}
	s.handler = s.server.Handler()
	s.web = httptest.NewTLSServer(s.handler)
	s.server.URL = s.web.URL
	s.provider.Self, s.provider.Shop, s.provider.Client = paying.URL, s.web.URL+"/payments/notice", s.web.Client()
	t.Cleanup(func() {
		s.web.Close()
		paying.Close()
		records.Close()
		root.Close()
		s.db.Close()
	})
	return s
}

// book puts a book into the catalogue.
func (s *site) book(title string, price, stock int64) int64 {
	s.t.Helper()
	var n int64
	must(s.t, s.db.QueryRow(`SELECT count(*) FROM books`).Scan(&n))
	id, err := s.server.Shop.Save(context.Background(), shop.Book{
		ISBN: "978" + strings.Repeat("0", 9) + string(rune('0'+n)), Title: title, Author: "Ann Author", Price: price,
	}, stock)
	must(s.t, err)
	return id
}

// count answers a query for one number.
func (s *site) count(query string, args ...any) int64 {
	s.t.Helper()
	var n int64
	must(s.t, s.db.QueryRow(query, args...).Scan(&n))
	return n
}

// browser is somebody who looks at the shop.
type browser struct {
	*site
	client *http.Client
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	client := *s.web.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{s, &client}
}

// user is a browser in which somebody of that role is signed in.
func (s *site) user(name string, role account.Role) *browser {
	s.t.Helper()
	_, err := s.server.Accounts.Register(context.Background(), name, goodPassword, name)
	must(s.t, err)
	_, err = s.server.Accounts.SetRole(context.Background(), name, role)
	must(s.t, err)
	b := s.browser()
	b.signIn(name, goodPassword).status(303)
	return b
}

type reply struct {
	t *testing.T
	*http.Response
	text string
}

func (b *browser) send(req *http.Request) reply {
	b.t.Helper()
	res, err := b.client.Do(req)
	must(b.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(b.t, err)
	return reply{b.t, res, string(body)}
}

func (b *browser) get(path string) reply {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodGet, b.web.URL+path, nil)
	must(b.t, err)
	return b.send(req)
}

// form is what a page of the shop would send: fields, as pairs, with the token.
func (b *browser) form(path string, fields ...string) *http.Request {
	b.t.Helper()
	values := url.Values{"token": {b.token()}}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, b.web.URL+path, strings.NewReader(values.Encode()))
	must(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

func (b *browser) post(path string, fields ...string) reply {
	b.t.Helper()
	return b.send(b.form(path, fields...))
}

var tokenField = regexp.MustCompile(`name="token" value="([0-9a-f]*)"`)

func (b *browser) token() string {
	b.t.Helper()
	found := tokenField.FindStringSubmatch(b.get("/sign-in").text)
	if found == nil {
		b.t.Fatal("page has no form token")
	}
	return found[1]
}

func (b *browser) signIn(name, password string) reply {
	b.t.Helper()
	return b.post("/sign-in", "name", name, "password", password)
}

// signedIn reports whether the shop knows who this browser is.
func (b *browser) signedIn() bool {
	b.t.Helper()
	return b.get("/account").StatusCode == 200
}

// cookie returns what the browser has under that name.
func (b *browser) cookie(name string) string {
	u, err := url.Parse(b.web.URL)
	must(b.t, err)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (r reply) status(want int) reply {
	r.t.Helper()
	if r.StatusCode != want {
		r.t.Fatalf("%s %s: status %d, want %d\n%s", r.Request.Method, r.Request.URL, r.StatusCode, want, r.text)
	}
	return r
}

func (r reply) has(want string) reply {
	r.t.Helper()
	if !strings.Contains(html.UnescapeString(r.text), want) {
		r.t.Errorf("%s: no %q in\n%s", r.Request.URL, want, r.text)
	}
	return r
}

func (r reply) lacks(unwanted string) reply {
	r.t.Helper()
	if strings.Contains(r.text, unwanted) {
		r.t.Errorf("%s: %q in\n%s", r.Request.URL, unwanted, r.text)
	}
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
