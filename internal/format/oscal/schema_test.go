package oscal_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestSchema: each file of each case, and each catalogue within, is what NIST's
// schema asks for; and the schema sees what is wrong.
func TestSchema(t *testing.T) {
	s := schema(t)
	for _, name := range slices.Sorted(maps.Keys(cases())) {
		for form, doc := range written(t, cases()[name]) {
			if err := s.Validate(doc); err != nil {
				t.Errorf("%s, %s: %v", name, form, clip(err.Error()))
			}
			for _, k := range catalogues(t, doc) {
				if err := s.Validate(k); err != nil {
					t.Errorf("a catalogue of %s, %s: %v", name, form, clip(err.Error()))
				}
			}
		}
	}
	for form, swap := range map[string][2]string{
		"oscal-component": {`"control-id": "IM-1"`, `"control-id": "1 IM"`},
		"oscal-plan":      {`"activity-uuid"`, `"activity"`},
		"oscal-results":   {`"state": "not-satisfied"`, `"state": "unsatisfied"`},
		"oscal-poam":      {`"poam-items": [`, `"poam-items": [{}, `},
	} {
		b := bytesOf(t, form, cases()["shop"])
		bad := bytes.Replace(b, []byte(swap[0]), []byte(swap[1]), 1)
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(bad))
		if err != nil || bytes.Equal(b, bad) || s.Validate(v) == nil {
			t.Errorf("%s: the schema takes what is wrong (%v)", form, err)
		}
	}
}

func clip(s string) string {
	return strings.Join(strings.Split(s, "\n")[:min(12, strings.Count(s, "\n")+1)], "\n")
}
