package web

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bookshop/internal/account"
	"bookshop/internal/pay"
	"bookshop/internal/shop"
)

const home = "Ann Reader, 1 Canal Street, Delft"

func TestSearchFindsBooks(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	s.book("It's 100% true", 900, 3)
	b := s.browser()
	b.get("/").status(200).has("Dune").has("100% true")
	b.get("/?q=dun").status(200).has("Dune").lacks("true</a>")
	b.get("/?q=" + url.QueryEscape("It's 100%")).status(200).has("It's 100% true").lacks("Dune")
	b.get("/books/1").status(200).has("€ 12.00")
	b.get("/books/99").status(404)
}

func TestSearchTakesNoSQL(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	for _, q := range []string{`'`, `" OR 1=1 --`, `' OR '1'='1`, `zzz')) > 0 OR 1=1 --`, `x' UNION SELECT id, name, password, role, 1, 2, '' FROM users --`} {
		s.browser().get("/?q=" + url.QueryEscape(q)).status(200).has("No book was found.").lacks("Dune")
	}
}

func TestTitleIsText(t *testing.T) {
	s := newSite(t)
	s.book(`<script>alert(1)</script>`, 1200, 3)
	b := s.browser()
	b.get("/").lacks("<script>").has("<script>alert(1)</script>")
	b.get("/books/1").lacks("<script>")
	b.get("/?q=" + url.QueryEscape(`"><img src=x onerror=alert(1)>`)).lacks("<img")
}

func TestCoverIsServed(t *testing.T) {
	s := newSite(t)
	picture := onePixel(t)
	must(t, os.WriteFile(filepath.Join(s.covers, "dune.png"), picture, 0o600))
	must(t, os.WriteFile(filepath.Join(s.covers, "page.png"), []byte("<html><script>alert(1)</script>"), 0o600))
	r := s.browser().get("/covers/dune.png").status(200)
	equal(t, "type", r.Header.Get("Content-Type"), "image/png")
	equal(t, "picture", r.text, string(picture))
	s.browser().get("/covers/page.png").status(404)
	s.browser().get("/covers/none.png").status(404)
}

func TestCoverStaysInFolder(t *testing.T) {
	s := newSite(t)
	outside := filepath.Join(filepath.Dir(s.covers), "secret.png")
	must(t, os.WriteFile(outside, onePixel(t), 0o600))
	must(t, os.Symlink(outside, filepath.Join(s.covers, "link.png")))
	for _, name := range []string{"..%2Fsecret.png", "%2e%2e%2fsecret.png", url.PathEscape(outside), "link.png", "x%2F..%2F..%2Fsecret.png"} {
		s.browser().get("/covers/" + name).status(404)
	}
}

func onePixel(t *testing.T) []byte {
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))))
	return b.Bytes()
}

func TestBasket(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	b := s.user("ann", account.Customer)
	b.post("/basket", "book", "1", "quantity", "2").status(303)
	b.get("/basket").status(200).has("Dune").has("€ 24.00")
	b.post("/basket", "book", "1", "quantity", "21").status(422)
	b.post("/basket", "book", "1", "quantity", "-1").status(422)
	b.post("/basket", "book", "7", "quantity", "1").status(404)
	b.post("/basket", "book", "1", "quantity", "0").status(303)
	b.get("/basket").has("It is empty.")
}

// order puts copies of book 1 into the basket and orders them.
func (b *browser) order(copies string, fields ...string) reply {
	b.t.Helper()
	b.post("/basket", "book", "1", "quantity", copies).status(303)
	return b.post("/orders", append([]string{"address", home}, fields...)...)
}

func TestOrderAndPay(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	b := s.user("ann", account.Customer)
	path := b.order("2").status(303).Header.Get("Location")
	b.get(path).status(200).has("open").has("Dune").has("€ 24.00").has(home).has("/pay/pay-1")
	equal(t, "stock", s.count(`SELECT stock FROM books`), 1)

	asked, _ := s.provider.Asked("pay-1")
	equal(t, "return", s.web.URL+path, asked.Return)
	for range 2 { // the second notice changes nothing
		must(t, s.provider.Tell(pay.Notice{Payment: "pay-1", Status: "paid", Amount: asked.Amount, Currency: "EUR"}))
		b.get(path).status(200).has("paid")
	}
	b.get("/orders").status(200).has("paid").has("€ 24.00")

	clerk := s.user("clerk", account.Clerk)
	clerk.get("/admin/orders").status(200).has(path)
	clerk.post("/admin" + path).status(303)
	b.get(path).has("sent")
	clerk.post("/admin" + path).status(422)
}

func TestOtherCustomersOrder(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	ann, eve := s.user("ann", account.Customer), s.user("eve", account.Customer)
	path := ann.order("1").status(303).Header.Get("Location")
	eve.get(path).status(404).lacks("Canal Street")
	eve.post(path + "/pay").status(404)
	eve.get("/orders").lacks(path)
}

func TestOrderIDsAreRandom(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 9)
	b := s.user("ann", account.Customer)
	first := b.order("1").status(303).Header.Get("Location")
	second := b.order("1").status(303).Header.Get("Location")
	if len(first) < len("/orders/")+26 || len(second) != len(first) || first[:12] == second[:12] {
		t.Errorf("orders %s and %s", first, second)
	}
}

func TestPriceInForm(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	b := s.user("ann", account.Customer)
	b.order("2", "price", "1", "total", "1", "amount", "1").status(303)
	asked, ok := s.provider.Asked("pay-1")
	equal(t, "asked", ok, true)
	equal(t, "amount", asked.Amount, 2400)
	equal(t, "total", s.count(`SELECT total FROM orders`), 2400)
}

func TestPaymentIsOfferedAgain(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	b := s.user("ann", account.Customer)
	s.provider.Key = "another key" // so that the provider refuses
	path := b.order("1").status(303).Header.Get("Location")
	b.get(path).status(200).has("The payment could not be begun.")
	b.post(path + "/pay").status(500)
	s.provider.Key = "key of the shop"
	b.post(path + "/pay").status(303)
	b.get(path).status(200).has("/pay/pay-1")
}

func TestForgedNotice(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	b := s.user("ann", account.Customer)
	path := b.order("1").status(303).Header.Get("Location")
	body := []byte(`{"payment":"pay-1","status":"paid","amount":1200,"currency":"EUR"}`)
	for name, signature := range map[string]string{
		"none":           "",
		"no form":        "paid",
		"wrong secret":   pay.Sign([]byte("guess"), body, time.Now()),
		"another body":   pay.Sign(s.provider.Secret, []byte(`{}`), time.Now()),
		"an hour old":    pay.Sign(s.provider.Secret, body, time.Now().Add(-time.Hour)),
		"of the future":  pay.Sign(s.provider.Secret, body, time.Now().Add(time.Hour)),
		"other time now": strings.Replace(pay.Sign(s.provider.Secret, body, time.Now().Add(-time.Hour)), "t=1", "t=2", 1),
	} {
		req, err := http.NewRequest(http.MethodPost, s.web.URL+"/payments/notice", bytes.NewReader(body))
		must(t, err)
		req.Header.Set(pay.SignatureHeader, signature)
		if r := s.browser().send(req); r.StatusCode != 401 {
			t.Errorf("%s: status %d, want 401", name, r.StatusCode)
		}
	}
	b.get(path).has("open")
	equal(t, "paid orders", s.count(`SELECT count(*) FROM orders WHERE status <> 'open'`), 0)
}

func TestWrongAmount(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	b := s.user("ann", account.Customer)
	path := b.order("1").status(303).Header.Get("Location")
	must(t, s.provider.Tell(pay.Notice{Payment: "pay-1", Status: "paid", Amount: 1, Currency: "EUR"}))
	b.get(path).has("refund due")
	clerk := s.user("clerk", account.Clerk)
	clerk.post("/admin" + path).status(303)
	b.get(path).has("cancelled")
}

func TestLastCopy(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	const buyers = 8
	var wg sync.WaitGroup
	results := make([]error, buyers)
	for i := range buyers {
		u, err := s.server.Accounts.Register(context.Background(), fmt.Sprintf("buyer%d", i), goodPassword, "")
		must(t, err)
		must(t, s.server.Shop.SetQuantity(context.Background(), u.ID, 1, 1))
		wg.Go(func() { _, results[i] = s.server.Shop.Place(context.Background(), u.ID, home) })
	}
	wg.Wait()
	sold := 0
	for _, err := range results {
		switch err {
		case nil:
			sold++
		case shop.ErrSoldOut:
		default:
			t.Errorf("placing order: %v, want nothing or ErrSoldOut", err)
		}
	}
	equal(t, "sold", sold, 3)
	equal(t, "stock", s.count(`SELECT stock FROM books`), 0)
	equal(t, "ordered", s.count(`SELECT sum(quantity) FROM order_lines`), 3)
}

func TestSoldOutChangesNothing(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	s.book("Emma", 1000, 0)
	b := s.user("ann", account.Customer)
	b.post("/basket", "book", "2", "quantity", "1").status(303)
	b.order("1").status(422).has("Nothing was ordered.")
	equal(t, "stock", s.count(`SELECT stock FROM books WHERE id = 1`), 3)
	equal(t, "orders", s.count(`SELECT count(*) FROM orders`), 0)
	equal(t, "basket", s.count(`SELECT count(*) FROM basket`), 2)
}

func TestStockIsNeverNegative(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	_, err := s.db.Exec(`UPDATE books SET stock = stock - 4`)
	if err == nil {
		t.Error("the store took a negative stock")
	}
	equal(t, "stock", s.count(`SELECT stock FROM books`), 3)
}

func TestOpenOrdersAreFew(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 10)
	b := s.user("ann", account.Customer)
	for range 3 {
		b.order("1").status(303)
	}
	b.order("1").status(422).has("Pay or let lapse")
	equal(t, "stock", s.count(`SELECT stock FROM books`), 7)
}

func TestUnpaidOrderIsReleased(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	b := s.user("ann", account.Customer)
	path := b.order("2").status(303).Header.Get("Location")
	s.wait(20 * time.Minute)
	must(t, s.server.Shop.ReleaseUnpaid(t.Context()))
	equal(t, "stock while it is held", s.count(`SELECT stock FROM books`), 1)
	b.get(path).has("open")
	s.wait(10 * time.Minute)
	for range 2 { // the second time there is nothing to release
		must(t, s.server.Shop.ReleaseUnpaid(t.Context()))
		equal(t, "stock afterwards", s.count(`SELECT stock FROM books`), 3)
	}
	b.get(path).has("cancelled")
	s.wait(-30 * time.Minute) // the provider signs with the time of now
	must(t, s.provider.Tell(pay.Notice{Payment: "pay-1", Status: "paid", Amount: 2400, Currency: "EUR"}))
	equal(t, "refunds due", s.count(`SELECT count(*) FROM orders WHERE status = 'refund_due'`), 1)
}

func TestErase(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	b := s.user("ann", account.Customer)
	s.user("clerk", account.Clerk)
	b.order("1").status(303)
	must(t, s.server.Shop.Erase(t.Context()))
	equal(t, "addresses at first", s.count(`SELECT count(*) FROM orders WHERE address <> ''`), 1)

	s.wait(time.Hour)
	must(t, s.server.Shop.ReleaseUnpaid(t.Context()))
	s.wait(shop.KeepAddress)
	must(t, s.server.Shop.Erase(t.Context()))
	equal(t, "addresses", s.count(`SELECT count(*) FROM orders WHERE address <> ''`), 0)
	equal(t, "orders", s.count(`SELECT count(*) FROM orders`), 1)

	s.wait(shop.KeepAccount)
	must(t, s.server.Shop.Erase(t.Context()))
	equal(t, "accounts", s.count(`SELECT count(*) FROM users`), 1) // the clerk's
	equal(t, "sessions", s.count(`SELECT count(*) FROM sessions WHERE user_id NOT IN (SELECT id FROM users)`), 0)

	s.wait(shop.KeepOrder)
	must(t, s.server.Shop.Erase(t.Context()))
	equal(t, "orders", s.count(`SELECT count(*) FROM orders`)+s.count(`SELECT count(*) FROM order_lines`), 0)
}

func TestOrderIsPlacedOnce(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 9)
	b := s.user("ann", account.Customer)
	b.order("2").status(303)
	b.post("/orders", "address", home).status(422).has("The basket is empty.")
	equal(t, "orders", s.count(`SELECT count(*) FROM orders`), 1)
	equal(t, "stock", s.count(`SELECT stock FROM books`), 7)
}

func TestStepsAreKept(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 9)
	b, clerk := s.user("ann", account.Customer), s.user("clerk", account.Clerk)
	path := b.order("1").status(303).Header.Get("Location")
	clerk.post("/admin" + path).status(422) // not paid
	b.get(path).has("open")
	must(t, s.provider.Tell(pay.Notice{Payment: "pay-1", Status: "paid", Amount: 1200, Currency: "EUR"}))
	must(t, s.server.Shop.SetPayment(t.Context(), strings.TrimPrefix(path, "/orders/"), "pay-9", "https://pay.example/pay-9")) // already paid
	equal(t, "payments", s.count(`SELECT count(*) FROM orders WHERE payment = 'pay-1' AND status = 'paid'`), 1)
	b.post(path + "/pay").status(303)
	if _, asked := s.provider.Asked("pay-2"); asked {
		t.Error("the provider was asked for the payment of an order that is paid")
	}
}

// TestPagesShowListedFields: what is stored with an order and an account and is
// not for its customer stands on no page of his.
func TestPagesShowListedFields(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 9)
	b := s.user("ann", account.Customer)
	path := b.order("1").status(303).Header.Get("Location")
	_, err := s.db.Exec(`UPDATE orders SET payment = 'canary-payment'`)
	must(t, err)
	for _, path := range []string{path, "/orders", "/account", "/basket", "/"} {
		b.get(path).status(200).lacks("canary").lacks("argon2id").lacks(b.cookie(sessionCookie)).lacks("user_id")
	}
}

func TestOnlyPicturesAreServed(t *testing.T) {
	s := newSite(t)
	for name, text := range map[string]string{"page.html": "<html>", "shop.db": "SQLite format 3\x00", ".git": "ref: main", "key.pem": "-----BEGIN"} {
		must(t, os.WriteFile(filepath.Join(s.covers, name), []byte(text), 0o600))
		s.browser().get("/covers/" + name).status(404)
	}
	for _, folder := range []string{"/covers/", "/covers", "/covers/.", "/static/", "/static", "/templates/"} {
		if r := s.browser().get(folder); r.StatusCode == 200 {
			t.Errorf("%s is served: %s", folder, r.text)
		}
	}
}

// TestWaitingHoldsNoLock: while one order waits for the provider, others write.
func TestWaitingHoldsNoLock(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 9)
	ann, bob := s.user("ann", account.Customer), s.user("bob", account.Customer)
	arrived, answer := make(chan struct{}), make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-answer
	}))
	defer hanging.Close()
	var err error
	s.server.Pay, err = pay.NewClient(hanging.URL, "", nil)
	must(t, err)
	ann.post("/basket", "book", "1", "quantity", "1").status(303)
	placing := ann.form("/orders", "address", home)
	var wg sync.WaitGroup
	wg.Go(func() { ann.send(placing) })
	select {
	case <-arrived:
	case <-time.After(time.Second):
	}
	began := time.Now()
	bob.post("/basket", "book", "1", "quantity", "1").status(303)
	if took := time.Since(began); took > time.Second {
		t.Errorf("a basket took %v while an order was under way", took)
	}
	close(answer)
	wg.Wait()
}
