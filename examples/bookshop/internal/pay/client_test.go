package pay_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"bookshop/internal/fakepay"
	"bookshop/internal/pay"
)

var request = pay.Request{Order: "order-1", Amount: 1200, Currency: "EUR", Return: "https://shop.example/orders/order-1"}

// client makes a client of a provider that answers with h.
func client(t *testing.T, h http.Handler) (*pay.Client, string) {
	t.Helper()
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	authorities := x509.NewCertPool()
	authorities.AddCert(server.Certificate())
	c, err := pay.NewClient(server.URL, "key of the shop", authorities)
	if err != nil {
		t.Fatal(err)
	}
	return c, server.URL
}

func TestPaymentIsAskedOnce(t *testing.T) {
	p := &fakepay.Provider{Key: "key of the shop"}
	c, url := client(t, p.Handler())
	p.Self = url
	for range 2 {
		got, err := c.Start(t.Context(), request)
		if want := (pay.Payment{ID: "pay-1", URL: url + "/pay/pay-1"}); got != want || err != nil {
			t.Errorf("Start: %v, %v, want %v", got, err, want)
		}
	}
	if asked, ok := p.Asked("pay-1"); !ok || asked != request {
		t.Errorf("asked %v", asked)
	}
	if _, ok := p.Asked("pay-2"); ok {
		t.Error("one order has two payments")
	}
}

func TestPayPageIsText(t *testing.T) {
	p := &fakepay.Provider{Key: "key of the shop"}
	c, url := client(t, p.Handler())
	p.Self = url
	odd := request
	odd.Currency = "<script>alert(1)</script>"
	if _, err := c.Start(t.Context(), odd); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	p.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/pay/pay-1", nil))
	if text := w.Body.String(); strings.Contains(text, "<script>") || !strings.Contains(text, "alert(1)") {
		t.Errorf("page %s", text)
	}
}

func TestWrongCertificate(t *testing.T) {
	asked := false
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	server.Config.ErrorLog = nil
	server.StartTLS()
	defer server.Close()
	own := x509.NewCertPool()
	own.AddCert(server.Certificate())
	for name, test := range map[string]struct {
		url         string
		authorities *x509.CertPool
	}{
		"unknown authority": {server.URL, x509.NewCertPool()},
		"of the system":     {server.URL, nil},
		"other name":        {strings.Replace(server.URL, "127.0.0.1", "localhost", 1), own},
	} {
		c, err := pay.NewClient(test.url, "key of the shop", test.authorities)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Start(t.Context(), request); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: %v, want an error about the certificate", name, err)
		}
	}
	if asked {
		t.Error("the request reached a server with a wrong certificate")
	}
}

func TestPayAddressMustBeHTTPS(t *testing.T) {
	for _, url := range []string{"http://pay.example", "http://192.0.2.1", "ftp://pay.example", "pay.example", "http://localhost.example"} {
		if _, err := pay.NewClient(url, "", nil); err == nil {
			t.Errorf("%s was taken", url)
		}
	}
	for _, url := range []string{"https://pay.example", "http://127.0.0.1:8081", "http://localhost:8081"} {
		if _, err := pay.NewClient(url, "", nil); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestPaymentElsewhere(t *testing.T) {
	for _, answer := range []string{
		`{"id":"1","url":"https://evil.example/pay"}`, `{"id":"1","url":"javascript:alert(1)"}`, `{"id":"1","url":"//evil.example"}`, `{}`,
	} {
		c, _ := client(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, answer) }))
		if p, err := c.Start(t.Context(), request); err == nil {
			t.Errorf("%s gave %v", answer, p)
		}
	}
}

func TestAnswerIsBounded(t *testing.T) {
	wrote := 0
	c, _ := client(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"id":"`)
		for wrote = 0; wrote < 64<<20; wrote += 1 << 10 {
			if _, err := io.WriteString(w, strings.Repeat("x", 1<<10)); err != nil {
				return
			}
		}
	}))
	if _, err := c.Start(t.Context(), request); err == nil {
		t.Error("an endless answer was taken")
	}
	if wrote >= 64<<20 {
		t.Error("the whole of an endless answer was read")
	}
}

func TestRedirectIsRefused(t *testing.T) {
	followed := false
	c, _ := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			followed = true
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	if _, err := c.Start(t.Context(), request); err == nil || followed {
		t.Errorf("Start: %v, followed %v", err, followed)
	}
}

func TestSlowProvider(t *testing.T) {
	c, _ := client(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the client is gone
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	began := time.Now()
	if _, err := c.Start(ctx, request); err == nil || ctx.Err() != nil {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}

func TestNotices(t *testing.T) {
	secret, now := []byte("secret"), time.Unix(1_800_000_000, 0)
	body := []byte(`{"payment":"pay-1","status":"paid","amount":1200,"currency":"EUR"}`)
	n, err := pay.ReadNotice(secret, body, pay.Sign(secret, body, now), now.Add(4*time.Minute))
	if want := (pay.Notice{Payment: "pay-1", Status: "paid", Amount: 1200, Currency: "EUR"}); n != want || err != nil {
		t.Errorf("ReadNotice: %v, %v", n, err)
	}
	if _, err := pay.ReadNotice(secret, []byte("x"), pay.Sign(secret, []byte("x"), now), now); err == nil {
		t.Error("a notice that is no JSON was taken")
	}
	// computed with: printf 1800000000.x | openssl dgst -sha256 -hmac secret
	const want = "t=1800000000,v1=%s"
	if got := pay.Sign(secret, []byte("x"), now); got != fmt.Sprintf(want, vector) {
		t.Errorf("Sign: %s", got)
	}
}

const vector = "e67610b14e0f7e6364cb94fbaf436afabff4aa9b51583d37ca472186cfcf321e"

// TestProviderGetsListedFields lists what the provider is told about an order.
func TestProviderGetsListedFields(t *testing.T) {
	var got map[string]any
	c, _ := client(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { json.NewDecoder(r.Body).Decode(&got) }))
	c.Start(t.Context(), request) // which has no answer
	names := slices.Sorted(maps.Keys(got))
	if want := []string{"amount", "currency", "order", "return"}; !slices.Equal(names, want) {
		t.Errorf("the provider gets %v, want %v", names, want)
	}
}
