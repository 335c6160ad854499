package ssf

import "time"

// Evidence is one signed record of what a verification gave, as it stands in
// `.ssf/evidence`; see spec/evidence.md. Only records whose name, form and
// signature are right become Evidence; a predecessor that is missing is a
// problem of the log, and takes no other record out of it.
type Evidence struct {
	ID           Digest       `json:"id"`           // SHA-256 of the record's file, which is its name too
	Key          string       `json:"key"`          // that signed it, as `ed25519:BASE64`
	Verification ID           `json:"verification"` // whose result it is
	Verifies     []ID         `json:"verifies"`     // what was to be shown at that time, sorted
	Result       Result       `json:"result"`
	Why          string       `json:"why,omitempty"` // for a result that is not Passed, in a sentence
	Tests        []TestResult `json:"tests"`         // those that the verification selects, sorted by name and suite
	Inputs       []Input      `json:"inputs"`        // on what the result rests, sorted by name
	Commit       string       `json:"commit,omitempty"`
	Time         time.Time    `json:"time"` // as the producer claims, to the second, UTC
	Tool         string       `json:"tool"`
	Run          RunResult    `json:"run"`
	Prev         []Digest     `json:"prev"` // the heads that its producer saw, sorted
}

// An Input is one thing on which a result rests: a file by its path, or what
// has no file by a name with a colon, such as `toolchain:go`.
type Input struct {
	Name   string `json:"name"`
	Digest Digest `json:"digest"`
	Text   string `json:"text,omitempty"` // what the digest is over, where a person should see it: `go1.26.8`
}

// A Result is what came of a verification.
type Result string

// The results. Only Passed speaks for what is verified and Failed against it; the
// others say that nothing was shown.
const (
	Passed      Result = "passed"
	Failed      Result = "failed"      // a selected test failed, or the command's exit status says so
	Errored     Result = "errored"     // the command could not start, or ended before its tests did
	TimedOut    Result = "timed_out"   // it took longer than its limit
	NoTests     Result = "no_tests"    // the selection, or a pattern of it, selects none
	AllSkipped  Result = "all_skipped" // of those that a pattern selects, each was skipped
	Unreadable  Result = "unreadable"  // what should hold the results cannot be read, or is not of this run
	OutputCut   Result = "output_cut"  // it printed more than the limit
	Interrupted Result = "interrupted" // by a person; it is never recorded
)

// A RunResult is how the command that gave a result ended.
type RunResult struct {
	ID      ID       `json:"id"`
	Command []string `json:"command"`         // empty where only reports were read
	Exit    int      `json:"exit"`            // status; -1 if a signal ended it or it did not start
	Seconds float64  `json:"seconds"`         // rounded to milliseconds
	Output  Digest   `json:"output,omitzero"` // of what it printed, or of the reports; the blob of that name
}

// A TestResult is the result of one test. Name is as its runner has it:
// `TestA/sub` of Go, the name of a JUnit case; Suite is the package or class.
type TestResult struct {
	Name    string            `json:"name"`
	Suite   string            `json:"suite,omitempty"`
	Outcome Outcome           `json:"outcome"`
	Attrs   map[string]string `json:"attrs,omitempty"`   // that it says of itself: t.Attr of Go, properties of JUnit
	Message string            `json:"message,omitempty"` // of a test that did not pass: what it said, at most MaxMessage bytes
}

// MaxMessage bounds what is kept of what a test says, in bytes.
const MaxMessage = 2000

// An Outcome is how one test ended.
type Outcome string

// The outcomes. A test that began and never ended is TestBroken.
const (
	TestPassed  Outcome = "passed"
	TestFailed  Outcome = "failed"
	TestSkipped Outcome = "skipped"
	TestBroken  Outcome = "broken"
)
