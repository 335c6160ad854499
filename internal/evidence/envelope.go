package evidence

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const payloadType = "application/vnd.in-toto+json"

// ErrSignature is the error of [Decode] for a record whose signature is not
// one by the key that it names.
var ErrSignature = errors.New("the signature is not by the key that keyid names")

// An envelope is a DSSE envelope, as it stands in a file.
type envelope struct {
	PayloadType string      `json:"payloadType"`
	Payload     string      `json:"payload"`
	Signatures  []signature `json:"signatures"`
}

type signature struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"`
}

// encoding is base64 of RFC 4648, section 4, where unused bits are 0.
var encoding = base64.StdEncoding.Strict()

// seal signs a payload and writes the envelope around it.
func seal(payload []byte, key Key) ([]byte, error) {
	if key.sign == nil {
		return nil, errors.New("there is no key to sign with")
	}
	sig := key.sign(preAuth(payloadType, payload))
	file, err := marshal(envelope{payloadType, encoding.EncodeToString(payload), []signature{{key.public, encoding.EncodeToString(sig)}}})
	return append(file, '\n'), err
}

// open checks the envelope of a record and returns what was signed, and the
// public key that signed it.
func open(file []byte) (payload []byte, key string, err error) {
	var env envelope
	if err := unmarshal(file, &env); err != nil {
		return nil, "", fmt.Errorf("reading the envelope: %w", err)
	}
	switch n := len(env.Signatures); {
	case env.PayloadType != payloadType:
		return nil, "", fmt.Errorf("payloadType is %.100q, not %q", env.PayloadType, payloadType)
	case n != 1:
		return nil, "", fmt.Errorf("there are %d signatures, not one", n)
	}
	again, err := marshal(env)
	if err != nil {
		return nil, "", err
	}
	if err := sameBytes(file, append(again, '\n')); err != nil {
		return nil, "", fmt.Errorf("reading the envelope: %w", err)
	}
	if payload, err = decode64(env.Payload); err != nil {
		return nil, "", fmt.Errorf("reading payload: %w", err)
	}
	sig, err := decode64(env.Signatures[0].Sig)
	if err != nil {
		return nil, "", fmt.Errorf("reading sig: %w", err)
	}
	key = env.Signatures[0].KeyID
	public, err := publicKey(key)
	if err != nil {
		return nil, "", fmt.Errorf("reading keyid: %w", err)
	}
	if !ed25519.Verify(public, preAuth(payloadType, payload), sig) {
		return nil, "", ErrSignature
	}
	return payload, key, nil
}

// preAuth is the pre-authentication encoding of DSSE 1.0.2: the bytes that are
// signed.
func preAuth(kind string, payload []byte) []byte {
	b := append([]byte("DSSEv1 "), strconv.Itoa(len(kind))...)
	b = append(append(b, ' '), kind...)
	b = strconv.AppendInt(append(b, ' '), int64(len(payload)), 10)
	return append(append(b, ' '), payload...)
}

// decode64 reads base64 that is written in its one way.
func decode64(s string) ([]byte, error) {
	b, err := encoding.DecodeString(s)
	if err == nil && encoding.EncodedLen(len(b)) != len(s) { // line ends are skipped
		err = errors.New("base64 has characters that do not belong there")
	}
	return b, err
}

// marshal is JSON without space, its keys in the order of the fields.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// unmarshal reads JSON whose keys are all known. What follows the value is for
// [sameBytes] to find, as is all else that JSON can say in several ways.
func unmarshal(b []byte, v any) error {
	if !utf8.Valid(b) {
		return errors.New("it is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err != nil && len(err.Error()) > maxError { // it repeats a key or a digest of any length
		err = errors.New(strings.ToValidUTF8(err.Error()[:maxError], "") + "...")
	}
	return err
}

// maxError bounds what an error repeats of a file, in bytes.
const maxError = 300

// sameBytes compares what was read with the one way of writing it: other
// order, spaces, a key that stands twice, null for a list, or a text behind it.
func sameBytes(got, want []byte) error {
	if bytes.Equal(got, want) {
		return nil
	}
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	return fmt.Errorf("it is not written in the one way that counts: byte %d differs", i+1)
}
