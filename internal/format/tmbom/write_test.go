package tmbom

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/testkit/exportkit"
)

const root = "../../../"

func TestSchema(t *testing.T) {
	s := exportkit.Schema(t, root, "tm-bom.schema.json")
	for name, c := range exportkit.Cases(t, root) {
		data := exportkit.Write(t, Format, c)
		if err := exportkit.Valid(s, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if exportkit.Valid(s, []byte(strings.Replace(string(data), `"tier": `, `"layer": `, 1))) == nil {
			t.Errorf("%s: the schema takes a scope without a tier", name)
		}
	}
}

// TestReturn holds what is read again to what was written, less what is said to
// be lost.
func TestReturn(t *testing.T) {
	for name, c := range exportkit.Cases(t, root) {
		want, got := exportkit.Keep(c), exportkit.Keep(exportkit.Return(t, Format, c))
		for _, k := range []*exportkit.Kept{want, got} {
			maps.DeleteFunc(k.Assumptions, func(id ssf.ID, _ string) bool { return strings.HasPrefix(string(id), "transferred-") })
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

// TestNoMoreCertain sees that a control is active only where evidence shows it.
func TestNoMoreCertain(t *testing.T) {
	c := exportkit.Text(t, exportkit.Rare)
	c.Verifications = append(c.Verifications, ssf.VerificationInfo{ID: "shows", Verifies: []ssf.ID{"parametrised-queries"}, State: ssf.NeverRun})
	active := func() int { return strings.Count(string(exportkit.Write(t, Format, c)), `"status": "active"`) }
	if n := active(); n != 0 {
		t.Errorf("%d controls are active that nothing shows", n)
	}
	c.Verifications[len(c.Verifications)-1].State = ssf.Stands
	if n := active(); n != 1 {
		t.Errorf("%d controls are active, want the one that is shown", n)
	}
	if data := string(exportkit.Write(t, Format, c)); !strings.Contains(data, "State: claimed, which nothing shows to be so") || !strings.Contains(data, `"likelihood": "certain"`) {
		t.Error("what is claimed or unknown is not told apart")
	}
}
