// Package config reads the shop's settings from its environment. There is no
// default for a secret, and no way to serve strangers without TLS.
package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
)

// Config is how the shop runs.
type Config struct {
	Addr     string // to listen on
	URL      string // how browsers name the shop, without a slash at its end
	Database string // file
	AuditLog string // file
	Covers   string // folder
	TLSCert  string // file, empty on this machine only
	TLSKey   string // file

	PayURL         string
	PayAuthorities *x509.CertPool // nil for those of the system

	AuditKey     []byte
	PayKey       string
	NoticeSecret []byte
}

const secretLength = 32 // bytes, at least

// Read reads the settings. Get is os.Getenv or a stand-in for it.
func Read(get func(string) string) (Config, error) {
	var problems []error
	text := func(name, otherwise string) string {
		if value := get(name); value != "" {
			return value
		}
		if otherwise == "" {
			problems = append(problems, fmt.Errorf("reading settings: %s is not set", name))
		}
		return otherwise
	}
	secret := func(name string) string {
		value := get(name)
		if len(value) < secretLength {
			problems = append(problems, fmt.Errorf("reading settings: %s must be a secret of at least %d bytes", name, secretLength))
		}
		return value
	}
	c := Config{
		Addr:         text("BOOKSHOP_ADDR", "127.0.0.1:8080"),
		URL:          strings.TrimSuffix(text("BOOKSHOP_URL", "http://localhost:8080"), "/"),
		Database:     text("BOOKSHOP_DB", "bookshop.db"),
		AuditLog:     text("BOOKSHOP_AUDIT", "audit.jsonl"),
		Covers:       text("BOOKSHOP_COVERS", "covers"),
		TLSCert:      get("BOOKSHOP_TLS_CERT"),
		TLSKey:       get("BOOKSHOP_TLS_KEY"),
		PayURL:       text("BOOKSHOP_PAY_URL", ""),
		AuditKey:     []byte(secret("BOOKSHOP_AUDIT_KEY")),
		PayKey:       secret("BOOKSHOP_PAY_KEY"),
		NoticeSecret: []byte(secret("BOOKSHOP_NOTICE_SECRET")),
	}
	if file := get("BOOKSHOP_PAY_CA"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			problems = append(problems, fmt.Errorf("reading BOOKSHOP_PAY_CA: %w", err))
		}
		c.PayAuthorities = x509.NewCertPool()
		if err == nil && !c.PayAuthorities.AppendCertsFromPEM(pem) {
			problems = append(problems, errors.New("reading BOOKSHOP_PAY_CA: no certificate in it"))
		}
	}
	if err := encrypted(c); err != nil {
		problems = append(problems, err)
	}
	return c, errors.Join(problems...)
}

// encrypted refuses to serve other machines without TLS.
func encrypted(c Config) error {
	if c.TLSCert != "" && c.TLSKey != "" {
		return nil
	}
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return fmt.Errorf("reading BOOKSHOP_ADDR: %w", err)
	}
	if ip, err := netip.ParseAddr(host); host == "localhost" || err == nil && ip.IsLoopback() {
		return nil
	}
	return errors.New("reading settings: BOOKSHOP_ADDR is open to other machines, which needs BOOKSHOP_TLS_CERT and BOOKSHOP_TLS_KEY")
}
