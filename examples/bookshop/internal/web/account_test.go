package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"bookshop/internal/account"
)

func TestRegister(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.post("/register", "name", "ann", "password", goodPassword).status(303)
	b.get("/account").status(200).has("ann, customer")
	s.browser().post("/register", "name", "ANN", "password", goodPassword).status(422).has("taken")
	s.browser().post("/register", "name", "a\nb", "password", goodPassword).status(422)
}

func TestSignIn(t *testing.T) {
	s := newSite(t)
	s.user("ann", account.Customer)
	b := s.browser()
	b.signIn("ann", "not her password").status(422).has("wrong")
	equal(t, "signed in", b.signedIn(), false)
	b.signIn("Ann", goodPassword).status(303)
	equal(t, "signed in", b.signedIn(), true)
}

func TestEleventhSignIn(t *testing.T) {
	s := newSite(t)
	s.user("ann", account.Customer)
	b := s.browser()
	for range 10 {
		b.signIn("ann", "not her password").status(422)
	}
	b.signIn("ann", goodPassword).status(429)
	s.user("bob", account.Customer) // who comes from the same address
	s.wait(15 * time.Minute)
	b.signIn("ann", goodPassword).status(303)
}

func TestUnknownNameAnswersAlike(t *testing.T) {
	s := newSite(t)
	s.user("ann", account.Customer)
	b := s.browser()
	known, unknown := b.signIn("ann", "not her password"), b.signIn("bob", "not her password")
	equal(t, "status", unknown.StatusCode, known.StatusCode)
	equal(t, "page", unknown.text, known.text)
}

func TestWeakPasswords(t *testing.T) {
	s := newSite(t)
	for _, p := range []string{"", "short", "elevenchars", "aaaaaaaaaaaaaa", "password12345", "Welcome12345", "annannannann123", strings.Repeat("long ", 30)} {
		if r := s.browser().post("/register", "name", "ann", "password", p); r.StatusCode != 422 {
			t.Errorf("password %q: status %d, want 422", p, r.StatusCode)
		}
	}
	equal(t, "accounts", s.count(`SELECT count(*) FROM users`), 0)
}

func TestRoleInForm(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.post("/register", "name", "eve", "password", goodPassword, "role", "admin", "Role", "admin").status(303)
	equal(t, "admins", s.count(`SELECT count(*) FROM users WHERE role <> 'customer'`), 0)
	b.get("/admin/roles").status(403)
}

func TestStrangerSignsInFirst(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/account", "/basket", "/orders", "/orders/x", "/admin/orders", "/admin/books/1", "/admin/roles"} {
		equal(t, path, s.browser().get(path).status(303).Header.Get("Location"), "/sign-in")
	}
	b := s.browser()
	for _, path := range []string{"/sign-out", "/account", "/basket", "/orders", "/orders/x/pay", "/admin/roles", "/admin/books/new", "/admin/orders/x"} {
		equal(t, path, b.post(path).status(303).Header.Get("Location"), "/sign-in")
	}
}

func TestRolesAreKept(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	for name, role := range map[string]account.Role{"ann": account.Customer, "clerk": account.Clerk} {
		b := s.user(name, role)
		b.get("/admin/roles").status(403)
		b.post("/admin/roles", "name", "ann", "role", "admin").status(403)
	}
	b := s.user("eve", account.Customer)
	b.get("/admin/orders").status(403)
	b.get("/admin/books/1").status(403)
	b.post("/admin/books/1", "isbn", "9780000000000", "title", "Mine", "author", "Eve", "price", "0", "added", "0").status(403)
	b.post("/admin/orders/x").status(403)
	equal(t, "price", s.count(`SELECT price FROM books`), 1200)
	equal(t, "admins", s.count(`SELECT count(*) FROM users WHERE role = 'admin'`), 0)
}

func TestClerkSavesBook(t *testing.T) {
	s := newSite(t)
	b := s.user("clerk", account.Clerk)
	b.get("/admin/books/new").status(200)
	b.post("/admin/books/new", "isbn", "9780141439518", "title", "Emma", "author", "Jane Austen", "price", "8.95", "added", "4").status(303)
	b.get("/books/1").status(200).has("Emma").has("€ 8.95")
	b.post("/admin/books/1", "isbn", "9780141439518", "title", "Emma", "author", "Jane Austen", "price", "9", "added", "-1").status(303)
	equal(t, "stock", s.count(`SELECT stock FROM books`), 3)
	for field, value := range map[string]string{"isbn": "1", "title": "two\nlines", "price": "NaN", "added": "-4"} {
		b.post("/admin/books/1", "isbn", "9780141439518", "title", "Emma", "author", "Jane Austen", "price", "9", "added", "0", field, value).status(422)
	}
	b.post("/admin/books/new", "isbn", "9780141439518", "title", "Emma", "author", "x", "price", "9", "added", "0").status(422).has("another book")
	equal(t, "price", s.count(`SELECT price FROM books`), 900)
}

func TestStockIsNotOverwritten(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	clerk, ann := s.user("clerk", account.Clerk), s.user("ann", account.Customer)
	clerk.get("/admin/books/1").status(200).has("the 3 in stock")
	ann.order("1").status(303)
	clerk.post("/admin/books/1", "isbn", "9780000000000", "title", "Dune", "author", "F. Herbert", "price", "13", "added", "0").status(303)
	equal(t, "stock", s.count(`SELECT stock FROM books`), 2)
	equal(t, "price", s.count(`SELECT price FROM books`), 1300)
}

func TestAdminGivesRole(t *testing.T) {
	s := newSite(t)
	ann, root := s.user("ann", account.Customer), s.user("root", account.Admin)
	root.get("/admin/roles").status(200).has("root")
	root.post("/admin/roles", "name", "ann", "role", "clerk", "password", goodPassword).status(303)
	equal(t, "old session", ann.signedIn(), false)
	ann.signIn("ann", goodPassword).status(303)
	ann.get("/admin/orders").status(200)
	root.post("/admin/roles", "name", "root", "role", "customer", "password", goodPassword).status(422).has("another admin")
	root.post("/admin/roles", "name", "ann", "role", "owner", "password", goodPassword).status(422).has("no such role")
	root.post("/admin/roles", "name", "nobody", "role", "clerk", "password", goodPassword).status(422).has("no such role")
}

// adopt gives a browser a cookie that its user did not get from the shop.
func (b *browser) adopt(name, value string) {
	u, err := url.Parse(b.web.URL)
	must(b.t, err)
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

func TestSessionIsNewAtSignIn(t *testing.T) {
	s := newSite(t)
	b := s.user("ann", account.Customer)
	before := b.cookie(sessionCookie)
	b.signIn("ann", goodPassword).status(303)
	if b.cookie(sessionCookie) == before {
		t.Error("the session has the id from before the sign-in")
	}
	thief := s.browser()
	thief.adopt(sessionCookie, before)
	equal(t, "old session", thief.signedIn(), false)

	victim := s.browser()
	victim.adopt(sessionCookie, "chosen")
	victim.signIn("ann", goodPassword).status(303)
	thief.adopt(sessionCookie, "chosen")
	equal(t, "chosen session", thief.signedIn(), false)
	equal(t, "own session", victim.signedIn(), true)
}

func TestSignOutEndsSession(t *testing.T) {
	s := newSite(t)
	b := s.user("ann", account.Customer)
	copied := s.browser()
	copied.adopt(sessionCookie, b.cookie(sessionCookie))
	equal(t, "copied session", copied.signedIn(), true)
	b.post("/sign-out").status(303)
	equal(t, "cookie", b.cookie(sessionCookie), "")
	equal(t, "copied session afterwards", copied.signedIn(), false)
}

func TestChangePassword(t *testing.T) {
	s := newSite(t)
	b := s.user("ann", account.Customer)
	b.post("/account", "present", "wrong wrong wrong", "next", "another heron by the lake").status(422)
	b.post("/account", "present", goodPassword, "next", "short").status(422)
	b.post("/account", "present", goodPassword, "next", "another heron by the lake").status(303)
	s.browser().signIn("ann", goodPassword).status(422)
	s.browser().signIn("ann", "another heron by the lake").status(303)
}

func TestNewPasswordEndsSessions(t *testing.T) {
	s := newSite(t)
	b, other := s.user("ann", account.Customer), s.browser()
	other.signIn("ann", goodPassword).status(303)
	b.post("/account", "present", goodPassword, "next", "another heron by the lake").status(303)
	equal(t, "this session", b.signedIn(), true)
	equal(t, "other session", other.signedIn(), false)
}

func TestSessionEndsUnused(t *testing.T) {
	s := newSite(t)
	b := s.user("ann", account.Customer)
	s.wait(29 * time.Minute)
	equal(t, "after 29 minutes", b.signedIn(), true)
	s.wait(30 * time.Minute)
	equal(t, "after 30 more", b.signedIn(), false)
}

func TestSessionEndsAtLast(t *testing.T) {
	s := newSite(t)
	b := s.user("ann", account.Customer)
	for range 35 {
		s.wait(20 * time.Minute)
		equal(t, "while it is used", b.signedIn(), true)
	}
	s.wait(20 * time.Minute)
	equal(t, "after twelve hours", b.signedIn(), false)
}

func TestSessionIDIsNotStored(t *testing.T) {
	s := newSite(t)
	b := s.user("ann", account.Customer)
	id := b.cookie(sessionCookie)
	equal(t, "sessions", s.count(`SELECT count(*) FROM sessions`), 1)
	equal(t, "sessions with that id", s.count(`SELECT count(*) FROM sessions WHERE CAST(hash AS TEXT) = ?`, id), 0)
}

func TestCookieAttributes(t *testing.T) {
	s := newSite(t)
	s.user("ann", account.Customer)
	b := s.browser()
	cookies := b.get("/").Cookies()
	cookies = append(cookies, b.signIn("ann", goodPassword).status(303).Cookies()...)
	names := ""
	for _, c := range cookies {
		names += c.Name + " "
		if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %v", c)
		}
	}
	equal(t, "cookies", names, "__Host-visit __Host-session __Host-visit ")
}

func TestRoleTakesPassword(t *testing.T) {
	s := newSite(t)
	s.user("ann", account.Customer)
	root := s.user("root", account.Admin)
	for _, p := range []string{"", "not her password"} {
		root.post("/admin/roles", "name", "ann", "role", "admin", "password", p).status(422)
	}
	equal(t, "admins", s.count(`SELECT count(*) FROM users WHERE role = 'admin'`), 1)
}

func TestNobodyByDefault(t *testing.T) {
	s := newSite(t)
	root := s.user("root", account.Admin)
	var forgotten access
	served := false
	h := s.server.guard(s.server.handle(forgotten, func(http.ResponseWriter, *http.Request, visitor) error {
		served = true
		return nil
	}))
	for name, want := range map[string]int{root.cookie(sessionCookie): 403, "": 303} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: name})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		equal(t, "status", w.Code, want)
	}
	equal(t, "served", served, false)
}

// TestFormsAskForLittle lists what the forms ask people for.
func TestFormsAskForLittle(t *testing.T) {
	s := newSite(t)
	s.book("Dune", 1200, 3)
	b := s.user("ann", account.Customer)
	b.post("/basket", "book", "1", "quantity", "1").status(303)
	for path, want := range map[string]string{"/register": "token name password", "/basket": "token book quantity token address"} {
		page, names := b.get(path).status(200).text, []string{}
		_, page, _ = strings.Cut(page, "<main>")
		for _, found := range regexp.MustCompile(` name="([a-z]+)"`).FindAllStringSubmatch(page, -1) {
			names = append(names, found[1])
		}
		equal(t, path, strings.Join(names, " "), want)
	}
}

func TestPeopleAreTold(t *testing.T) {
	s := newSite(t)
	s.browser().get("/register").status(200).has("We record sign-ins, orders and what was refused").has("kept for two years").has("erase what we have about you")
}

// TestVisitorsSeeTheirOwn: pages that are made at once hold nothing of each other.
func TestVisitorsSeeTheirOwn(t *testing.T) {
	s := newSite(t)
	var wg sync.WaitGroup
	browsers := map[string]*browser{}
	for _, name := range []string{"ann-own", "bob-own", "eve-own"} {
		browsers[name] = s.user(name, account.Customer)
	}
	for name, b := range browsers {
		wg.Go(func() {
			for range 50 {
				text := b.get("/account").text
				if strings.Count(text, "-own") != 2 || strings.Count(text, name) != 2 || !strings.HasPrefix(text, "<!doctype html>") {
					t.Errorf("the page of %s: %s", name, text)
					return
				}
			}
		})
	}
	wg.Wait()
}
