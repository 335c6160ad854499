package lang

import (
	"regexp"
	"strings"

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

// describe is the schema of a type.
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
		return w.object(t)
	case "list":
		s := schema{"type": "array", "items": w.describe(*t.Elem)}
		if t.Some {
			s["minItems"] = 1
		}
		return s
	case "dict":
		s := schema{"type": "object", "additionalProperties": w.describe(*t.Elem)}
		if t.Key != nil {
			s["propertyNames"] = w.describe(*t.Key)
		}
		return s
	case "enum":
		return schema{"enum": words(t.Values)}
	case "number":
		return schema{"type": "integer", "minimum": 0}
	case "command":
		return schema{"anyOf": []any{schema{"type": "string"}, schema{"type": "array", "minItems": 1, "items": anyScalar}}, "title": t.What}
	case "selector":
		return schema{"anyOf": []any{schema{"type": "string"}, w.selectors()}, "title": t.What}
	case "catalogue":
		var names []string
		for _, c := range w.lib.Catalogues {
			names = append(names, string(c.ID))
			for _, l := range c.Levels {
				names = append(names, string(c.ID)+"@"+l.Name)
			}
		}
		return schema{"enum": words(names), "title": t.What}
	case "catalogue item":
		var names []string
		for _, c := range w.lib.Catalogues {
			names = append(names, regexp.QuoteMeta(string(c.ID)))
		}
		return schema{"type": "string", "pattern": "^(?:" + strings.Join(names, "|") + "):[^:]+$", "title": t.What}
	case "library":
		return schema{"anyOf": []any{schema{"enum": words(w.names[ALibrary])}, schema{"type": "string", "pattern": t.Pattern}}, "title": t.What}
	case "ref":
		if len(t.Targets) == 1 && w.names[t.Targets[0]] != nil {
			return schema{"enum": words(w.names[t.Targets[0]])}
		}
	}
	if t.Pattern != "" {
		return schema{"type": "string", "pattern": t.Pattern, "title": t.What}
	}
	return schema{"type": anyScalar["type"], "title": t.What}
}

// anyScalar is a text as YAML tools read it, if it looks like something else.
var anyScalar = schema{"type": []string{"string", "number", "boolean"}}

// object is the schema of a mapping with fixed keys and perhaps facts.
func (w *Words) object(t Type) schema {
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
			props[name] = w.fact(w.facts[ssf.ID(name)])
		}
	}
	s := schema{"type": "object", "properties": props, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// selectors is the schema of the attributes of a decision's `at`.
func (w *Words) selectors() schema {
	props := schema{"does": schema{"enum": words(does)}}
	for name, f := range w.facts {
		if name != "does" {
			props[string(name)] = w.value(f)
		}
	}
	for key, targets := range selectors {
		props[key] = w.describe(ref(targets...).Type)
	}
	return schema{"type": "object", "properties": props, "additionalProperties": false}
}

// words are the values of an enumeration. YAML tools read numbers, true and
// false, and some yes and no, as something else than text; so those stand in
// both forms.
func words(values []string) []any {
	var out []any
	other := map[any]bool{}
	for _, v := range values {
		out = append(out, v)
		switch v {
		case "yes", "true":
			other[true] = true
		case "no", "false":
			other[false] = true
		case "1":
			other[1] = true
		}
	}
	for _, v := range []any{true, false, 1} {
		if other[v] {
			out = append(out, v)
		}
	}
	return out
}

// fact is the schema of an inline fact.
func (w *Words) fact(f *ssf.FactDef) schema {
	says := f.Asks
	for i, m := range f.Means {
		says += "\n- " + string(f.Values[i].ID) + ": " + m
	}
	return schema{"description": says, "anyOf": []any{w.value(f), w.describe(unknownFact.typ())}}
}

// value is the schema of a fact's value.
func (w *Words) value(f *ssf.FactDef) schema {
	switch f.Domain {
	case ssf.Boolean:
		return schema{"enum": words(boolean.Type.Values)}
	case ssf.Enum, ssf.Ordered:
		return schema{"enum": words(ids(f.Values))}
	case ssf.Set:
		return schema{"type": "array", "items": schema{"enum": words(ids(f.Values))}, "uniqueItems": true}
	}
	return schema{"type": anyScalar["type"]}
}
