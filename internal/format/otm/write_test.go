package otm

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/testkit/exportkit"
)

const root = "../../../"

func TestSchema(t *testing.T) {
	s := exportkit.Schema(t, root, "otm_schema.json")
	for name, c := range exportkit.Cases(t, root) {
		data := exportkit.Write(t, Format, c)
		if err := exportkit.Valid(s, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if exportkit.Valid(s, []byte(strings.Replace(string(data), `"trustRating": `, `"rating": `, 1))) == nil {
			t.Errorf("%s: the schema takes a zone without a rating", name)
		}
	}
}

// TestReturn holds what is read again to what was written, less what is said to
// be lost.
func TestReturn(t *testing.T) {
	for name, c := range exportkit.Cases(t, root) {
		want, got := exportkit.Keep(c), exportkit.Keep(exportkit.Return(t, Format, c))
		for _, k := range []*exportkit.Kept{want, got} {
			k.Requirements, k.Assumptions = nil, nil
			for id, j := range k.Joined {
				j.As = j.As[:1]
				k.Joined[id] = j
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-written +read):\n%s", name, diff)
		}
	}
}

// TestNoMoreCertain holds the words for states to what is shown: without
// evidence nothing is mitigated, and what nobody knows is at its worst.
func TestNoMoreCertain(t *testing.T) {
	c := exportkit.Text(t, exportkit.Rare)
	words := func() map[string]int {
		n := map[string]int{}
		for _, w := range regexp.MustCompile(`"state": "([a-z-]+)"`).FindAllStringSubmatch(string(exportkit.Write(t, Format, c)), -1) {
			n[w[1]]++
		}
		return n
	}
	before := words()
	if before["mitigated"] != 0 || before["partly-mitigated"] == 0 || before["exposed"] == 0 {
		t.Errorf("without evidence the states are %v", before)
	}
	at := slices.IndexFunc(c.Threats, func(t ssf.Threat) bool { return t.ID == "sql-injection@store" })
	if c.Threats[at].State != ssf.Claimed && c.Threats[at].State != ssf.Mitigated {
		t.Fatalf("the threat is %s", c.Threats[at].State)
	}
	c.Threats[at].State = ssf.Verified
	if after := words(); after["mitigated"] < 1 || after["partly-mitigated"] >= before["partly-mitigated"] {
		t.Errorf("with evidence the states are %v, before they were %v", after, before)
	}
	data := string(exportkit.Write(t, Format, c))
	for _, says := range []string{"Nobody has said how much it needs of confidentiality, integrity, availability", `"ssf:outside": "yes"`, `"ssf:because": "It is light.\nReally."`} {
		if !strings.Contains(data, says) {
			t.Errorf("the file does not say %s", says)
		}
	}
}
