package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"

	"ssf"
)

// JSON writes a value as indented JSON with a final line break. A case is
// written item by item, so that it is never in memory twice.
func JSON(w io.Writer, v any) error {
	c, ok := v.(*ssf.Case)
	if !ok {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
	out := &jsonWriter{w: bufio.NewWriterSize(w, 1<<16), by: map[string]*json.Encoder{}}
	out.fields(reflect.ValueOf(c).Elem())
	if out.err == nil {
		out.err = out.w.Flush()
	}
	return out.err
}

// A jsonWriter writes the fields of one struct as encoding/json would, and the
// items of a list among them one after the other.
type jsonWriter struct {
	w   *bufio.Writer
	buf bytes.Buffer
	by  map[string]*json.Encoder // into buf, by the indent; each keeps its room
	err error
}

func (out *jsonWriter) text(s string) {
	if out.err == nil {
		_, out.err = out.w.WriteString(s)
	}
}

// value writes v, each line after the first behind an indent.
func (out *jsonWriter) value(v reflect.Value, indent string) {
	out.buf.Reset()
	e := out.by[indent]
	if e == nil {
		e = json.NewEncoder(&out.buf)
		e.SetEscapeHTML(false)
		e.SetIndent(indent, "  ")
		out.by[indent] = e
	}
	if err := e.Encode(v.Addr().Interface()); out.err == nil {
		out.err = err
	}
	if out.err == nil {
		_, out.err = out.w.Write(bytes.TrimSuffix(out.buf.Bytes(), []byte("\n")))
	}
}

func (out *jsonWriter) fields(v reflect.Value) {
	sep := "{\n  "
	for i := range v.NumField() {
		name, rest, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		f := v.Field(i)
		if (rest == "omitempty" || rest == "omitzero") && f.IsZero() {
			continue
		}
		out.text(sep + `"` + name + `": `)
		sep = ",\n  "
		if f.Kind() != reflect.Slice || f.Len() == 0 {
			out.value(f, "  ")
			continue
		}
		for j := range f.Len() {
			if j == 0 {
				out.text("[\n    ")
			} else {
				out.text(",\n    ")
			}
			out.value(f.Index(j), "    ")
		}
		out.text("\n  ]")
	}
	out.text("\n}\n")
}
