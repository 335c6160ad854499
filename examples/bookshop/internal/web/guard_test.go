package web

import (
	"crypto/tls"
	_ "expvar"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	_ "net/http/pprof"
	"os"
	"strings"
	"testing"
	"time"

	"bookshop/internal/account"
)

func TestFormNeedsToken(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	b, eve := s.user("ann", account.Customer), s.user("eve", account.Customer)
	visitor := s.browser()
	for name, token := range map[string]string{"none": "", "invented": strings.Repeat("0", 64), "of another session": eve.token(), "of a visitor": visitor.token()} {
		if r := b.post("/basket", "book", "1", "quantity", "1", "token", token); r.StatusCode != 403 {
			t.Errorf("token %s: status %d, want 403", name, r.StatusCode)
		}
		if r := visitor.post("/sign-in", "name", "eve", "password", goodPassword, "token", strings.TrimSuffix(token, "x")+"x"); r.StatusCode != 403 {
			t.Errorf("sign-in with token %s: status %d, want 403", name, r.StatusCode)
		}
	}
	equal(t, "basket", s.count(`SELECT count(*) FROM basket`), 0)
}

func TestForeignPageIsRefused(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	b := s.user("ann", account.Customer)
	for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		req := b.form("/basket", "book", "1", "quantity", "1")
		req.Header.Set(header, value)
		b.send(req).status(403)
	}
	equal(t, "basket", s.count(`SELECT count(*) FROM basket`), 0)
	req := b.form("/basket", "book", "1", "quantity", "1")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	b.send(req).status(303)
}

func TestHeaders(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	for _, path := range []string{"/", "/books/1", "/sign-in", "/nothing", "/static/style.css"} {
		h := s.browser().get(path).Header
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: policy %q lacks %s", path, policy, part)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") {
			t.Errorf("%s: policy %q lets script in", path, policy)
		}
		equal(t, path+" frames", h.Get("X-Frame-Options"), "DENY")
		equal(t, path+" types", h.Get("X-Content-Type-Options"), "nosniff")
		equal(t, path+" TLS", strings.HasPrefix(h.Get("Strict-Transport-Security"), "max-age="), true)
	}
	equal(t, "page is kept", s.browser().get("/").Header.Get("Cache-Control"), "no-store")
}

func TestOversizeBody(t *testing.T) {
	s := newSite(t)
	b := s.user("ann", account.Customer)
	b.post("/orders", "address", strings.Repeat("x", 60<<10)).status(422)
	b.post("/orders", "address", strings.Repeat("x", 1<<20)).status(413)
	s.browser().send(s.browser().form("/payments/notice", "x", strings.Repeat("x", 1<<20))).status(413)
}

func TestBrokenForm(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	req := b.form("/sign-in")
	req.Body, req.ContentLength = io.NopCloser(strings.NewReader("token=%zz")), 9
	b.send(req).status(422).has("That form cannot be read.")
}

func TestTooManyRequests(t *testing.T) {
	s := newSite(t)
	send := func(from string) int {
		r := httptest.NewRequest(http.MethodGet, "/static/style.css", nil)
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w.Code
	}
	for range requestsPerMinute {
		equal(t, "status", send("192.0.2.1:1000"), 200)
	}
	equal(t, "one too many", send("192.0.2.1:1001"), 429)
	equal(t, "from elsewhere", send("192.0.2.2:1000"), 200)
	for i := range requestsPerMinute {
		send(fmt.Sprintf("[2001:db8:0:1::%x]:1000", i))
	}
	equal(t, "from one network", send("[2001:db8:0:1::ffff:1]:1000"), 429)
	s.wait(time.Minute)
	equal(t, "a minute later", send("192.0.2.1:1001"), 200)
}

func TestTooManyAtOnce(t *testing.T) {
	s := newSite(t)
	for range requestsAtOnce {
		s.server.inFlight <- struct{}{}
	}
	s.browser().get("/").status(503)
	<-s.server.inFlight
	s.browser().get("/").status(200)
}

func TestSlowClient(t *testing.T) {
	s := newSite(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	server := NewHTTPServer("", s.handler, 100*time.Millisecond, s.server.Log)
	go server.Serve(listener)
	defer server.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	must(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n")
	must(t, err)
	must(t, conn.SetReadDeadline(time.Now().Add(3*time.Second)))
	if _, err := io.ReadAll(conn); os.IsTimeout(err) {
		t.Error("the server still waits for the rest of the request")
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	s := newSite(t)
	server := httptest.NewUnstartedServer(nil)
	server.Config = NewHTTPServer("", s.handler, time.Second, s.server.Log)
	server.TLS = server.Config.TLSConfig.Clone()
	server.StartTLS()
	defer server.Close()
	connect := func(most uint16) error {
		trust := server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		trust.MinVersion, trust.MaxVersion = tls.VersionTLS10, most
		conn, err := tls.Dial("tcp", server.Listener.Addr().String(), trust)
		if err == nil {
			conn.Close()
		}
		return err
	}
	must(t, connect(tls.VersionTLS13))
	must(t, connect(tls.VersionTLS12))
	if connect(tls.VersionTLS11) == nil {
		t.Error("TLS 1.1 was taken")
	}
}

func TestErrorsTellNothing(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.get("/").status(200)
	s.db.Close()
	r := b.get("/").status(500).has("Something went wrong on our side.").lacks("sql").lacks("database").lacks("searching")
	i := strings.Index(r.text, "name ")
	reference := r.text[i+len("name ") : i+len("name ")+10]
	if !strings.Contains(s.log.String(), reference) || !strings.Contains(s.log.String(), "searching books") {
		t.Errorf("no error under %q in the log\n%s", reference, s.log)
	}
}

func TestPanicIsAnswered(t *testing.T) {
	s := newSite(t)
	h := s.server.guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret") }))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	equal(t, "status", w.Code, 500)
	if strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "goroutine") {
		t.Errorf("the answer tells %s", w.Body)
	}
}

// The packages expvar and pprof, which any dependency could import too, register
// pages for developers by themselves.
func TestNoDebugPages(t *testing.T) {
	b := newSite(t).browser()
	for _, path := range []string{"/debug/vars", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/heap", "/metrics"} {
		b.get(path).status(404).lacks("cmdline").lacks("goroutine")
	}
}

func TestHealth(t *testing.T) {
	s := newSite(t)
	s.browser().get("/health").status(200).has("ok")
	s.db.Close()
	s.browser().get("/health").status(500)
}

func TestLogsHoldNoSecrets(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	b := s.user("ann", account.Customer)
	b.get("/?q=canary-query").status(200)
	b.signIn("ann", "canary-password").status(422)
	b.post("/orders", "address", "canary-address 12345").status(422)
	b.order("1").status(303)
	audited, err := os.ReadFile(s.audit)
	must(t, err)
	for where, text := range map[string]string{"log": s.log.String(), "audit log": string(audited)} {
		if !strings.Contains(text, "\n") {
			t.Errorf("%s is empty", where)
		}
		for _, secret := range []string{"canary", goodPassword, b.cookie(sessionCookie), b.token(), "Canal Street", s.provider.Key} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %q\n%s", where, secret, text)
			}
		}
	}
}

func TestLogRecordIsOneLine(t *testing.T) {
	s := newSite(t)
	s.browser().get("/x%0A%7B%22msg%22:%22forged%22%7D").status(404)
	for line := range strings.Lines(s.log.String()) {
		if !strings.HasPrefix(line, `{"time":`) || !strings.HasSuffix(line, "}\n") {
			t.Errorf("log line %q", line)
		}
	}
	equal(t, "lines", strings.Count(s.log.String(), "\n"), 1)
}

func TestSecurityEventsAreRecorded(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	root := s.user("root", account.Admin)
	root.post("/admin/roles", "name", "nobody", "role", "clerk", "password", goodPassword).status(422)
	b := s.browser()
	b.post("/register", "name", "ann", "password", goodPassword).status(303)
	b.get("/admin/roles").status(403)
	b.order("1").status(303)
	b.post("/basket", "token", "").status(403)
	b.post("/sign-out").status(303)
	b.signIn("ann", "wrong").status(422)
	b.post("/payments/notice").status(401)
	text, err := os.ReadFile(s.audit)
	must(t, err)
	for _, want := range []string{
		`"what":"sign_in","outcome":"done","who":"root"`,
		`"what":"set_role","outcome":"done","who":"root","on":"nobody clerk"`,
		`"what":"register","outcome":"done","who":"ann"`,
		`"what":"request","outcome":"refused","who":"ann","on":"/admin/roles"`,
		`"what":"order","outcome":"done","who":"ann"`,
		`"what":"request","outcome":"refused","who":"ann","on":"/basket"`,
		`"what":"sign_out","outcome":"done","who":"ann"`,
		`"what":"sign_in","outcome":"refused","who":"ann"`,
		`"what":"payment_notice","outcome":"refused"`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no record %s in\n%s", want, text)
		}
	}
}

func TestNothingIsDoneUnrecorded(t *testing.T) {
	s := newSite(t)
	s.user("ann", account.Customer)
	root := s.user("root", account.Admin)
	must(t, s.server.Audit.Close())
	root.post("/admin/roles", "name", "ann", "role", "admin", "password", goodPassword).status(500)
	equal(t, "admins", s.count(`SELECT count(*) FROM users WHERE role = 'admin'`), 1)
}

func TestForeignPagesLearnNothing(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	b := s.user("ann", account.Customer)
	path := b.order("1").status(303).Header.Get("Location")
	for _, path := range []string{"/", path, "/orders/none", "/static/style.css"} {
		h := b.get(path).Header
		equal(t, path+" windows", h.Get("Cross-Origin-Opener-Policy"), "same-origin")
		equal(t, path+" embedding", h.Get("Cross-Origin-Resource-Policy"), "same-origin")
		equal(t, path+" reading", h.Get("Access-Control-Allow-Origin"), "")
	}
}

func TestStaffIsRecordedReading(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	ann, clerk := s.user("ann", account.Customer), s.user("clerk", account.Clerk)
	path := ann.order("1").status(303).Header.Get("Location")
	ann.get(path).status(200)
	clerk.get(path).status(200).has(home)
	text, err := os.ReadFile(s.audit)
	must(t, err)
	equal(t, "records", strings.Count(string(text), `"what":"see_order","outcome":"done","who":"clerk","on":"`+strings.TrimPrefix(path, "/orders/")+`"`), 1)
	equal(t, "records of her own", strings.Count(string(text), `"what":"see_order","outcome":"done","who":"ann"`), 0)
	must(t, s.server.Audit.Close())
	clerk.get(path).status(500).lacks("Canal Street")
}
