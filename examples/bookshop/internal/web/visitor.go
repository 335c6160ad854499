package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"

	"bookshop/internal/account"
	"bookshop/internal/problem"
)

// The names of the shop's cookies. Browsers take a name with __Host- only over
// TLS, for this very host, from this very host.
const (
	sessionCookie = "__Host-session" // who is signed in
	visitCookie   = "__Host-visit"   // binds the forms of those who are not
)

// visitor is who sends a request. The zero visitor is nobody in particular.
type visitor struct {
	user    account.User // the zero User if he is not signed in
	session string       // id, if he is
	token   string       // what his forms have to carry
	address string
}

var (
	errSignIn    = errors.New("nobody is signed in")
	errForbidden = errors.New("role does not permit this")
	errForm      = errors.New("not sent from a form of this visitor")
	errForeign   = errors.New("sent by a page elsewhere")
)

// visitor finds out who sends a request, and gives browsers that have none a
// cookie to which forms are bound.
func (s *Server) visitor(w http.ResponseWriter, r *http.Request) (visitor, error) {
	v := visitor{address: address(r)}
	if c, err := r.Cookie(sessionCookie); err == nil {
		if v.user, err = s.Sessions.User(r.Context(), c.Value); err != nil {
			return v, err
		}
		if v.user.ID != 0 {
			v.session, v.token = c.Value, formToken(c.Value)
			return v, nil
		}
	}
	if c, err := r.Cookie(visitCookie); err == nil {
		v.token = formToken(c.Value)
	} else if r.Method == http.MethodGet {
		id := rand.Text()
		setCookie(w, visitCookie, id)
		v.token = formToken(id)
	}
	return v, nil
}

// setCookie sets a cookie that scripts cannot read, that is sent only over TLS,
// and not with what pages elsewhere send. It lasts until the browser is closed;
// an empty value removes it.
func setCookie(w http.ResponseWriter, name, value string) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// signedIn refuses who is not signed in and has to be.
func signedIn(v visitor, need access) error {
	if need != anyone && v.user.ID == 0 {
		return errSignIn
	}
	return nil
}

// permitted refuses whose role is not enough.
func permitted(v visitor, need access) error {
	role := v.user.Role
	switch {
	case need == anyone,
		need == customers && role != "",
		need == clerks && (role == account.Clerk || role == account.Admin),
		need == admins && role == account.Admin:
		return nil
	}
	return errForbidden
}

var foreign = http.NewCrossOriginProtection()

// fromOwnSite refuses a request of which the browser itself says that a page
// elsewhere made it (Sec-Fetch-Site, Origin).
func fromOwnSite(r *http.Request) error {
	if err := foreign.Check(r); err != nil {
		return errForeign
	}
	return nil
}

// fromOwnForm refuses a form without the token of this visitor.
func fromOwnForm(r *http.Request, v visitor) error {
	if err := r.ParseForm(); err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			return err
		}
		return problem.Problem("That form cannot be read.")
	}
	if v.token == "" || !hmac.Equal([]byte(r.PostForm.Get("token")), []byte(v.token)) {
		return errForm
	}
	return nil
}

// formToken is the token that belongs to a cookie. Only who knows the cookie
// can make it, and it does not give the cookie away.
func formToken(cookie string) string {
	m := hmac.New(sha256.New, []byte(cookie))
	m.Write([]byte("form token"))
	return hex.EncodeToString(m.Sum(nil))
}
