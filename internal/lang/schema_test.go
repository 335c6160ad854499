package lang

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	yaml "go.yaml.in/yaml/v4"
)

// modelSchema is the schema as an editor has it.
func modelSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	b, err := json.Marshal(Schema(library(t)))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("urn:ssf:model:1", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("urn:ssf:model:1")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// jsonOf is a node as an editor reads it: by YAML 1.2, or by YAML 1.1 with its
// yes and no.
func jsonOf(n *yaml.Node, old bool) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = jsonOf(n.Content[i+1], old)
		}
		return m
	case yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			list = append(list, jsonOf(c, old))
		}
		return list
	}
	if n.Style == 0 {
		switch n.Tag {
		case "!!bool":
			return n.Value == "true"
		case "!!int", "!!float":
			return json.Number(n.Value)
		case "!!null":
			return nil
		}
		if old && (n.Value == "yes" || n.Value == "no") {
			return n.Value == "yes"
		}
	}
	return n.Value
}

func parseYAML(t testing.TB, text string) *yaml.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Load([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Content[0]
}

func TestSchemaAccepts(t *testing.T) {
	s := modelSchema(t)
	texts := map[string]string{}
	for p, text := range modelFiles(t) {
		texts[p] = text
	}
	for name, text := range odd {
		texts[name] = text
	}
	for name, text := range texts {
		for _, old := range []bool{false, true} {
			if err := s.Validate(jsonOf(parseYAML(t, text), old)); err != nil {
				t.Errorf("%s (YAML 1.1 %v): %v", name, old, err)
			}
		}
	}
}

// TestSchemaRejects misspells every key and every word of an enumeration in
// the complete model, and puts a wrong type in the place of every value.
func TestSchemaRejects(t *testing.T) {
	s := modelSchema(t)
	n := 0
	for p, text := range modelFiles(t) {
		root := parseYAML(t, text)
		reject := func(what string, at *yaml.Node) {
			t.Helper()
			if n++; s.Validate(jsonOf(root, false)) == nil {
				t.Errorf("%s:%d:%d: accepts %s", p, at.Line, at.Column, what)
			}
		}
		var walk func(typ Type, n *yaml.Node)
		walk = func(typ Type, n *yaml.Node) {
			was := *n
			switch {
			case typ.Name == "object" && n.Kind == yaml.MappingNode:
				for i := 0; i+1 < len(n.Content); i += 2 {
					key := n.Content[i]
					old := key.Value
					key.Value += "x"
					reject("key "+key.Value, key)
					key.Value = old
					for _, r := range typ.Rows {
						if r.Key == old {
							walk(r.Type, n.Content[i+1])
						}
					}
				}
			case typ.Name == "dict" && n.Kind == yaml.MappingNode, typ.Name == "list" && n.Kind == yaml.SequenceNode:
				step, first := 1, 0
				if n.Kind == yaml.MappingNode {
					step, first = 2, 1
				}
				for i := first; i < len(n.Content); i += step {
					walk(*typ.Elem, n.Content[i])
				}
			case typ.Name == "enum" || typ.Name == "ref" && len(typ.Targets) == 1 && coreWords(t).names[typ.Targets[0]] != nil:
				n.Value, n.Tag = n.Value+"x", "!!str"
				reject("word "+n.Value, n)
				*n = was
			}
			if typ.Or != nil || typ.Name == "selector" || typ.Name == "command" {
				return
			}
			switch n.Kind {
			case yaml.ScalarNode:
				*n = yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{{Kind: yaml.SequenceNode}}, Line: n.Line, Column: n.Column}
				reject("a list for "+was.Value, n)
			default:
				*n = yaml.Node{Kind: yaml.ScalarNode, Value: "x", Tag: "!!str", Line: n.Line, Column: n.Column}
				reject(fmt.Sprintf("a text for %s", typ.What), n)
			}
			*n = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: was.Line, Column: was.Column}
			reject("null", n)
			*n = was
		}
		walk(modelTable.typ(), root)
	}
	if n < 1000 {
		t.Errorf("tried %d faults, want 1000 or more", n)
	}
}
