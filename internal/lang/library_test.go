package lang

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"ssf"
)

// TestReadLibrary wants faults in a library at their places.
func TestReadLibrary(t *testing.T) {
	const (
		pack    = "name: acme\nversion: 1\n"
		fact    = "facts:\n  wet: {title: Wet, domain: boolean, on: [asset], class: nature, asks: x, why: x}\n"
		kinds   = "kinds:\n  a: {title: A}\n  b: {title: B, is: a, implies: {wet: yes}}\n"
		rule    = "id: rain\nsince: 1\ntitle: Rain\norigin: behaviour\non: asset\nwhen: self.wet\nendangers: [integrity]\nlikelihood: {level: low, because: x}\nsays: x\nplain: x\nmeasures: []\nquiet_when: x\n"
		lists   = "lists:\n  top: {title: T, source: x, entries: {A1: {weaknesses: [CWE-89]}}}\n"
		cats    = "catalogues:\n  cat: {title: C, source: x, levels: [{name: a, ids: ['1.1']}]}\n"
		finder  = "analysers:\n  'find:': {title: Find, says: x}\n"
		measure = "id: m\ntitle: M\nkind: prevent\neffort: low\nsays: x\nleaves: x\nwhere: x\n"
	)
	for name, x := range map[string]struct {
		files map[string]string
		want  []string // place and check
	}{
		"whole":              {nil, nil},
		"no library.yaml":    {map[string]string{"library.yaml": ""}, []string{"library.yaml:1:1 library/files"}},
		"other file":         {map[string]string{"x/y.yaml": "a: b\n"}, []string{"x/y.yaml:1:1 library/files"}},
		"not YAML":           {map[string]string{"facts/x.yaml": "facts: {\n"}, []string{"facts/x.yaml:1:8 library/syntax"}},
		"not UTF-8":          {map[string]string{"facts/x.yaml": "facts: \xff\n"}, []string{"facts/x.yaml:1:8 library/encoding"}},
		"unknown key":        {map[string]string{"kinds/x.yaml": "kinds:\n  c: {titel: C}\n"}, []string{"kinds/x.yaml:2:7 library/unknown-key"}},
		"doubled fact":       {map[string]string{"facts/x.yaml": fact}, []string{"facts/x.yaml:2:3 library/duplicate-id"}},
		"fact that is a key": {map[string]string{"facts/x.yaml": "facts:\n  zone: {title: Z, domain: boolean, on: [asset], class: nature, asks: x, why: x}\n"}, []string{"facts/x.yaml:2:3 library/bad-id"}},
		"fact in capitals":   {map[string]string{"facts/x.yaml": "facts:\n  Dry: {title: Z, domain: boolean, on: [asset], class: nature, asks: x, why: x}\n"}, []string{"facts/x.yaml:2:3 library/bad-id"}},
		"enum of one":        {map[string]string{"facts/x.yaml": "facts:\n  dry: {title: Z, domain: enum, values: [a], on: [asset], class: nature, asks: x, why: x}\n"}, []string{"facts/x.yaml:2:3 library/missing-key"}},
		"unknown parent":     {map[string]string{"kinds/x.yaml": "kinds:\n  c: {title: C, is: d}\n"}, []string{"kinds/x.yaml:2:21 library/bad-value", "kinds/x.yaml:2:21 library/unknown-reference"}},
		"circle":             {map[string]string{"kinds/x.yaml": "kinds:\n  c: {title: C, is: d}\n  d: {title: D, is: c}\n"}, []string{"kinds/x.yaml:2:21 library/bad-value", "kinds/x.yaml:3:21 library/bad-value"}},
		"implied nonsense":   {map[string]string{"kinds/x.yaml": "kinds:\n  c: {title: C, implies: {wet: very, dry: yes}}\n"}, []string{"kinds/x.yaml:2:32 library/bad-value", "kinds/x.yaml:2:38 library/unknown-reference"}},
		"wrong folder":       {map[string]string{"threats/hail/threat.yaml": rule}, []string{"threats/hail/threat.yaml:1:5 library/bad-id", "threats/rain/threat.yaml:1:5 library/duplicate-id"}},
		"ids of nobody": {map[string]string{"threats/rain/threat.yaml": rule + "weaknesses: [CWE-89, CWE-9999, CWE-92, CWE-391]\nattacks: [CAPEC-66, CAPEC-56]\ncovers: [top:A1, top:A2, tip:A1]\n"}, []string{
			"threats/rain/threat.yaml:13:22 library/bad-value", "threats/rain/threat.yaml:13:32 library/bad-value", "threats/rain/threat.yaml:13:40 library/bad-value",
			"threats/rain/threat.yaml:14:21 library/bad-value", "threats/rain/threat.yaml:15:18 library/bad-value", "threats/rain/threat.yaml:15:26 library/bad-value",
		}},
		"measures": {map[string]string{"measures/m/measure.yaml": measure + "depends_on: [m]\nanswers: [cat:1.1, cat:1.2, dog:1.1]\nverify: [{method: test, how: x, rules: ['find:A1', 'fund:A1']}]\n"}, []string{
			"measures/m/measure.yaml:8:14 library/bad-value", "measures/m/measure.yaml:9:20 library/bad-value", "measures/m/measure.yaml:9:29 library/bad-value", "measures/m/measure.yaml:10:52 library/bad-value",
		}},
		"trees": {map[string]string{
			"threats/hail/threat.yaml": strings.Replace(rule, "id: rain", "id: hail", 1) + "variants: [snow]\nsteps: [rain]\n",
			"threats/snow/threat.yaml": strings.Replace(rule, "id: rain", "id: snow", 1) + "steps: [hail, snow]\n",
		}, []string{"threats/hail/threat.yaml:13:12 library/bad-value", "threats/hail/threat.yaml:14:9 library/bad-value", "threats/snow/threat.yaml:13:9 library/bad-value", "threats/snow/threat.yaml:13:15 library/bad-value"}},
		"around": {map[string]string{
			"threats/hail/threat.yaml":  strings.Replace(strings.Replace(rule, "id: rain", "id: hail", 1), "on: asset", "on: mitigation", 1),
			"threats/rain/threat.yaml":  rule + "of: [roof]\n",
			"threats/flood/threat.yaml": strings.Replace(strings.Replace(strings.Replace(rule, "id: rain", "id: flood", 1), "on: asset", "on: mitigation\nof: [m]", 1), "measures: []", "measures: [m]", 1),
			"measures/m/measure.yaml":   measure + "verify: [{method: test, how: x}]\n",
		}, []string{"threats/flood/threat.yaml:12:12 library/bad-value", "threats/hail/threat.yaml:1:5 library/missing-key", "threats/rain/threat.yaml:13:6 library/bad-value", "threats/rain/threat.yaml:13:6 library/unknown-reference"}},
		"meanings": {map[string]string{"facts/x.yaml": "facts:\n  dry: {title: Z, domain: set, values: {a: x, B: y, c: {moans: z}}, on: [asset], class: nature, asks: x, why: x, known_by: [nobody]}\n"}, []string{
			"facts/x.yaml:2:47 library/bad-id", "facts/x.yaml:2:57 library/unknown-key", "facts/x.yaml:2:125 library/bad-value",
		}},
		"values of a boolean": {map[string]string{"facts/x.yaml": "facts:\n" +
			"  dry: {title: Z, domain: boolean, values: {yes: x, perhaps: z}, on: [asset], class: nature, asks: x, why: x}\n" +
			"  icy: {title: Z, domain: boolean, values: [yes, icy], on: [asset], class: nature, asks: x, why: x}\n" +
			"  odd: {title: Z, domain: text, values: [a, b], on: [asset], class: nature, asks: x, why: x}\n" +
			"  raw: {title: Z, domain: boolean, values: {yes: x, no: y}, on: [asset], class: nature, asks: x, why: x}\n"}, []string{
			"facts/x.yaml:2:3 library/missing-key", "facts/x.yaml:2:53 library/bad-value", "facts/x.yaml:3:50 library/bad-value", "facts/x.yaml:4:42 library/bad-value",
		}},
		"kinds of what has none": {map[string]string{"threats/rain/threat.yaml": rule + "kinds: [a]\n"}, []string{"threats/rain/threat.yaml:13:9 library/bad-value"}},
		"tests that are no run": {map[string]string{"tech/x.yaml": "techs:\n  a: {title: A, tests: 'run: go test -json ./..., read: x/*.xml'}\n  b: {title: B, tests: go test}\n" +
			"  c: {title: C, tests: 'run: x}, other: {run: y'}\n  d: {title: D, tests: 'run: x # y'}\n  e: {title: E, tests: 'run: x, shell: yes'}\n  f: {title: F, tests: \"run: x,\\nread: y\"}\n"}, []string{
			"tech/x.yaml:3:24 library/bad-value", "tech/x.yaml:4:24 library/bad-value", "tech/x.yaml:5:24 library/bad-value", "tech/x.yaml:6:24 library/bad-value", "tech/x.yaml:7:24 library/bad-value",
		}},
		"missing keys": {map[string]string{"measures/m/measure.yaml": "id: m\n"}, []string{"measures/m/measure.yaml:1:1 library/missing-key"}},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for p, text := range map[string]string{"library.yaml": pack, "facts/f.yaml": fact, "kinds/k.yaml": kinds, "threats/rain/threat.yaml": rule, "lists/l.yaml": lists, "catalogues/c.yaml": cats, "analysers/a.yaml": finder} {
				fsys[p] = &fstest.MapFile{Data: []byte(text)}
			}
			for p, text := range x.files {
				if fsys[p] = (&fstest.MapFile{Data: []byte(text)}); text == "" {
					delete(fsys, p)
				}
			}
			_, ds, err := ReadLibrary(fsys)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range ds {
				got = append(got, fmt.Sprintf("%v %s", d.Pos, d.Check))
			}
			if !slices.Equal(got, x.want) {
				t.Errorf("got  %v\nwant %v", got, x.want)
				for _, d := range ds {
					t.Log(d.Message)
				}
			}
		})
	}
}

// TestMeans wants the meaning of each value beside it, in whatever order they stand.
func TestMeans(t *testing.T) {
	lib, ds, err := ReadLibrary(fstest.MapFS{
		"library.yaml": {Data: []byte("name: acme\nversion: 1\n")},
		"facts/f.yaml": {Data: []byte("facts:\n  wet: {title: Wet, domain: boolean, values: {yes: it is wet, no: it is dry}, on: [asset], class: nature, asks: x, why: x}\n" +
			"  deep: {title: Deep, domain: ordered, values: {flat: a, low: b}, on: [asset], class: nature, asks: x, why: x}\n")},
	})
	if err != nil || len(ds) > 0 {
		t.Fatal(err, ds)
	}
	var got []string
	for _, f := range lib.Facts {
		for i, v := range f.Values {
			got = append(got, string(v.ID)+": "+f.Means[i])
		}
	}
	if want := []string{"flat: a", "low: b", "no: it is dry", "yes: it is wet"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestNearest wants the name that a person most likely meant.
func TestNearest(t *testing.T) {
	names := []string{"web_app", "web_service", "database", "document_store", "14.2.1", "1.2.9", "own/refund-fraud", "refund-fraud"}
	for word, want := range map[string]string{
		"webapp": "web_app", "web-app": "web_app", "Web_App": "web_app", "dtabase": "database", "databse": "database", "dataabse": "database",
		"14.2.99": "14.2.1", "refund-frau": "refund-fraud", "own/refund-frau": "own/refund-fraud", "queue": "", "": "", "x": "",
	} {
		if got := ssf.Nearest(word, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
