package lang

import (
	"slices"

	"ssf"
)

// Schema is the JSON Schema (draft 2020-12) of a model's files, made from the
// field table: an editor that knows it completes keys, facts and values.
func Schema(lib *ssf.Library) map[string]any {
	w := NewWords(lib)
	s := w.describe(modelTable.typ())
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["$id"] = "urn:ssf:model:1"
	s["title"] = "A model of the Secure Software Framework, version 1"
	return s
}

type schema = map[string]any

// schema describes one type.
func (w *Words) describe(t Type) schema {
	s := w.bare(t)
	if t.Or != nil {
		return schema{"anyOf": []any{s, w.bare(*t.Or)}}
	}
	return s
}

func (w *Words) bare(t Type) schema {
	switch t.Name {
	case "object":
		props := schema{}
		var required []string
		for _, r := range t.Rows {
			p := w.describe(r.Type)
			p["description"] = r.Doc
			props[r.Key] = p
			if r.Required {
				required = append(required, r.Key)
			}
		}
		if t.More != nil {
			for _, name := range w.here[ssf.Sort(t.More.Values[0])] {
				props[name] = w.factSchema(w.facts[ssf.ID(name)])
			}
		}
		s := schema{"type": "object", "properties": props, "additionalProperties": false}
		if len(required) > 0 {
			s["required"] = required
		}
		return s
	case "list":
		return schema{"type": "array", "items": w.describe(*t.Elem)}
	case "dict":
		return schema{"type": "object", "additionalProperties": w.describe(*t.Elem)}
	case "enum":
		return schema{"enum": words(t.Values)}
	case "number":
		return schema{"type": "integer", "minimum": 0}
	case "command":
		return schema{"anyOf": []any{schema{"type": "string"}, schema{"type": "array", "items": schema{"type": "string"}}}}
	case "selector":
		return schema{"type": []string{"object", "string"}}
	case "ref":
		if len(t.Targets) == 1 && w.names[t.Targets[0]] != nil {
			return schema{"enum": words(w.names[t.Targets[0]])}
		}
	}
	s := schema{"type": []string{"string", "number", "boolean"}, "title": t.What}
	if t.Pattern != "" && t.Name != "pattern" && t.Name != "cell" {
		s = schema{"type": "string", "pattern": t.Pattern, "title": t.What}
	}
	return s
}

// words are the values of an enumeration; YAML tools read yes and no, and
// numbers, as something else than text, so those stand in both forms.
func words(values []string) []any {
	var out []any
	for _, v := range values {
		out = append(out, v)
	}
	switch {
	case slices.Contains(values, "1"):
		out = append(out, 1)
	case slices.Contains(values, "true"):
		out = append(out, true, false)
	case slices.Contains(values, "no"):
		out = append(out, false)
	}
	return out
}

// factSchema describes an inline fact.
func (w *Words) factSchema(f *ssf.FactDef) schema {
	value := schema{"type": "string"}
	switch f.Domain {
	case ssf.Boolean:
		value = schema{"enum": words([]string{"yes", "no", "true", "false"})}
	case ssf.Enum, ssf.Ordered:
		value = schema{"enum": words(ids(f.Values))}
	case ssf.Set:
		value = schema{"type": "array", "items": schema{"enum": words(ids(f.Values))}, "uniqueItems": true}
	}
	return schema{"description": f.Asks, "anyOf": []any{value, w.describe(unknownFact.typ())}}
}
