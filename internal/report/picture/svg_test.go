package picture

import (
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ssf"
	"ssf/internal/testkit/gen"
)

// TestSVG: whatever the names, the picture is XML in which they are nothing
// but text, and neither a second run nor another order changes a byte.
func TestSVG(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := wildCase(t)
		svg := SVG(c)
		if problem := unsafe(svg); problem != "" {
			t.Fatalf("%s in:\n%s", problem, svg)
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range 3 {
			r.Shuffle(len(c.Elements), func(i, j int) { c.Elements[i], c.Elements[j] = c.Elements[j], c.Elements[i] })
			r.Shuffle(len(c.Threats), func(i, j int) { c.Threats[i], c.Threats[j] = c.Threats[j], c.Threats[i] })
			if d := cmp.Diff(svg, SVG(c)); d != "" {
				t.Fatalf("another order, another picture:\n%s", d)
			}
		}
	})
}

// unsafe says what in a picture is more than shapes and text.
func unsafe(svg string) string {
	known := strings.Fields("svg title desc style rect g path text")
	attributes := strings.Fields("class role aria-label width height viewBox x y rx d style xmlns")
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err.Error()
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		if !slices.Contains(known, e.Name.Local) {
			return "the element " + e.Name.Local
		}
		for _, a := range e.Attr {
			if !slices.Contains(attributes, a.Name.Local) {
				return "the attribute " + a.Name.Local
			}
			if a.Name.Local == "class" && !strings.HasPrefix(a.Value, "pic") {
				return "the class " + a.Value
			}
		}
	}
	for _, r := range svg {
		if r < 0x20 && r != '\n' || 0x7f <= r && r < 0xa0 || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 {
			return fmt.Sprintf("the character %U", r)
		}
	}
	return ""
}

// shop is a small shop in three zones, one inside another.
func shop() *ssf.Case {
	part := func(id ssf.ID, sort ssf.Sort, kind, zone ssf.ID) ssf.ElementInfo {
		return ssf.ElementInfo{ID: id, Sort: sort, Kind: kind, Zone: zone}
	}
	zone := func(id, in ssf.ID, trust ssf.Value) ssf.ElementInfo {
		return ssf.ElementInfo{ID: id, Sort: ssf.SortZone, Zone: in, Facts: []ssf.FactInfo{{Name: "trust", Value: trust}}}
	}
	flow := func(id, from, to, over ssf.ID, sends ...ssf.ID) ssf.ElementInfo {
		return ssf.ElementInfo{ID: id, Sort: ssf.SortFlow, From: from, To: to, Over: over, Sends: sends}
	}
	return &ssf.Case{
		System: ssf.SystemInfo{Name: "Shop & sons"},
		Elements: []ssf.ElementInfo{
			zone("internet", "", "none"), zone("hosting", "", "medium"), zone("vault", "hosting", "high"),
			part("customer", ssf.SortActor, "", "internet"), part("payment", ssf.SortComponent, "external_service", "internet"),
			part("web", ssf.SortComponent, "web_app", "hosting"), part("worker", ssf.SortComponent, "worker", "hosting"),
			part("orders", ssf.SortComponent, "database", "vault"), part("spare", ssf.SortComponent, "", ""),
			flow("order", "customer", "web", "https", "order"), flow("save", "web", "orders", "postgresql", "order"),
			flow("work", "worker", "orders", "postgresql"), flow("charge", "worker", "payment", "https"), flow("retry", "worker", "worker", ""),
			{ID: "checkout", Sort: ssf.SortFunction, At: "web"},
		},
		Threats: []ssf.Threat{
			{ID: "a@save", Element: "save", State: ssf.Open},
			{ID: "b@checkout", Element: "checkout", State: ssf.Undecided},
			{ID: "c@web", Element: "web", State: ssf.Stale},
			{ID: "d@orders", Element: "orders", State: ssf.Mitigated},
		},
	}
}

func TestGolden(t *testing.T) {
	const name = "testdata/shop.svg"
	got := SVG(shop())
	if os.Getenv("SSF_UPDATE") != "" {
		if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

// TestMarks: what is open at a function counts at its component, and what is
// treated not at all.
func TestMarks(t *testing.T) {
	g := layout(collect(shop()))
	open := map[string]int{}
	for _, n := range g.nodes {
		open[n.id] = n.open
	}
	if d := cmp.Diff(map[string]int{"customer": 0, "payment": 0, "web": 2, "worker": 0, "orders": 0, "spare": 0}, open); d != "" {
		t.Error(d)
	}
}

// TestDirection: what is trusted least stands left, and stores right.
func TestDirection(t *testing.T) {
	g := layout(collect(shop()))
	x := map[string]int{}
	for _, n := range g.nodes {
		x[n.id] = n.box.x
	}
	for _, k := range [][2]string{{"customer", "web"}, {"web", "orders"}, {"payment", "worker"}, {"worker", "orders"}} {
		if x[k[0]] >= x[k[1]] {
			t.Errorf("%s stands at %d, want left of %s at %d", k[0], x[k[0]], k[1], x[k[1]])
		}
	}
}

func TestDegenerate(t *testing.T) {
	part := func(id, zone ssf.ID) ssf.ElementInfo {
		return ssf.ElementInfo{ID: id, Sort: ssf.SortComponent, Zone: zone}
	}
	flow := func(i int, from, to ssf.ID) ssf.ElementInfo {
		return ssf.ElementInfo{ID: ssf.ID(fmt.Sprintf("flow-%d", i)), Sort: ssf.SortFlow, From: from, To: to, Over: "https"}
	}
	var chain, ring, many, deep []ssf.ElementInfo
	for i := range 300 {
		a, b := ssf.ID(fmt.Sprintf("p-%03d", i)), ssf.ID(fmt.Sprintf("p-%03d", (i+1)%300))
		chain = append(chain, part(a, ""))
		ring = append(ring, ssf.ElementInfo{ID: "zone-" + a, Sort: ssf.SortZone, Zone: "zone-" + b})
		deep = append(deep, ssf.ElementInfo{ID: "zone-" + a, Sort: ssf.SortZone, Zone: ssf.ID(fmt.Sprintf("zone-p-%03d", i-1))})
		if i > 0 {
			chain = append(chain, flow(i, a, b))
		}
	}
	deep = append(deep, part("in", "zone-p-299"), part("out", ""), flow(0, "in", "out"))
	for i := range 1500 {
		many = append(many, flow(i, "a", "b"))
	}
	for name, k := range map[string]struct {
		elements []ssf.ElementInfo
		want     string
	}{
		"nothing":           {nil, "0 actors and components in 0 zones, 0 flows, 0 open threats"},
		"one":               {[]ssf.ElementInfo{part("a", "")}, "no zone"},
		"an empty zone":     {[]ssf.ElementInfo{{ID: "z", Sort: ssf.SortZone}}, ">z</text>"},
		"to itself":         {[]ssf.ElementInfo{part("a", ""), flow(0, "a", "a"), flow(1, "a", "a")}, "2 flows"},
		"no end":            {[]ssf.ElementInfo{part("a", ""), flow(0, "a", "b")}, "0 flows"},
		"to an actor":       {[]ssf.ElementInfo{part("a", ""), {ID: "b", Sort: ssf.SortActor}, flow(0, "a", "b"), flow(1, "b", "a")}, "2 flows"},
		"zone in itself":    {[]ssf.ElementInfo{{ID: "z", Sort: ssf.SortZone, Zone: "z"}, part("a", "z")}, ">z</text>"},
		"a ring of zones":   {ring, "300 zones"},
		"zones in zones":    {deep, "2 actors and components in 301 zones"},
		"a chain":           {chain, "299 flows"},
		"many of one pair":  {append(many, part("a", ""), part("b", "")), "1500× https"},
		"more of one pair":  {append(slices.Clone(many), part("a", ""), part("b", ""), flow(1501, "a", "b")), "1501 flows inside"},
		"an element twice":  {[]ssf.ElementInfo{part("a", ""), part("a", "")}, "1 actor or component"},
		"without id":        {[]ssf.ElementInfo{part("", ""), {Sort: ssf.SortZone}}, "0 actors and components in 0 zones"},
		"a zone not there":  {[]ssf.ElementInfo{part("a", "z")}, "no zone"},
		"a function at one": {[]ssf.ElementInfo{{ID: "f", Sort: ssf.SortFunction, At: "f"}}, "0 flows"},
	} {
		c := &ssf.Case{Elements: k.elements}
		svg := SVG(c)
		if !strings.Contains(svg, k.want) {
			t.Errorf("%s: the picture has no %q:\n%.2000s", name, k.want, svg)
		}
		if problem := unsafe(svg); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
		if p := collect(c); len(p.flows) <= maxFlows {
			for i, problem := range problems(layout(p), p) {
				if i < 5 {
					t.Errorf("%s: %s", name, problem)
				}
			}
		}
	}
}

// TestOverview: a picture that is too large counts each element and flow once,
// and is as tidy as another.
func TestOverview(t *testing.T) {
	deep := caseOf(gen.Generate(gen.Options{Components: 500, Seed: 1}))
	for i := range 300 { // zones that are too many, one row of them nested
		e := ssf.ElementInfo{ID: ssf.ID(fmt.Sprintf("z-%03d", i)), Sort: ssf.SortZone, Zone: "edge"}
		if i%2 == 0 {
			e.Zone = ssf.ID(fmt.Sprintf("z-%03d", i-2))
		}
		deep.Elements = append(deep.Elements, e, ssf.ElementInfo{ID: "in-" + e.ID, Sort: ssf.SortComponent, Zone: e.ID})
	}
	wide := &ssf.Case{}
	for i := range 500 {
		z := ssf.ID(fmt.Sprintf("z-%03d", i))
		wide.Elements = append(wide.Elements, ssf.ElementInfo{ID: z, Sort: ssf.SortZone}, ssf.ElementInfo{ID: "in-" + z, Sort: ssf.SortComponent, Zone: z})
	}
	for i := range 6000 {
		wide.Elements = append(wide.Elements, ssf.ElementInfo{
			ID: ssf.ID(fmt.Sprintf("f-%d", i)), Sort: ssf.SortFlow,
			From: ssf.ID(fmt.Sprintf("in-z-%03d", i%500)), To: ssf.ID(fmt.Sprintf("in-z-%03d", i*7%50)),
		})
	}
	for name, c := range map[string]*ssf.Case{"generated": caseOf(gen.Generate(gen.Options{Components: 1000})), "nested": deep, "wide": wide} {
		p := collect(c)
		g := layout(p)
		if g.note == "" {
			t.Errorf("%s: the picture does not say that it is an overview", name)
		}
		if len(g.nodes) > manyGroups+1 || len(g.edges) > maxFlows {
			t.Errorf("%s: %d nodes and %d edges are drawn", name, len(g.nodes), len(g.edges))
		}
		if d := cmp.Diff([]int{len(p.nodes), len(p.flows)}, counted(t, g)); d != "" {
			t.Errorf("%s: elements and flows: %s", name, d)
		}
		say := func(format string, args ...any) { t.Errorf(name+": "+format, args...) }
		boxes(g, say)
		lines(g, say)
		apartLines(g, say)
		labels(g, say)
		if problem := unsafe(SVG(c)); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

// counted are the elements and flows that an overview speaks of.
func counted(t *testing.T, g *graph) []int {
	elements, flows := 0, 0
	for _, n := range g.nodes {
		a := 0
		for _, l := range n.lines {
			if _, err := fmt.Sscanf(l, "%d", &a); err != nil {
				t.Fatal(err)
			}
			elements += a
		}
		if n.kind != "" {
			if _, err := fmt.Sscanf(n.kind, "%d flow", &a); err != nil {
				t.Fatal(err)
			}
			flows += a
		}
	}
	for _, e := range g.edges {
		flows += e.flows
	}
	return []int{elements, flows}
}

func BenchmarkSVG(b *testing.B) {
	for _, n := range []int{10, 30, 100, 300, 1000} {
		c := caseOf(gen.Generate(gen.Options{Components: n}))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				SVG(c)
			}
		})
	}
}
