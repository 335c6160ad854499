package config

import (
	"maps"
	"strings"
	"testing"
)

func settings(more map[string]string) func(string) string {
	secret := strings.Repeat("s", secretLength)
	all := map[string]string{
		"BOOKSHOP_PAY_URL": "https://pay.example", "BOOKSHOP_AUDIT_KEY": secret, "BOOKSHOP_PAY_KEY": secret, "BOOKSHOP_NOTICE_SECRET": secret,
	}
	maps.Copy(all, more)
	return func(name string) string { return all[name] }
}

func TestSettings(t *testing.T) {
	c, err := Read(settings(map[string]string{"BOOKSHOP_URL": "https://shop.example/"}))
	if err != nil || c.URL != "https://shop.example" || c.Addr != "127.0.0.1:8080" {
		t.Errorf("Read: %+v, %v", c, err)
	}
}

func TestSecretsHaveNoDefault(t *testing.T) {
	for _, name := range []string{"BOOKSHOP_AUDIT_KEY", "BOOKSHOP_PAY_KEY", "BOOKSHOP_NOTICE_SECRET"} {
		for _, value := range []string{"", "short"} {
			if _, err := Read(settings(map[string]string{name: value})); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s=%q: %v", name, value, err)
			}
		}
	}
}

func TestNoOpenPortWithoutTLS(t *testing.T) {
	for _, addr := range []string{":443", "0.0.0.0:8080", "[::]:8080", "192.0.2.1:80", "shop.example:80", "localhost.example:80"} {
		if _, err := Read(settings(map[string]string{"BOOKSHOP_ADDR": addr})); err == nil {
			t.Errorf("%s is served without TLS", addr)
		}
		if _, err := Read(settings(map[string]string{"BOOKSHOP_ADDR": addr, "BOOKSHOP_TLS_CERT": "c", "BOOKSHOP_TLS_KEY": "k"})); err != nil {
			t.Errorf("%s with TLS: %v", addr, err)
		}
	}
	for _, addr := range []string{"127.0.0.1:80", "[::1]:80", "localhost:80"} {
		if _, err := Read(settings(map[string]string{"BOOKSHOP_ADDR": addr})); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
}
