package otm

import (
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
				j.As = nil
				k.Joined[id] = j
			}
		}
		same(t, name, c, want, got)
	}
}

// same compares; a threat that is derived in one of the two only, because of what
// was lost, has no decision and no mitigation there.
func same(t *testing.T, name string, c *ssf.Case, want, got *exportkit.Kept) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-written +read):\n%s", name, diff)
	}
}
