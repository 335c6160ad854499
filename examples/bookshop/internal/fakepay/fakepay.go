// Package fakepay is a payment provider for tests and for trying the shop: it
// believes everybody who says that he has paid.
package fakepay

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"sync"
	"time"

	"bookshop/internal/pay"
)

// Provider is the fake. Fill its fields and serve its Handler.
type Provider struct {
	Key    string // what the shop shows
	Secret []byte // with which notices are signed
	Shop   string // the shop's address for notices
	Self   string // the address at which customers reach this provider
	Client *http.Client

	mu       sync.Mutex
	payments map[string]pay.Request // by id
	ids      map[string]string      // by idempotency key
}

// Handler serves the provider's interface and pages.
func (p *Provider) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/payments", p.start)
	mux.HandleFunc("GET /pay/{id}", p.page)
	mux.HandleFunc("POST /pay/{id}", p.paid)
	return mux
}

// Asked returns what the shop asked for with payment id.
func (p *Provider) Asked(id string) (pay.Request, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.payments[id]
	return r, ok
}

func (p *Provider) start(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+p.Key)) != 1 {
		http.Error(w, "unknown shop", http.StatusUnauthorized)
		return
	}
	var req pay.Request
	if err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&req); err != nil {
		http.Error(w, "no request", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.payments == nil {
		p.payments, p.ids = map[string]pay.Request{}, map[string]string{}
	}
	key := r.Header.Get("Idempotency-Key")
	id, ok := p.ids[key]
	if !ok {
		id = fmt.Sprintf("pay-%d", len(p.payments)+1)
		p.payments[id], p.ids[key] = req, id
	}
	json.NewEncoder(w).Encode(pay.Payment{ID: id, URL: p.Self + "/pay/" + id})
}

var payPage = template.Must(template.New("").Parse(
	`<!doctype html><title>Fake payment</title><p>Pay {{.Amount}} cents in {{.Currency}}?<form method="post"><button>Pay</button></form>`))

func (p *Provider) page(w http.ResponseWriter, r *http.Request) {
	req, ok := p.Asked(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := payPage.Execute(w, req); err != nil {
		http.Error(w, "no page", http.StatusInternalServerError)
	}
}

func (p *Provider) paid(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	req, ok := p.Asked(id)
	if !ok {
		http.NotFound(w, r)
		return
	}
	if err := p.Tell(pay.Notice{Payment: id, Status: "paid", Amount: req.Amount, Currency: req.Currency}); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	http.Redirect(w, r, req.Return, http.StatusSeeOther)
}

// Tell sends the shop a signed notice.
func (p *Provider) Tell(n pay.Notice) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("telling the shop: %w", err)
	}
	req, err := http.NewRequest(http.MethodPost, p.Shop, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("telling the shop: %w", err)
	}
	req.Header.Set(pay.SignatureHeader, pay.Sign(p.Secret, body, time.Now()))
	res, err := p.Client.Do(req)
	if err != nil {
		return fmt.Errorf("telling the shop: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("telling the shop: it answered %d", res.StatusCode)
	}
	return nil
}
