// Package pay talks with the payment provider: the shop asks it for a payment,
// the customer pays there, and the provider tells the shop by a signed notice.
// No card data reaches the shop.
package pay

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	answerSize = 64 << 10 // bytes of an answer that are read
	timeLimit  = 3 * time.Second
)

// Client asks the provider for payments. Make one with NewClient.
type Client struct {
	base *url.URL
	key  string
	http *http.Client
}

// NewClient makes a client of the provider at base, which must be HTTPS unless
// it is this machine itself. Authorities are those whose certificates count;
// nil stands for those of the system.
func NewClient(base, key string, authorities *x509.CertPool) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("reading address of payment provider: %w", err)
	}
	if err := encrypted(u); err != nil {
		return nil, err
	}
	transport := &http.Transport{
		TLSClientConfig:       &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12},
		ResponseHeaderTimeout: timeLimit,
		MaxConnsPerHost:       16,
		IdleConnTimeout:       time.Minute,
		ForceAttemptHTTP2:     true,
	}
	return &Client{base: u, key: key, http: &http.Client{
		Transport:     transport,
		Timeout:       timeLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// encrypted refuses an address to which secrets would go in clear.
func encrypted(u *url.URL) error {
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip.IsLoopback()) {
		return nil
	}
	return errors.New("reading address of payment provider: it must begin with https://")
}

// A Payment is where a customer pays.
type Payment struct {
	ID  string `json:"id"`
	URL string `json:"url"`
}

// A Request is what the shop asks the provider for.
type Request struct {
	Order    string `json:"order"`
	Amount   int64  `json:"amount"` // cents
	Currency string `json:"currency"`
	Return   string `json:"return"` // where the customer comes back to
}

// Start asks for a payment. Asking again for the same order gives the same
// payment: the order's id is the idempotency key.
func (c *Client) Start(ctx context.Context, r Request) (Payment, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return Payment{}, fmt.Errorf("asking for payment: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.JoinPath("v1/payments").String(), bytes.NewReader(body))
	if err != nil {
		return Payment{}, fmt.Errorf("asking for payment: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Idempotency-Key", r.Order)
	res, err := c.http.Do(req)
	if err != nil {
		return Payment{}, fmt.Errorf("asking for payment: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return Payment{}, fmt.Errorf("asking for payment: the provider answered %d", res.StatusCode)
	}
	var p Payment
	if err := json.NewDecoder(io.LimitReader(res.Body, answerSize)).Decode(&p); err != nil {
		return Payment{}, fmt.Errorf("reading answer of payment provider: %w", err)
	}
	if err := c.trust(p); err != nil {
		return Payment{}, err
	}
	return p, nil
}

// trust refuses a payment whose page is not at the provider: customers follow
// that link and enter there what they pay with.
func (c *Client) trust(p Payment) error {
	u, err := url.Parse(p.URL)
	if err != nil || u.Scheme != c.base.Scheme || u.Host != c.base.Host || p.ID == "" || len(p.ID) > 100 || len(p.URL) > 1000 {
		return errors.New("reading answer of payment provider: not a payment at its own address")
	}
	return nil
}
