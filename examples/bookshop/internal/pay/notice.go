package pay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// SignatureHeader carries the provider's signature of a notice:
// "t=SECONDS,v1=HEX" with the HMAC-SHA-256 of "SECONDS.BODY".
const SignatureHeader = "Pay-Signature"

// A Notice is what the provider tells the shop about a payment.
type Notice struct {
	Payment  string `json:"payment"`
	Status   string `json:"status"` // "paid"; others tell nothing that the shop acts on
	Amount   int64  `json:"amount"` // cents
	Currency string `json:"currency"`
}

// ErrSignature means that a notice is not known to come from the provider now.
var ErrSignature = errors.New("checking signature of notice: missing, wrong or too old")

const tolerance = 5 * time.Minute

// Sign makes the value of SignatureHeader for a body that is sent at that time.
func Sign(secret, body []byte, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(sum(secret, t, body))
}

// ReadNotice checks that the provider signed body lately, and reads it.
func ReadNotice(secret, body []byte, header string, now time.Time) (Notice, error) {
	if err := verify(secret, body, header, now); err != nil {
		return Notice{}, err
	}
	var n Notice
	if err := json.Unmarshal(body, &n); err != nil {
		return Notice{}, fmt.Errorf("reading notice: %w", err)
	}
	return n, nil
}

func verify(secret, body []byte, header string, now time.Time) error {
	t, v1, _ := strings.Cut(header, ",")
	t, dated := strings.CutPrefix(t, "t=")
	v1, signed := strings.CutPrefix(v1, "v1=")
	if !dated || !signed {
		return ErrSignature
	}
	got, err := hex.DecodeString(v1)
	if err != nil || !hmac.Equal(got, sum(secret, t, body)) {
		return ErrSignature
	}
	seconds, err := strconv.ParseInt(t, 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return ErrSignature
	}
	return nil
}

func sum(secret []byte, t string, body []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(t))
	m.Write([]byte{'.'})
	m.Write(body)
	return m.Sum(nil)
}
