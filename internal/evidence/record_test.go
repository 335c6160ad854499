package evidence

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"ssf"
)

// testKey is a key that is the same in every run.
func testKey(n byte) Key { return newKey("", bytes.Repeat([]byte{n}, ed25519.SeedSize)) }

func digest(text string) ssf.Digest { return sha256.Sum256([]byte(text)) }

// example has something in every field.
func example() ssf.Evidence {
	return ssf.Evidence{
		Verification: "csrf-test", Verifies: []ssf.ID{"api.session", "csrf-token"}, Result: ssf.Failed, Why: "TestCSRF/<put> failed & said \"no\".",
		Tests: []ssf.TestResult{
			{Name: "TestCSRF", Suite: "example.org/shop", Outcome: ssf.TestFailed, Attrs: map[string]string{"b": "2", "a": "1"}, Message: "want 403\ngot 200\t\u2028\x00\x7f"},
			{Name: "TestCSRF/get", Suite: "example.org/shop", Outcome: ssf.TestPassed},
			{Name: "TestCSRF/patch", Outcome: ssf.TestBroken},
			{Name: "TestCSRF/put", Suite: "example.org/shop", Outcome: ssf.TestSkipped},
		},
		Inputs: []ssf.Input{{Name: "api/csrf.go", Digest: digest("package api")}, {Name: "toolchain:go", Digest: digest("go1.26.8"), Text: "go1.26.8"}},
		Commit: strings.Repeat("0a", 20), Time: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC), Tool: "ssf 1.0",
		Run:  ssf.RunResult{ID: "unit", Command: []string{"go", "test", "-json", "./..."}, Exit: 1, Seconds: 1.234, Output: digest("output")},
		Prev: []ssf.Digest{{1}, {2}},
	}
}

// simple is a record that passed.
func simple(n int) ssf.Evidence {
	return ssf.Evidence{
		Verification: ssf.ID(fmt.Sprintf("check-%d", n%5)), Verifies: []ssf.ID{"m"}, Result: ssf.Passed,
		Tests:  []ssf.TestResult{{Name: "TestA", Outcome: ssf.TestPassed}},
		Inputs: []ssf.Input{{Name: "a.go", Digest: digest(fmt.Sprint(n))}},
		Time:   time.Date(2026, 11, 24, 8, 0, n, 0, time.UTC), Tool: "ssf test", Run: ssf.RunResult{ID: "unit", Command: []string{"go", "test"}},
	}
}

func mustEncode(t testing.TB, e ssf.Evidence, key Key) ([]byte, ssf.Digest) {
	t.Helper()
	file, id, err := Encode(e, key)
	if err != nil {
		t.Fatal(err)
	}
	return file, id
}

// payloadOf is what stands signed in a file.
func payloadOf(t testing.TB, file []byte) []byte {
	t.Helper()
	var env envelope
	if err := json.Unmarshal(file, &env); err != nil {
		t.Fatal(err)
	}
	payload, err := base64.StdEncoding.DecodeString(env.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// TestRecord holds the form of a record against a file that never changes, and
// reads it back.
func TestRecord(t *testing.T) {
	file, id := mustEncode(t, example(), testKey(1))
	for name, got := range map[string][]byte{"record.json": file, "payload.json": payloadOf(t, file)} {
		name = filepath.Join("testdata", name)
		if os.Getenv("SSF_UPDATE") != "" {
			if err := os.WriteFile(name, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s holds\n%s\nand the record is\n%s", name, want, got)
		}
	}
	got, err := Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	want := example()
	want.ID, want.Key = id, testKey(1).Public()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was written and what was read (-want +got):\n%s", diff)
	}
	if id != sha256.Sum256(file) {
		t.Errorf("the id is %s", id)
	}
}

// TestRecordEmpty: lists that are nil are read back as empty ones, so that JSON
// of a record has no null.
func TestRecordEmpty(t *testing.T) {
	file, _ := mustEncode(t, ssf.Evidence{Verification: "x", Result: ssf.Errored, Time: simple(0).Time, Tool: "t"}, testKey(1))
	e, err := Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(e); err != nil || bytes.Contains(text, []byte("null")) {
		t.Errorf("%v: %s", err, text)
	}
	if payload := payloadOf(t, file); bytes.Contains(payload, []byte("null")) {
		t.Errorf("the payload is %s", payload)
	}
}

// TestEncodeSorts: the order in which a producer has things and the fraction of
// a second do not matter, and what it has stays as it is.
func TestEncodeSorts(t *testing.T) {
	want, _ := mustEncode(t, example(), testKey(1))
	e := example()
	slices.Reverse(e.Inputs)
	slices.Reverse(e.Tests)
	slices.Reverse(e.Verifies)
	slices.Reverse(e.Prev)
	e.Time = e.Time.Add(999 * time.Millisecond).In(time.FixedZone("", 3600))
	e.Run.Seconds = 1.23399
	first := e.Inputs[0]
	got, _ := mustEncode(t, e, testKey(1))
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", payloadOf(t, got), payloadOf(t, want))
	}
	if e.Inputs[0] != first {
		t.Error("Encode has sorted its argument")
	}
}

// TestPreAuth has the vector of the DSSE specification, protocol.md.
func TestPreAuth(t *testing.T) {
	if got := preAuth("http://example.com/HelloWorld", []byte("hello world")); string(got) != "DSSEv1 29 http://example.com/HelloWorld 11 hello world" {
		t.Errorf("got %q", got)
	}
	if got := preAuth("", nil); string(got) != "DSSEv1 0  0 " {
		t.Errorf("got %q", got)
	}
	got := preAuth(payloadType, []byte("ä"))
	if !bytes.Equal(got, dsse.PAE(payloadType, []byte("ä"))) {
		t.Errorf("got %q", got)
	}
}

// verifier lets securesystemslib check signatures with crypto/ed25519.
type verifier struct{ public ed25519.PublicKey }

func (v verifier) KeyID() (string, error) {
	return keyKind + base64.StdEncoding.EncodeToString(v.public), nil
}
func (v verifier) Public() crypto.PublicKey { return v.public }
func (v verifier) Verify(_ context.Context, data, sig []byte) error {
	if !ed25519.Verify(v.public, data, sig) {
		return errors.New("no")
	}
	return nil
}

// TestEnvelope: the DSSE implementation of secure-systems-lab accepts a record
// by the key in its keyid, and by no other.
func TestEnvelope(t *testing.T) {
	file, _ := mustEncode(t, example(), testKey(1))
	var env dsse.Envelope
	if err := json.Unmarshal(file, &env); err != nil {
		t.Fatal(err)
	}
	check := func(n byte) error {
		v, err := dsse.NewEnvelopeVerifier(verifier{ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, 32)).Public().(ed25519.PublicKey)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Verify(t.Context(), &env)
		return err
	}
	if err := check(1); err != nil {
		t.Error(err)
	}
	if check(2) == nil {
		t.Error("another key is accepted")
	}
	env.PayloadType += "x"
	if check(1) == nil {
		t.Error("another type of payload is accepted")
	}
}

// TestOpenSSL checks a record with the files alone and a common program.
func TestOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	file, _ := mustEncode(t, example(), testKey(1))
	var env envelope
	if err := json.Unmarshal(file, &env); err != nil {
		t.Fatal(err)
	}
	sig, _ := base64.StdEncoding.DecodeString(env.Signatures[0].Sig)
	public, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(env.Signatures[0].KeyID, keyKind))
	for name, text := range map[string][]byte{
		"sig": sig, "message": dsse.PAE(env.PayloadType, payloadOf(t, file)),
		"key": append([]byte("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"), public...), // RFC 8410, section 4
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key", "-rawin", "-in", "message", "-sigfile", "sig")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// TestStatement reads a record by the fields of in-toto's Statement v1 and
// test-result v0.1 alone (spec/v1/statement.md, spec/predicates/test-result.md).
func TestStatement(t *testing.T) {
	type resource struct {
		Name        string
		Digest      map[string]string
		Annotations map[string]any
	}
	var s struct {
		Type          string `json:"_type"`
		Subject       []resource
		PredicateType string
		Predicate     struct {
			Result                                string
			Configuration                         []resource
			URL                                   *string
			PassedTests, WarnedTests, FailedTests []string
		}
	}
	file, _ := mustEncode(t, example(), testKey(1))
	if err := json.Unmarshal(payloadOf(t, file), &s); err != nil {
		t.Fatal(err)
	}
	e := example()
	if s.Type != "https://in-toto.io/Statement/v1" || s.PredicateType != "https://in-toto.io/attestation/test-result/v0.1" || s.Predicate.Result != "FAILED" {
		t.Errorf("got %+v", s)
	}
	if len(s.Subject) != 1 || s.Subject[0].Name != "csrf-test" || s.Subject[0].Digest["sha256"] != InputsDigest(e.Inputs).String() || s.Subject[0].Digest["gitCommit"] != e.Commit {
		t.Errorf("the subject is %+v", s.Subject)
	}
	if diff := cmp.Diff([]resource{
		{"api/csrf.go", map[string]string{"sha256": digest("package api").String()}, nil},
		{"toolchain:go", map[string]string{"sha256": digest("go1.26.8").String()}, map[string]any{"text": "go1.26.8"}},
	}, s.Predicate.Configuration); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"example.org/shop.TestCSRF/get"}, {"example.org/shop.TestCSRF", "TestCSRF/patch"}, nil}, [][]string{s.Predicate.PassedTests, s.Predicate.FailedTests, s.Predicate.WarnedTests}); diff != "" {
		t.Error(diff)
	}
	var raw struct {
		Predicate map[string]json.RawMessage
	}
	if err := json.Unmarshal(payloadOf(t, file), &raw); err != nil {
		t.Fatal(err)
	}
	for key := range raw.Predicate {
		if !slices.Contains([]string{"result", "configuration", "url", "passedTests", "warnedTests", "failedTests", "ssf"}, key) {
			t.Errorf("test-result v0.1 has no field %q", key)
		}
	}
}

// TestInputsDigest follows the words of spec/evidence.md; a space in a name is
// where the order of lines is not that of names.
func TestInputsDigest(t *testing.T) {
	d := digest("")
	in := []ssf.Input{{Name: "a b", Digest: d}, {Name: "a", Digest: ssf.Digest{0xff}}, {Name: "a", Digest: d}}
	lines := []string{"a " + d.String() + "\n", "a ff" + strings.Repeat("0", 62) + "\n", "a b " + d.String() + "\n"}
	slices.Sort(lines)
	if got, want := InputsDigest(in), digest(strings.Join(lines, "")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if InputsDigest(nil) != digest("") {
		t.Error("no input has another digest than no line")
	}
}

// TestDecodeRefuses has each way in which a file is no record, rightly signed
// where the payload is wrong, and what the error says.
func TestDecodeRefuses(t *testing.T) {
	key := testKey(1)
	file, _ := mustEncode(t, example(), key)
	ours := payloadOf(t, file)
	payload := func(old, now string) func() []byte {
		return func() []byte {
			if !bytes.Contains(ours, []byte(old)) {
				t.Errorf("the payload has no %s", old)
			}
			sealed, err := seal(bytes.Replace(ours, []byte(old), []byte(now), 1), key)
			if err != nil {
				t.Fatal(err)
			}
			return sealed
		}
	}
	outer := func(old, now string) func() []byte {
		return func() []byte {
			if !bytes.Contains(file, []byte(old)) {
				t.Errorf("the file has no %s", old)
			}
			return bytes.Replace(file, []byte(old), []byte(now), 1)
		}
	}
	other, _ := mustEncode(t, simple(1), key)
	var a, b envelope
	if json.Unmarshal(file, &a) != nil || json.Unmarshal(other, &b) != nil {
		t.Fatal("reading envelopes")
	}
	sig := a.Signatures[0].Sig
	high := func() []byte { // S + L of RFC 8032 fits the same equation
		raw, _ := base64.StdEncoding.DecodeString(sig)
		order := []byte{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 31: 0x10}
		carry := 0
		for i := range order {
			carry += int(raw[32+i]) + int(order[i])
			raw[32+i], carry = byte(carry), carry>>8
		}
		return outer(sig, base64.StdEncoding.EncodeToString(raw))()
	}
	for name, test := range map[string]struct {
		file func() []byte
		want string
	}{
		"empty":                     {func() []byte { return nil }, "the file is empty"},
		"too long":                  {func() []byte { return make([]byte, MaxRecord+1) }, "MaxRecord = 1048576 bytes"},
		"no JSON":                   {func() []byte { return []byte("x\n") }, "reading the envelope: invalid character"},
		"deep JSON":                 {func() []byte { return bytes.Repeat([]byte("["), MaxRecord) }, "reading the envelope"},
		"no LF":                     {outer("\n", ""), "one way that counts: byte"},
		"CRLF":                      {outer("\n", "\r\n"), "one way that counts: byte"},
		"text behind":               {outer("\n", "\n{}"), "one way that counts: byte"},
		"space":                     {outer(`,"payload"`, `, "payload"`), "one way that counts: byte 47 differs"},
		"unknown key":               {outer(`{"payloadType"`, `{"x":1,"payloadType"`), `unknown field "x"`},
		"long unknown key":          {outer(`{"payloadType"`, `{"`+strings.Repeat("x", 5000)+`":1,"payloadType"`), `unknown field "xxx`},
		"long digest":               {payload(digest("package api").String(), strings.Repeat("ä", 5000)), "reading digest"},
		"key in capitals":           {outer(`{"payloadType"`, `{"PayloadType"`), "byte 3 differs"},
		"key twice":                 {outer(`{"payloadType"`, `{"payloadType":"","payloadType"`), "one way that counts"},
		"other type":                {outer("in-toto+json", "in-toto"), "payloadType is"},
		"no signature":              {outer(`[{"keyid":"`+key.Public()+`","sig":"`+sig+`"}]`, `[]`), "0 signatures, not one"},
		"two signatures":            {outer(`"}]`, `"},{"keyid":"","sig":""}]`), "2 signatures, not one"},
		"wrong JSON type":           {outer(`"signatures":[`, `"signatures":7,"s":[`), "reading the envelope: json: cannot unmarshal number"},
		"not UTF-8":                 {outer("in-toto", "in-\xfftoto"), "not UTF-8"},
		"other payload":             {outer(a.Payload, b.Payload), ErrSignature.Error()},
		"other key":                 {outer(key.Public(), testKey(2).Public()), ErrSignature.Error()},
		"high S":                    {high, ErrSignature.Error()},
		"other kind of key":         {outer("ed25519:", "ed448:"), "is not ed25519:BASE64 with 32 bytes"},
		"short key":                 {outer(key.Public(), "ed25519:AAAA"), "is not ed25519:BASE64 with 32 bytes"},
		"no base64":                 {outer(`"payload":"`, `"payload":"!`), "reading payload: illegal base64"},
		"base64 with LF":            {outer(`"payload":"`, `"payload":"\n`), "reading payload: base64 has characters"},
		"sig with unused bits":      {outer("==\"}]", "=A\"}]"), "reading sig: illegal base64"},
		"payload not UTF-8":         {payload("csrf-test", "csrf-\xff"), "reading the statement: it is not UTF-8"},
		"payload empty":             {payload(string(ours), ""), "reading the statement: EOF"},
		"payload null":              {payload(string(ours), "null"), "0 subjects, not one"},
		"payload key unknown":       {payload(`"tool":`, `"x":0,"tool":`), `unknown field "x"`},
		"payload key twice":         {payload(`"tool":`, `"tool":"","tool":`), "one way that counts"},
		"payload order":             {payload(`"result":"FAILED","configuration"`, `"configuration"`), "predicate.result is"},
		"payload space":             {payload(`{"_type"`, `{ "_type"`), "byte 2 differs"},
		"payload LF":                {payload(string(ours), string(ours)+"\n"), "one way that counts"},
		"payload escapes":           {payload(`<put>`, `\u003cput>`), "one way that counts"},
		"payload half a surrogate":  {payload(`<put>`, `\ud800`), "one way that counts"},
		"statement of v0.1":         {payload("Statement/v1", "Statement/v0.1"), "_type is"},
		"other predicate":           {payload("test-result/v0.1", "test-result/v0.2"), "predicateType is"},
		"two subjects":              {payload(`"subject":[`, `"subject":[{"name":"x","digest":{"sha256":"`+digest("").String()+`"}},`), "2 subjects, not one"},
		"no verification":           {payload(`"name":"csrf-test"`, `"name":""`), "the verification's id"},
		"name with LF":              {payload(`"name":"api/csrf.go"`, `"name":"api\n"`), "the name of an input"},
		"subject of other inputs":   {payload(InputsDigest(example().Inputs).String(), digest("x").String()), "the digest of the subject"},
		"digest in capitals":        {payload(digest("package api").String(), strings.ToUpper(digest("package api").String())), "one way that counts"},
		"short digest":              {payload(digest("package api").String(), "ab"), "want 64 hexadecimal digits"},
		"commit is a branch":        {payload(`"gitCommit":"`+strings.Repeat("0a", 20), `"gitCommit":"main`), "commit is"},
		"text of another digest":    {payload(`"text":"go1.26.8"`, `"text":"go1.26.9"`), `digest of the input "toolchain:go"`},
		"empty text":                {payload(`{"text":"go1.26.8"}`, `{"text":""}`), "one way that counts"},
		"inputs unsorted":           {payload(`"name":"api/csrf.go"`, `"name":"z"`), "inputs are not sorted"},
		"input twice":               {payload(`"name":"api/csrf.go"`, `"name":"toolchain:go"`), "inputs are not sorted by name, each once"},
		"configuration null":        {payload(`"passedTests":["example.org/shop.TestCSRF/get"]`, `"passedTests":null`), "predicate.passedTests"},
		"passed and failed":         {payload(`"FAILED"`, `"PASSED"`), "predicate.result is"},
		"passed by half":            {payload(`"ssf":{"result":"failed"`, `"ssf":{"result":"passed"`), "result is passed, and the test \"TestCSRF\" failed"},
		"interrupted":               {payload(`"ssf":{"result":"failed"`, `"ssf":{"result":"interrupted"`), "result is \"interrupted\", not one of"},
		"a test more":               {payload(`"failedTests":[`, `"failedTests":["x",`), "predicate.failedTests is"},
		"a test less":               {payload(`"passedTests":["example.org/shop.TestCSRF/get"]`, `"passedTests":[]`), "predicate.passedTests is"},
		"verifies unsorted":         {payload(`["api.session","csrf-token"]`, `["csrf-token","api.session"]`), "verifies is not a sorted list"},
		"verifies null":             {payload(`["api.session","csrf-token"]`, `null`), "one way that counts"},
		"tests unsorted":            {payload(`"tests":[{"name":"TestCSRF"`, `"tests":[{"name":"X"`), "tests are not sorted"},
		"test without name":         {payload(`"tests":[{"name":"TestCSRF"`, `"tests":[{"name":""`), "a test has no name"},
		"outcome":                   {payload(`"outcome":"failed"`, `"outcome":"ok"`), `is "ok", not one of passed`},
		"attrs unsorted":            {payload(`{"a":"1","b":"2"}`, `{"b":"2","a":"1"}`), "one way that counts"},
		"attr twice":                {payload(`{"a":"1","b":"2"}`, `{"a":"1","a":"1","b":"2"}`), "one way that counts"},
		"long message":              {payload(`"message":"`, `"message":"`+strings.Repeat("x", ssf.MaxMessage)), "MaxMessage = 2000 bytes"},
		"exit":                      {payload(`"exit":1`, `"exit":-2`), "exit of the run is -2"},
		"exit is no number":         {payload(`"exit":1`, `"exit":1.5`), "cannot unmarshal number 1.5"},
		"seconds below 0":           {payload(`1.234`, `-1`), "seconds of the run"},
		"seconds too fine":          {payload(`1.234`, `1.2345`), "seconds of the run"},
		"seconds in another way":    {payload(`1.234`, `1.2340`), "one way that counts"},
		"negative zero":             {payload(`1.234`, `-0`), "seconds of the run"},
		"time in another zone":      {payload(`08:00:00Z`, `08:00:00+01:00`), "time is"},
		"time with a fraction":      {payload(`08:00:00Z`, `08:00:00.5Z`), "time is"},
		"time at +00:00":            {payload(`08:00:00Z`, `08:00:00+00:00`), ""},
		"no time":                   {payload(`2026-11-24T08:00:00Z`, `today`), "reading predicate.ssf.time"},
		"time of no year":           {payload(`2026-11`, `0001-11`), "time is"},
		"no tool":                   {payload(`"tool":"ssf 1.0"`, `"tool":""`), "tool is"},
		"prev unsorted":             {payload(`"prev":["01`, `"prev":["03`), "prev is not sorted"},
		"prev twice":                {payload(`"prev":["01`, `"prev":["02`), "prev is not sorted, each once"},
		"prev is no digest":         {payload(`"prev":["01`, `"prev":["zz`), "reading the statement"},
		"many inputs":               {payload(`"configuration":[`, `"configuration":[`+strings.Repeat(`{},`, MaxInputs)), "MaxInputs = 10000 inputs"},
		"many tests":                {payload(`"tests":[`, `"tests":[`+strings.Repeat(`{},`, MaxTests)), "MaxTests = 10000 tests"},
		"many verifies":             {payload(`"verifies":[`, `"verifies":[`+strings.Repeat(`"",`, MaxVerifies)), "MaxVerifies = 10000 ids"},
		"many prev, over MaxRecord": {payload(`"prev":[`, `"prev":[`+strings.Repeat(`"`+digest("").String()+`",`, MaxPrev)), "MaxPrev = 10000 records"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Decode(test.file())
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "reading record: ") {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if e.Verification != "" || e.Result != "" {
				t.Errorf("and returns %+v", e)
			}
			if err != nil && len(err.Error()) > 1000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
	if _, err := Decode(file); err != nil {
		t.Errorf("the record that is as it should be: %v", err)
	}
}

// TestEncodeRefuses: what could not be read is not written.
func TestEncodeRefuses(t *testing.T) {
	for want, change := range map[string]func(*ssf.Evidence){
		"why is not UTF-8":                       func(e *ssf.Evidence) { e.Why = "\xff" },
		"a text of a test is not UTF-8":          func(e *ssf.Evidence) { e.Tests[0].Message = "\xff" },
		"an attribute of a test is not UTF-8":    func(e *ssf.Evidence) { e.Tests[0].Attrs = map[string]string{"\xff": ""} },
		"an argument of the command is not":      func(e *ssf.Evidence) { e.Run.Command = []string{"\xff"} },
		"the name of an input is":                func(e *ssf.Evidence) { e.Inputs[0].Name = "\xff" },
		"inputs are not sorted by name, each":    func(e *ssf.Evidence) { e.Inputs[0].Name = e.Inputs[1].Name },
		"result is \"interrupted\", not one of ": func(e *ssf.Evidence) { e.Result = ssf.Interrupted },
		"result is passed, and the test":         func(e *ssf.Evidence) { e.Result, e.Why = ssf.Passed, "" },
		"result is passed, and why is":           func(e *ssf.Evidence) { e.Result, e.Tests = ssf.Passed, e.Tests[1:2] },
		"result is passed, and every test was":   func(e *ssf.Evidence) { e.Result, e.Why, e.Tests = ssf.Passed, "", e.Tests[3:] },
		"without tests the exit status 1":        func(e *ssf.Evidence) { e.Result, e.Why, e.Tests = ssf.Passed, "", nil },
		"time is":                                func(e *ssf.Evidence) { e.Time = time.Time{} },
		"MaxRecord = 1048576 bytes in a record": func(e *ssf.Evidence) {
			e.Tests = slices.Repeat(e.Tests[:1], 600)
			e.Tests[0].Message = strings.Repeat("x", ssf.MaxMessage)
			e.Tests = slices.Repeat(e.Tests[:1], 600)
		},
	} {
		e := example()
		change(&e)
		if _, _, err := Encode(e, testKey(1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	if _, _, err := Encode(example(), Key{}); err == nil || !strings.Contains(err.Error(), "no key") {
		t.Errorf("without a key the error is %v", err)
	}
}

// TestDecodeBounded: the worst that fits into a record takes a bounded amount
// of memory.
func TestDecodeBounded(t *testing.T) {
	for _, item := range []string{`{}`, `""`, `{"annotations":{}}`} {
		for _, form := range []string{`{"subject":[%s]}`, `{"predicate":{"configuration":[%s]}}`, `{"predicate":{"ssf":{"tests":[%s]}}}`, `{"predicate":{"ssf":{"verifies":[%s]}}}`} {
			text := fmt.Sprintf(form, strings.Repeat(item+",", 760<<10/(len(item)+1))+item)
			file, err := seal([]byte(text), testKey(1))
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := Decode(file); err == nil || len(file) > MaxRecord {
				t.Errorf("error %v of a file of %d bytes", err, len(file))
			}
			runtime.ReadMemStats(&after)
			n := after.TotalAlloc - before.TotalAlloc
			if n > 200<<20 {
				t.Errorf("reading a list of %s in %s took %d MiB", item, form, n>>20)
			}
		}
	}
}

// FuzzDecode: no file makes Decode panic, what it accepts it would write in the
// same way, and what it says stays short.
func FuzzDecode(f *testing.F) {
	for i, e := range []ssf.Evidence{example(), simple(1), {Verification: "x", Result: ssf.NoTests, Why: "None.", Time: simple(0).Time, Tool: "t"}} {
		file, _, err := Encode(e, testKey(byte(i)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file, true)
		f.Add(payloadOf(f, file), false)
	}
	for _, text := range []string{"", "{}", "null", "[]", `{"payloadType":"application/vnd.in-toto+json","payload":"","signatures":[{"keyid":"","sig":""}]}` + "\n"} {
		f.Add([]byte(text), true)
		f.Add([]byte(text), false)
	}
	f.Fuzz(func(t *testing.T, text []byte, whole bool) {
		if len(text) > 64<<10 {
			return
		}
		if !whole { // what somebody with a key can sign
			sealed, err := seal(text, testKey(1))
			if err != nil {
				t.Fatal(err)
			}
			text = sealed
		}
		e, err := Decode(text)
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			return
		}
		payload, err := marshal(statementOf(&e))
		if err != nil || !bytes.Equal(payload, payloadOf(t, text)) || e.ID != sha256.Sum256(text) {
			t.Errorf("%v: read as %+v, which is written as\n%s", err, e, payload)
		}
	})
}

// TestNames: what ends a line, steers or is not seen is in no name.
func TestNames(t *testing.T) {
	for _, name := range []string{"", "a\nb", "a\x1bb", "a\u202eb", "a\u200bb", "a\u2028b", "a\u2029b", "a\xffb"} {
		for field, change := range map[string]func(*ssf.Evidence){
			"verification": func(e *ssf.Evidence) { e.Verification = ssf.ID(name) },
			"tool":         func(e *ssf.Evidence) { e.Tool = name },
			"input":        func(e *ssf.Evidence) { e.Inputs[0].Name = name },
			"verifies":     func(e *ssf.Evidence) { e.Verifies[0] = ssf.ID(name) },
		} {
			e := example()
			change(&e)
			if err := Fits(e); err == nil {
				t.Errorf("%s may be %q", field, name)
			}
		}
	}
	if err := Fits(example()); err != nil {
		t.Error(err)
	}
}
