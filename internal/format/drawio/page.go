package drawio

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"ssf/internal/format"
)

// The limits on what stands on the pages of a file.
const (
	maxUnpacked = 32 << 20 // bytes of all compressed pages together
	maxShapes   = 20_000   // shapes and lines of one page
	maxPoints   = 200      // points of one line; the rest is only its look
)

// first is the name of the first element of XML, and what follows it.
func first(data []byte) (name string, rest []byte) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for {
		data = bytes.TrimLeft(data, " \t\r\n")
		end := ""
		switch {
		case bytes.HasPrefix(data, []byte("<?")):
			end = "?>"
		case bytes.HasPrefix(data, []byte("<!--")):
			end = "-->"
		case bytes.HasPrefix(data, []byte("<!")):
			end = ">"
		case bytes.HasPrefix(data, []byte("<")):
			data = data[1:]
			n := bytes.IndexAny(data, " \t\r\n/>")
			if n < 0 {
				n = len(data)
			}
			return string(data[:n]), data[n:]
		default:
			return "", nil
		}
		i := bytes.Index(data, []byte(end))
		if i < 0 {
			return "", nil
		}
		data = data[i+len(end):]
	}
}

var png = []byte("\x89PNG\r\n\x1a\n")

// ours reports whether data is a file of draw.io, or a picture that may hold one.
func ours(data []byte) bool {
	if bytes.HasPrefix(data, png) {
		return true
	}
	switch name, rest := first(data); name {
	case "mxfile", "mxGraphModel", "mxlibrary":
		return true
	case "svg":
		return bytes.Contains(rest, []byte("mxfile")) || bytes.Contains(rest, []byte("mxGraphModel"))
	}
	return false
}

// is reports whether a document is one of draw.io.
func is(n *format.Node) bool { return n.Has("mxfile") || n.Has("mxGraphModel") }

// parse reads a file of draw.io with its pages unpacked. Pictures are refused.
func parse(name string, data []byte) (*format.Node, error) {
	at := (*format.Node)(nil).Add(name, format.Map, "", 1, 1)
	save := "save the diagram itself in draw.io, as a file of the type XML (.drawio)"
	if bytes.HasPrefix(data, png) {
		return nil, format.Refuse(at, save, "this is a PNG picture")
	}
	switch element, _ := first(data); element {
	case "svg":
		return nil, format.Refuse(at, save, "this is an SVG picture with a diagram inside")
	case "mxlibrary":
		return nil, format.Refuse(at, "name a diagram", "this is a library of shapes and no diagram")
	}
	root, err := format.Parse(name, data)
	if err != nil {
		return nil, err
	}
	if !is(root) {
		return nil, format.Refuse(root, "leave --from away, and the form is found by the content", "this is no file of draw.io")
	}
	size, values := maxUnpacked, 0
	for _, n := range root.At("mxfile").All("diagram") {
		packed := n.Text()
		if n.Has("mxGraphModel") || packed == "" {
			continue
		}
		text, err := unpack(packed, size)
		if err != nil {
			return nil, format.Refuse(n, "save it uncompressed in draw.io: File, Properties, Compressed", "page %q cannot be unpacked: %v", format.Clip(n.Text("@name")), err)
		}
		size -= len(text)
		inner, err := format.Parse(name, text)
		if err != nil {
			var why *format.Refusal
			if errors.As(err, &why) {
				err = errors.New(why.Why)
			}
			return nil, format.Refuse(n, "open and save it in draw.io again", "page %q is no diagram inside: %v", format.Clip(n.Text("@name")), err)
		}
		if values += n.Graft(inner); values > format.MaxNodes {
			return nil, format.Refuse(n, "split the file", "the pages have more than %d values together", format.MaxNodes)
		}
	}
	return root, nil
}

// unpack is the text of a compressed page: percent-encoded XML, deflated without
// a header, in base64. Of the three any may be missing.
func unpack(s string, limit int) ([]byte, error) {
	if strings.HasPrefix(s, "<") {
		return []byte(s), nil
	}
	if !strings.HasPrefix(s, "%") {
		packed, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.Join(strings.Fields(s), ""), "="))
		if err != nil {
			return nil, errors.New("it is not base64")
		}
		text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), int64(limit)+1))
		switch {
		case len(text) > limit:
			return nil, fmt.Errorf("the pages have more than %d bytes together when they are unpacked", maxUnpacked)
		case err != nil:
			return nil, errors.New("it is not compressed in the way of draw.io")
		}
		s = string(text)
	}
	return unescape(s), nil
}

// unescape replaces %XX by the byte that it stands for.
func unescape(s string) []byte {
	hex := func(c byte) int { return strings.IndexByte("0123456789abcdef", c|0x20) }
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := hex(s[i+1]), hex(s[i+2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}
