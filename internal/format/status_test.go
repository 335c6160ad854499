package format_test

import (
	"strings"
	"testing"

	"ssf"
	"ssf/internal/format"
	"ssf/internal/testkit/exportkit"
	"ssf/internal/testkit/importkit"
)

// imported is the case of a model that is made of a draft: a shop with a database,
// to which one flow leads, and what make adds.
func imported(t *testing.T, make func(d *format.Draft)) (*ssf.Case, *format.Report, string) {
	t.Helper()
	form := format.Format{Name: "made", Is: func(*format.Node) bool { return true }, Read: func(src *format.Source) (*format.Draft, error) {
		d := format.NewDraft(src, "Maker 1")
		d.Add(&format.Element{Node: src.Root, Key: "shop", Sort: ssf.SortComponent, Name: "Shop", Kind: "web_app"})
		d.Add(&format.Element{Node: src.Root, Key: "db", Sort: ssf.SortComponent, Name: "Orders", Kind: "database"})
		d.Add(&format.Element{Node: src.Root, Key: "query", Sort: ssf.SortFlow, Name: "Query", From: "shop", To: "db"})
		make(d)
		for _, x := range d.Threats {
			x.Node = src.Root
		}
		for _, m := range d.Mitigations {
			m.Node = src.Root
		}
		return d, nil
	}}
	_, report, text := importkit.Must(t, form, "made.json", []byte("{}"))
	return exportkit.Text(t, text), report, text
}

// TestTreated: nothing becomes more certain than it is in the source.
func TestTreated(t *testing.T) {
	for name, test := range map[string]struct {
		threat format.Threat
		with   string // state of its mitigation, if it has one
		want   ssf.State
		says   string
	}{
		"nothing said":                  {format.Threat{}, "", ssf.Open, ""},
		"open":                          {format.Threat{Status: format.IsOpen}, "", ssf.Open, ""},
		"open with an idea":             {format.Threat{Status: format.IsOpen}, "-", ssf.Open, "state: proposed"},
		"open though all is done":       {format.Threat{Status: format.IsOpen}, "implemented", ssf.Open, "state: implemented"},
		"mitigated":                     {format.Threat{Status: format.IsMitigated}, "-", ssf.Claimed, "state: implemented"},
		"mitigated by nothing named":    {format.Threat{Status: format.IsMitigated}, "", ssf.Claimed, "which does not say how"},
		"mitigated by what is planned":  {format.Threat{Status: format.IsMitigated}, "planned", ssf.Planned, "state: planned"},
		"planned":                       {format.Threat{Status: format.InPlanning}, "-", ssf.Planned, "state: planned"},
		"accepted by nobody":            {format.Threat{Status: format.IsAccepted}, "", ssf.Open, "not-named: {name: Not named in made.json, accepts_up_to: none}"},
		"accepted by somebody":          {format.Threat{Status: format.IsAccepted, By: "Ann Lee", Until: "2030-01-01", Severity: ssf.Low}, "", ssf.Open, "ann-lee: {name: Ann Lee}"},
		"transferred":                   {format.Threat{Status: format.IsTransferred, Because: "The host does it."}, "", ssf.Transferred, "says: The host does it."},
		"not applicable":                {format.Threat{Status: format.IsNotRelevant, Because: "No pages."}, "", ssf.NotApplicable, "because: No pages."},
		"not applicable without reason": {format.Threat{Status: format.IsNotRelevant}, "", ssf.NotApplicable, "which gives no reason"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _, text := imported(t, func(d *format.Draft) {
				x := test.threat
				x.Name, x.At = "Something odd", []string{"shop"}
				if test.with != "" {
					d.Mitigations = append(d.Mitigations, &format.Mitigation{Key: "m", Name: "Something done", State: strings.TrimPrefix(test.with, "-")})
					x.Mitigated = []string{"m"}
				}
				d.Threats = append(d.Threats, &x)
			})
			i := find(c, "own/something-odd@shop")
			if i < 0 {
				t.Fatalf("the threat is not there:\n%s", text)
			}
			if got := c.Threats[i].State; got != test.want {
				t.Errorf("it is %s (%s), want %s:\n%s", got, c.Threats[i].Why, test.want, text)
			}
			if !strings.Contains(text, test.says) {
				t.Errorf("the model does not say %q:\n%s", test.says, text)
			}
		})
	}
}

// TestJoined: a threat of the source is taken to be one of the library, one each,
// so that what was decided about one decides about no other.
func TestJoined(t *testing.T) {
	c, r, text := imported(t, func(d *format.Draft) {
		xss := func(id string, s format.Status) *format.Threat {
			return &format.Threat{ID: id, Name: "Stored XSS", At: []string{"shop"}, Status: s, Stride: []string{"tampering"}, Severity: ssf.High}
		}
		d.Threats = append(d.Threats, xss("a", format.IsNotRelevant), xss("b", format.IsOpen),
			&format.Threat{ID: "c", Name: "Lorem ipsum", Says: "Dolor sit amet.", At: []string{"shop"}, Stride: []string{"tampering"}},
			&format.Threat{ID: "d", Name: "Stored XSS", At: []string{"shop"}, Stride: []string{"denial_of_service"}},
			&format.Threat{ID: "e", Name: "Reflected XSS in the database", At: []string{"query"}})
	})
	if len(r.Joined) != 1 || r.Joined[0].Own != "stored-xss" || r.Joined[0].Threat != "cross-site-scripting@shop" {
		t.Errorf("joined are %v, want the first alone:\n%s", r.Joined, text)
	}
	for id, want := range map[ssf.ID]ssf.State{"cross-site-scripting@shop": ssf.NotApplicable, "own/stored-xss-at-shop@shop": ssf.Open, "own/lorem-ipsum@shop": ssf.Open} {
		if i := find(c, id); i < 0 || c.Threats[i].State != want {
			t.Errorf("%s is not %s:\n%s", id, want, text)
		}
	}
}

// TestStated: a threat that the source calls open is open, also where facts that the
// library would ask for are unknown.
func TestStated(t *testing.T) {
	c, r, text := imported(t, func(d *format.Draft) {
		d.Unnamed = true
		d.Threats = append(d.Threats, &format.Threat{Name: "Traffic is sniffed", At: []string{"query"}, Stride: []string{"information_disclosure"}, Status: format.IsOpen, Severity: ssf.Medium})
	})
	if len(r.Joined) != 1 || r.Joined[0].Threat != "eavesdropping@query" {
		t.Fatalf("joined are %v:\n%s", r.Joined, text)
	}
	if i := find(c, "eavesdropping@query"); i < 0 || c.Threats[i].State != ssf.Open || c.Threats[i].Risk != ssf.Medium {
		t.Errorf("it is %s with risk %s, want open and medium:\n%s", c.Threats[i].State, c.Threats[i].Risk, text)
	}
}

func find(c *ssf.Case, id ssf.ID) int {
	for i := range c.Threats {
		if c.Threats[i].ID == id {
			return i
		}
	}
	return -1
}
