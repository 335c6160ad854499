package threatdragon

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssf/internal/testkit/exportkit"
)

const root = "../../../"

func TestSchema(t *testing.T) {
	s := exportkit.Schema(t, root, "threat-dragon-v2.schema.json")
	for name, c := range exportkit.Cases(t, root) {
		data := exportkit.Write(t, Format, c)
		if err := exportkit.Valid(s, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if exportkit.Valid(s, []byte(strings.Replace(string(data), `"zIndex": `, `"z": `, 1))) == nil {
			t.Errorf("%s: the schema takes a cell without a plane", name)
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
