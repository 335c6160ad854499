package format

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// Parse reads a document: JSON, XML or YAML, by its first character. Name is its
// file's name, as it is shown in messages.
func Parse(name string, data []byte) (*Node, error) {
	p := &parser{name: name, data: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))}
	if len(p.data) > MaxSize {
		return nil, p.refuse(0, "split it", "the file has %d bytes, and the limit is %d", len(p.data), MaxSize)
	}
	if i := notUTF8(p.data); i >= 0 {
		return nil, p.refuse(i, "save the file as UTF-8", "the file is not text in UTF-8")
	}
	first := bytes.TrimLeft(p.data, " \t\r\n")
	if len(first) == 0 {
		return nil, p.refuse(0, "name a file that holds a threat model", "the file is empty")
	}
	var root *Node
	var err error
	switch first[0] {
	case '{', '[':
		root, err = p.json()
	case '<':
		root, err = p.xml()
	default:
		root, err = p.yaml()
	}
	if err != nil {
		return nil, err
	}
	root.doc = &document{name}
	return root, nil
}

// notUTF8 is where data is no text in UTF-8; negative if it is. Parsers that put a
// sign in place of such bytes would lose them in silence.
func notUTF8(data []byte) int {
	if i := bytes.IndexByte(data, 0); i >= 0 || utf8.Valid(data) {
		return i
	}
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

type parser struct {
	name  string
	data  []byte
	nodes int

	at, line, col int // a place that was computed, from which the next one is
}

// place is the line and column of an offset. Offsets ask in rising order, or
// the text is counted anew.
func (p *parser) place(offset int) (line, col int) {
	offset = min(offset, len(p.data))
	if p.line == 0 || offset < p.at {
		p.at, p.line, p.col = 0, 1, 1
	}
	for _, c := range p.data[p.at:offset] {
		switch {
		case c == '\n':
			p.line, p.col = p.line+1, 1
		case utf8.RuneStart(c):
			p.col++
		}
	}
	p.at = offset
	return p.line, p.col
}

func (p *parser) refuse(offset int, hint, why string, args ...any) error {
	line, col := p.place(offset)
	return &Refusal{At: ssf.Pos{File: p.name, Line: line, Col: col}, Why: fmt.Sprintf(why, args...), Hint: hint}
}

// node makes a node, and refuses one too many or too deep.
func (p *parser) node(up *Node, key string, kind Kind, offset, depth int) (*Node, error) {
	if p.nodes++; p.nodes > MaxNodes {
		return nil, p.refuse(offset, "split the file", "the file has more than %d values", MaxNodes)
	}
	if depth > MaxDepth {
		return nil, p.refuse(offset, "", "values are nested more than %d deep", MaxDepth)
	}
	n := &Node{Key: key, Kind: kind, up: up}
	n.Line, n.Col = p.place(offset)
	if up != nil {
		n.index = int32(len(up.Kids))
		up.Kids = append(up.Kids, n)
	}
	return n, nil
}

// json reads JSON by the standard library's tokens, which tell their offsets.
func (p *parser) json() (*Node, error) {
	dec := json.NewDecoder(bytes.NewReader(p.data))
	dec.UseNumber()
	fault := func(err error) error {
		at := int(dec.InputOffset())
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return p.refuse(max(int(syntax.Offset)-1, 0), "mend it in the tool that wrote it", "this is not JSON: %s", strings.TrimPrefix(syntax.Error(), "json: "))
		}
		return p.refuse(at, "the file may have been cut off", "this is not JSON: it ends too early")
	}
	var read func(up *Node, key string, depth int) (*Node, error)
	read = func(up *Node, key string, depth int) (*Node, error) {
		at := int(dec.InputOffset())
		for at < len(p.data) && strings.IndexByte(" \t\r\n,:", p.data[at]) >= 0 {
			at++
		}
		t, err := dec.Token()
		if err != nil {
			return nil, fault(err)
		}
		var kind Kind
		var text string
		switch t := t.(type) {
		case bool:
			kind, text = Bool, fmt.Sprint(t)
		case json.Number:
			kind, text = Number, t.String()
		case string:
			kind, text = Text, t
		case json.Delim:
			if kind = List; t == '{' {
				kind = Map
			}
		}
		n, err := p.node(up, key, kind, at, depth)
		if err != nil || kind != List && kind != Map {
			if err == nil {
				n.text = text
			}
			return n, err
		}
		for dec.More() {
			key := ""
			if kind == Map {
				t, err := dec.Token()
				if err != nil {
					return nil, fault(err)
				}
				key, _ = t.(string)
			}
			if _, err := read(n, key, depth+1); err != nil {
				return nil, err
			}
		}
		if _, err := dec.Token(); err != nil {
			return nil, fault(err)
		}
		return n, nil
	}
	root, err := read(nil, "", 0)
	if err != nil {
		return nil, err
	}
	end := int(dec.InputOffset())
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, p.refuse(end, "keep one document", "more follows after the end of the document")
	}
	return root, nil
}

// yaml reads YAML with its aliases and merge keys carried out, in as many nodes
// as the limit allows.
func (p *parser) yaml() (*Node, error) {
	var top yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(p.data))
	if err := dec.Decode(&top); err != nil {
		line, why := 1, strings.TrimPrefix(err.Error(), "yaml: ")
		if _, err := fmt.Sscanf(why, "line %d:", &line); err == nil {
			_, why, _ = strings.Cut(why, ": ")
		}
		why, _, _ = strings.Cut(why, "\n")
		return nil, &Refusal{At: ssf.Pos{File: p.name, Line: line, Col: 1}, Why: "this is not YAML: " + why, Hint: "a threat model is JSON, YAML, XML or HCL"}
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, &Refusal{At: ssf.Pos{File: p.name, Line: max(more.Line, 1), Col: 1}, Why: "a second document follows", Hint: "keep one document in the file"}
	}
	src := &top
	if top.Kind == yaml.DocumentNode {
		src = top.Content[0]
	}
	return p.fromYAML(nil, "", src, 0)
}

func (p *parser) fromYAML(up *Node, key string, y *yaml.Node, depth int) (*Node, error) {
	at := y
	for y.Kind == yaml.AliasNode {
		y = y.Alias
	}
	kind := Text
	switch {
	case y.Kind == yaml.SequenceNode:
		kind = List
	case y.Kind == yaml.MappingNode:
		kind = Map
	case y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0:
	case y.Tag == "!!null":
		kind = Null
	case y.Tag == "!!bool":
		kind = Bool
	case y.Tag == "!!int", y.Tag == "!!float":
		kind = Number
	}
	n, err := p.node(up, key, kind, 0, depth)
	if err != nil {
		var r *Refusal
		if errors.As(err, &r) {
			r.At.Line, r.At.Col = at.Line, at.Column
		}
		return nil, err
	}
	n.Line, n.Col = at.Line, at.Column
	switch kind {
	case List:
		for _, k := range y.Content {
			if _, err := p.fromYAML(n, "", k, depth+1); err != nil {
				return nil, err
			}
		}
	case Map:
		return n, p.mapping(n, y, depth)
	case Null:
	default:
		n.text = y.Value
	}
	return n, nil
}

// mapping reads the entries of a mapping. Those of merged ones come first, but
// for keys that it has itself.
func (p *parser) mapping(n *Node, y *yaml.Node, depth int) error {
	for i := 0; i+1 < len(y.Content); i += 2 {
		if y.Content[i].Tag == "!!merge" {
			taken := map[string]bool{}
			if err := p.merge(n, y, depth, taken, false); err != nil {
				return err
			}
			break
		}
	}
	for i := 0; i+1 < len(y.Content); i += 2 {
		if k := y.Content[i]; k.Tag != "!!merge" {
			if _, err := p.fromYAML(n, k.Value, y.Content[i+1], depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// merge takes the keys of a mapping, with their values if it is merged into n, and
// then what it merges itself. The first that has a key keeps it. What is looked at
// counts as values, because mappings that merge each other cost time without any.
func (p *parser) merge(n *Node, y *yaml.Node, depth int, taken map[string]bool, values bool) error {
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := y.Content[i]
		if k.Tag == "!!merge" || values && taken[k.Value] {
			continue
		}
		taken[k.Value] = true
		if values {
			if _, err := p.fromYAML(n, k.Value, y.Content[i+1], depth+1); err != nil {
				return err
			}
		}
	}
	if p.nodes += len(y.Content); p.nodes > MaxNodes || depth > MaxDepth {
		return &Refusal{At: ssf.Pos{File: p.name, Line: y.Line, Col: y.Column}, Why: "mappings are merged into each other too often", Hint: "write out what they hold"}
	}
	for i := 0; i+1 < len(y.Content); i += 2 {
		if y.Content[i].Tag != "!!merge" {
			continue
		}
		from := []*yaml.Node{y.Content[i+1]}
		if from[0].Kind == yaml.SequenceNode {
			from = from[0].Content
		}
		for _, m := range from {
			if m.Kind == yaml.AliasNode {
				m = m.Alias
			}
			if m.Kind != yaml.MappingNode {
				continue
			}
			if err := p.merge(n, m, depth+1, taken, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// xml reads XML: elements are mappings, attributes their entries with an @ before
// the name. Names lose their prefixes. A document type is refused, because it
// can define entities.
func (p *parser) xml() (*Node, error) {
	dec := xml.NewDecoder(bytes.NewReader(p.data))
	root, err := p.node(nil, "", Map, 0, 0)
	if err != nil {
		return nil, err
	}
	at, depth := root, 0
	texts := [][]byte{nil}
	last := []map[string]*Node{nil} // at each depth the last element of each name
	for {
		start := int(dec.InputOffset())
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			var syntax *xml.SyntaxError
			why := err.Error()
			if errors.As(err, &syntax) {
				why = syntax.Msg
			}
			return nil, p.refuse(int(dec.InputOffset()), "mend it in the tool that wrote it", "this is not XML: %s", why)
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, p.refuse(start, "delete it", "the document has a declaration such as DOCTYPE")
		case xml.StartElement:
			depth++
			n, err := p.node(at, t.Name.Local, Map, start, depth)
			if err != nil {
				return nil, err
			}
			for _, a := range t.Attr {
				if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
					continue
				}
				k, err := p.node(n, "@"+a.Name.Local, Text, start, depth+1)
				if err != nil {
					return nil, err
				}
				k.text = a.Value
			}
			if before := last[depth-1][n.Key]; before != nil {
				before.nth = max(before.nth, 1)
				n.nth = before.nth + 1
			}
			if last[depth-1] == nil {
				last[depth-1] = map[string]*Node{}
			}
			last[depth-1][n.Key] = n
			at, texts, last = n, append(texts, nil), append(last, nil)
		case xml.CharData:
			texts[depth] = append(texts[depth], t...)
		case xml.EndElement:
			if at.text = strings.TrimSpace(string(texts[depth])); len(at.Kids) == 0 {
				at.Kind = Text
			}
			at, texts, last, depth = at.up, texts[:depth], last[:depth], depth-1
		}
	}
	return root, nil
}
