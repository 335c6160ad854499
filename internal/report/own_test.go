package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"ssf"
)

// TestOwnThreat shows a threat of the team's own of which only a severity is
// known, and one that is the same as a derived one.
func TestOwnThreat(t *testing.T) {
	c := sample("")
	own := ssf.Threat{
		ID: "own/tapped@db", Rule: "own/tapped", Element: "db", Title: "Tapped", Says: "Somebody listens.", State: ssf.Open, Why: "mitigation tls is only proposed",
		Risk: ssf.High, Severity: ssf.High, LikelihoodWhy: "nobody says how likely it is", ImpactWhy: "no asset is named here", Weaknesses: []ssf.ID{"CWE-319"}, Attacks: []ssf.ID{"CAPEC-158"}, FromTool: "t-1",
	}
	c.Threats = append(c.Threats, own)
	c.Mitigations = append(c.Mitigations, ssf.MitigationResult{ID: "tls", Name: "Encrypt it", State: "proposed"})
	c.Rules[0].Attacks = nil
	for name, wants := range map[string][]string{
		"html":     {"Tapped", "Somebody listens.", "CWE-319", "CAPEC-158", "rated high as a whole", "t-1", "the same as", "own/typed-in", "What is typed in is run.", "rated low as a whole, which counts where a factor is unknown", "t-7", "Threats of no stated origin treated", "Encrypt it", "proposed"},
		"markdown": {"Tapped", "Somebody listens.", "CWE-319", "CAPEC-158", "rated high as a whole", "t-1", "the same as", "own/typed-in", "What is typed in is run.", "Threats of no stated origin treated"},
		"csv":      {"own/tapped@db,own/tapped,db,Tapped,,open,", ",CWE-319,CAPEC-158,"},
		"sarif":    {`"Somebody listens."`, "external/cwe/cwe-319"},
		"junit":    {"own/tapped@db"},
	} {
		out := write(t, name, c)
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s does not say %q", name, want)
			}
		}
		if strings.Contains(out, ", from ,") || strings.Contains(out, "from  ") {
			t.Errorf("%s shows an origin that nobody stated", name)
		}
	}
	var b bytes.Buffer
	if err := Threats(&b, c, Style{}, func(*ssf.Threat) bool { return true }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"own/tapped  of no stated origin\n", "the same as own/typed-in"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the list of threats does not say %q:\n%s", want, b.String())
		}
	}
	b.Reset()
	if err := ExplainThreat(&b, &ssf.Explanation{ID: own.ID, Verdict: "the team stated this threat itself", Threat: &own, Joined: c.Joined}, Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Tapped", "Somebody listens.", "CWE-319, CAPEC-158", "the team says of it, as own/typed-in", "What is typed in is run.", "rated low as a whole, which counts where a factor is unknown; CWE-89, CAPEC-66; from t-7"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("its explanation does not say %q:\n%s", want, b.String())
		}
	}
	stored, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCase(bytes.NewReader(stored)); err != nil {
		t.Errorf("a case with a threat of no stated origin is refused: %v", err)
	}
}
