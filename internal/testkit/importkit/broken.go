package importkit

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"ssf/internal/format"
)

// wrong is what stands in the place of each value in turn.
var wrong = []any{nil, true, -1e9, "", "null", "\u202e", "\u202ea\nb\x00: #", "名前", []any{}, map[string]any{}, []any{[]any{nil}, map[string]any{"id": "x"}, "web"}, map[string]any{"id": 7, "name": []any{}}, []any{"go", "go", "CWE-1", "null"}}

// Broken puts something wrong in the place of each value of a document in JSON,
// one at a time, and holds the reader to what it owes. Of all documents one
// in 37 is tried; SSF_SOAK=1 tries all.
func Broken(t *testing.T, form format.Format, document string) {
	t.Helper()
	var root any
	if err := json.Unmarshal([]byte(document), &root); err != nil {
		t.Fatal(err)
	}
	tried := 0
	try := func(path string) {
		data, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(path, func(t *testing.T) { Import(t, form, "broken", data, nil) })
	}
	var walk func(v any, path string, set func(any))
	walk = func(v any, path string, set func(any)) {
		for i := range wrong {
			if tried++; os.Getenv("SSF_SOAK") == "" && tried%37 != 0 {
				continue
			}
			set(wrong[i])
			try(fmt.Sprint(path, " ", i))
		}
		set(v)
		switch v := v.(type) {
		case []any:
			for i := range v {
				walk(v[i], fmt.Sprint(path, "[", i, "]"), func(x any) { v[i] = x })
			}
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				walk(v[k], path+"."+k, func(x any) { v[k] = x })
			}
		}
	}
	walk(root, "", func(x any) { root = x })
	if tried < 100 {
		t.Errorf("only %d documents were tried", tried)
	}
}
