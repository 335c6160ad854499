package gen

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// head is what a model says beside its elements.
const head = `ssf: 1
system:
  name: Generated system
  version: 1.0.0
  supplier: Example BV
  purpose: Measures and tests the program.
  misuse: [Mistaking it for a real system]
  contact: security@example.org
  support_until: 2029-12-31

use:
  libraries: [ssf/core]
`

// YAML is the model as one file.
func (m *Model) YAML() string { return m.Files(1)["ssf.yaml"] }

// Files is the model as n files by path: ssf.yaml with what there is one of
// and a share of the rest, and ssf/part-2.yaml to ssf/part-n.yaml.
func (m *Model) Files(n int) map[string]string {
	files := make(map[string]string, n)
	for i := range n {
		var b strings.Builder
		path := fmt.Sprintf("ssf/part-%d.yaml", i+1)
		if i == 0 {
			path = "ssf.yaml"
			b.WriteString(head)
			section(&b, "zones", m.Zones)
			section(&b, "actors", m.Actors)
		}
		section(&b, "assets", part(m.Assets, i, n))
		section(&b, "components", part(m.Components, i, n))
		section(&b, "flows", part(m.Flows, i, n))
		section(&b, "functions", part(m.Functions, i, n))
		if i == 0 {
			for _, name := range slices.Sorted(maps.Keys(m.Entries)) {
				var es []entry
				for _, e := range m.Entries[name] {
					es = append(es, entry(e))
				}
				section(&b, name, es)
			}
		}
		if i == 0 && m.More != "" {
			b.WriteString("\n" + strings.Trim(m.More, "\n") + "\n")
		}
		files[path] = strings.TrimPrefix(b.String(), "\n")
	}
	return files
}

// part is the i-th of n parts.
func part[T any](all []T, i, n int) []T { return all[len(all)*i/n : len(all)*(i+1)/n] }

func section[T interface{ entry() string }](b *strings.Builder, name string, entries []T) {
	if len(entries) == 0 {
		return
	}
	b.WriteString("\n" + name + ":\n")
	for _, e := range entries {
		b.WriteString("  " + e.entry() + "\n")
	}
}

// An entry of a section that has no type of its own.
type entry string

func (e entry) entry() string {
	if strings.HasPrefix(string(e), "{") {
		return "- " + string(e)
	}
	return string(e)
}

// said are `key: value` of the pairs that have a value.
func said(pairs ...string) (keys []string) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			keys = append(keys, pairs[i]+": "+pairs[i+1])
		}
	}
	return keys
}

func (z Zone) entry() string { return z.line() }

func (a Actor) entry() string { return a.line(said("zone", a.Zone)...) }

func (a Asset) entry() string {
	needs := said("confidentiality", a.Confidentiality, "integrity", a.Integrity, "availability", a.Availability)
	if len(needs) == 0 {
		return a.line()
	}
	return a.line("needs: {" + strings.Join(needs, ", ") + "}")
}

func (c Component) entry() string {
	lines := append([]string{c.ID + ":"}, said("kind", c.Kind, "zone", c.Zone)...)
	if c.Tech != nil {
		lines = append(lines, "tech: "+list(c.Tech))
	}
	if len(c.Stores) > 0 {
		lines = append(lines, "stores: "+list(c.Stores))
	}
	if lines = append(lines, c.facts()...); len(lines) == 1 {
		return c.line()
	}
	return strings.Join(lines, "\n    ")
}

func (f Flow) entry() string {
	keys := append(said("from", f.From, "to", f.To, "over", f.Over), "sends: "+list(f.Sends))
	if len(f.Returns) > 0 {
		keys = append(keys, "returns: "+list(f.Returns))
	}
	return f.line(keys...)
}

func (f Function) entry() string {
	allow := ""
	if f.Actor != "" {
		allow = fmt.Sprintf("{%s: {scope: %s, auth: %s}}", f.Actor, f.Scope, f.Auth)
	}
	lines := append([]string{f.ID + ":"}, said("at", f.At, "does", f.Does, "on", list(f.On), "allow", allow, "otherwise", f.Otherwise)...)
	return strings.Join(append(lines, f.facts()...), "\n    ")
}

// line is an element on one line.
func (e Element) line(keys ...string) string {
	return e.ID + ": {" + strings.Join(append(keys, e.facts()...), ", ") + "}"
}

func (e Element) facts() (keys []string) {
	for _, name := range slices.Sorted(maps.Keys(e.Facts)) {
		keys = append(keys, name+": "+e.Facts[name])
	}
	return keys
}

func list(words []string) string { return "[" + strings.Join(words, ", ") + "]" }
