package main

import (
	"bytes"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bookshop/internal/account"
	"bookshop/internal/shop"
	"bookshop/internal/store"
)

// settings is an environment in which the shop runs in a folder of the test.
func settings(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "covers"), 0o700); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	secret := strings.Repeat("s", 32)
	return map[string]string{
		"BOOKSHOP_ADDR": free.Addr().String(), "BOOKSHOP_DB": filepath.Join(dir, "shop.db"), "BOOKSHOP_AUDIT": filepath.Join(dir, "audit.jsonl"),
		"BOOKSHOP_COVERS": filepath.Join(dir, "covers"), "BOOKSHOP_PAY_URL": "http://127.0.0.1:1",
		"BOOKSHOP_AUDIT_KEY": secret, "BOOKSHOP_PAY_KEY": secret, "BOOKSHOP_NOTICE_SECRET": secret,
	}
}

func TestServesUntilTold(t *testing.T) {
	env := settings(t)
	get := func(name string) string { return env[name] }
	if err := run(t.Context(), []string{"demo"}, get, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, nil, get, io.Discard, io.Discard) }()
	var res *http.Response
	for range 100 {
		var err error
		if res, err = http.Get("http://" + env["BOOKSHOP_ADDR"] + "/?q=moby"); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if res == nil {
		t.Fatal("the shop does not answer")
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || !strings.Contains(string(body), "Moby-Dick") {
		t.Errorf("page %s, %v", body, err)
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the shop did not end")
	}
}

func TestFirstAdmin(t *testing.T) {
	env := settings(t)
	get := func(name string) string { return env[name] }
	db, err := store.Open(t.Context(), env["BOOKSHOP_DB"])
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	accounts := account.New(db, account.Cost{Time: 1, Memory: 64, Threads: 1}, time.Now)
	if _, err := accounts.Register(t.Context(), "ann", "blue heron in the reeds", ""); err != nil {
		t.Fatal(err)
	}
	if staff, err := accounts.Staff(t.Context()); err != nil || len(staff) != 0 {
		t.Errorf("staff of a new shop: %v, %v", staff, err)
	}
	if err := run(t.Context(), []string{"role", "ann", "admin"}, get, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	if staff, err := accounts.Staff(t.Context()); err != nil || len(staff) != 1 || staff[0].Role != account.Admin {
		t.Errorf("staff: %v, %v", staff, err)
	}
	if text, err := os.ReadFile(env["BOOKSHOP_AUDIT"]); err != nil || !strings.Contains(string(text), `"who":"operator","on":"ann admin"`) {
		t.Errorf("audit log %s, %v", text, err)
	}
}

func TestCommands(t *testing.T) {
	env := settings(t)
	get := func(name string) string { return env[name] }
	for _, args := range [][]string{{"nothing"}, {"role", "ann"}, {"role", "ann", "admin"}} {
		if err := run(t.Context(), args, get, io.Discard, io.Discard); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"verify"}, get, &out, io.Discard); err != nil || out.String() != "1 records, all as they were written\n" {
		t.Errorf("verify: %q, %v", &out, err)
	}
	delete(env, "BOOKSHOP_AUDIT_KEY")
	if err := run(t.Context(), nil, get, io.Discard, io.Discard); err == nil {
		t.Error("the shop runs without a key for its audit log")
	}
}

// TestDependencies holds the list in the README against go.mod.
func TestDependencies(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	required, listed := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(string(mod)) {
		if f := strings.Fields(line); len(f) == 2 && strings.HasPrefix(f[1], "v") {
			required[f[0]] = true
		}
	}
	_, section, _ := strings.Cut(string(readme), "## Dependencies")
	for line := range strings.Lines(section) {
		if name, reason, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` | "); ok && strings.HasPrefix(line, "| `") && len(reason) > 20 {
			listed[name] = true
		}
	}
	if !maps.Equal(required, listed) || len(required) == 0 {
		t.Errorf("go.mod requires %v, and the README gives reasons for %v", required, listed)
	}
}

// TestPersonSeesAndIsErased: what the shop has about somebody can be handed to
// him, and is gone when he wishes it.
func TestPersonSeesAndIsErased(t *testing.T) {
	env := settings(t)
	get := func(name string) string { return env[name] }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(run(t.Context(), []string{"demo"}, get, io.Discard, io.Discard))
	db, err := store.Open(t.Context(), env["BOOKSHOP_DB"])
	must(err)
	defer db.Close()
	u, err := account.New(db, account.Cost{Time: 1, Memory: 64, Threads: 1}, time.Now).Register(t.Context(), "ann", "blue heron in the reeds", "")
	must(err)
	s := shop.New(db, time.Now)
	must(s.SetQuantity(t.Context(), u.ID, 1, 2))
	o, err := s.Place(t.Context(), u.ID, "Ann Reader, 1 Canal Street, Delft")
	must(err)
	must(s.SetQuantity(t.Context(), u.ID, 2, 1))

	var out bytes.Buffer
	must(run(t.Context(), []string{"person", "ann"}, get, &out, io.Discard))
	for _, want := range []string{`"ann"`, "Canal Street", "A Tale of Two Cities", "Pride and Prejudice", o.ID} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in %s", want, &out)
		}
	}
	if strings.Contains(out.String(), "argon2id") {
		t.Errorf("a hash of the password in %s", &out)
	}

	if err := run(t.Context(), []string{"forget", "ann"}, get, io.Discard, io.Discard); err != shop.ErrUnderWay {
		t.Errorf("forgetting with an order under way: %v", err)
	}
	_, err = db.Exec(`UPDATE orders SET status = 'sent', closed = 1`)
	must(err)
	must(run(t.Context(), []string{"forget", "ann"}, get, io.Discard, io.Discard))
	var left int
	must(db.QueryRow(`SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM basket) +
		(SELECT count(*) FROM orders WHERE address <> '' OR user_id IS NOT NULL)`).Scan(&left))
	if left != 0 {
		t.Errorf("%d rows still tell about her", left)
	}
	if err := run(t.Context(), []string{"person", "ann"}, get, io.Discard, io.Discard); err == nil {
		t.Error("she can still be found")
	}
	if text, err := os.ReadFile(env["BOOKSHOP_AUDIT"]); err != nil || !strings.Contains(string(text), `"what":"forget_person","outcome":"done","who":"operator","on":"ann"`) {
		t.Errorf("audit log %s, %v", text, err)
	}
}

func TestSweepGoesOn(t *testing.T) {
	if err := attempt(t.Context(), func(context.Context) error { panic("broken") }); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("a step that panics: %v", err)
	}
	if err := attempt(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
}

// TestContact holds what SECURITY.md promises against the model.
func TestContact(t *testing.T) {
	model, err := os.ReadFile("../../ssf.yaml")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"  contact: ", "  support_until: "} {
		_, rest, _ := strings.Cut(string(model), key)
		value, _, _ := strings.Cut(rest, "\n")
		if value == "" || !strings.Contains(string(policy), value) {
			t.Errorf("SECURITY.md does not say%s%q", key, value)
		}
	}
}

// TestComparisonsAreSteady looks, where a secret is compared, for a comparison
// that takes the same time wherever the difference is. Times themselves cannot
// be measured well enough in a test.
func TestComparisonsAreSteady(t *testing.T) {
	for place, steady := range map[string]string{
		"web/visitor.go#fromOwnForm":  "hmac.Equal",
		"pay/notice.go#verify":        "hmac.Equal",
		"audit/audit.go#verify":       "hmac.Equal",
		"account/password.go#matches": "subtle.ConstantTimeCompare",
	} {
		file, name, _ := strings.Cut(place, "#")
		code, err := parser.ParseFile(token.NewFileSet(), "../../internal/"+file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, d := range code.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == name {
				ast.Inspect(f, func(n ast.Node) bool {
					call, ok := n.(*ast.CallExpr)
					found = found || ok && types.ExprString(call.Fun) == steady
					return true
				})
			}
		}
		if !found {
			t.Errorf("%s does not compare with %s", place, steady)
		}
	}
}
