package format

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ssf"
	"ssf/library"
)

// drafted is a draft of a program with threats, as a reader would make it.
func drafted(file string, threats ...*Threat) *Draft {
	root := (*Node)(nil).Add(file, Map, "", 1, 1)
	d := NewDraft(&Source{Name: file, Root: root}, "")
	d.Add(&Element{Node: root, Key: "web", Sort: ssf.SortComponent, Name: "Web", Kind: "web_service"})
	for i, t := range threats {
		t.Node = root.Add(fmt.Sprintf("threat%d", i), Map, "", i+2, 1)
		t.At = []string{"web"}
		d.Threats = append(d.Threats, t)
	}
	return d
}

func noted(r *Report, says string) bool {
	for _, n := range append(r.Guessed, r.Dropped...) {
		if strings.Contains(n.Says, says) {
			return true
		}
	}
	return false
}

// TestStatusBeforeMitigations holds that what a source says of a threat is neither
// lost nor made better by the mitigations that it names for it.
func TestStatusBeforeMitigations(t *testing.T) {
	for _, x := range []struct {
		what         string
		status       Status
		states       []string // of its mitigations
		other        Status   // of a threat that has the first of them too
		counters     []bool   // whether each of the mitigations is written as countering it
		stands, note string
	}{
		{what: "open, one of two there", status: IsOpen, states: []string{"implemented", "proposed"}, counters: []bool{false, true}, note: "calls this open though"},
		{what: "partly, one there", status: InPlanning, states: []string{"implemented"}, counters: []bool{false}, note: "calls this planned though"},
		{what: "partly, one there and one planned", status: InPlanning, states: []string{"implemented", "planned"}, counters: []bool{true, true}},
		{what: "planned, none named", status: InPlanning, note: "here it is open"},
		{what: "mitigated, only advice", status: IsMitigated, states: []string{"proposed"}, counters: []bool{true}, note: "calls this mitigated, and no mitigation"},
		{what: "mitigated, shared with an open one", status: IsMitigated, states: []string{""}, other: IsOpen, counters: []bool{true}, stands: "mitigation-of-first", note: "calls this mitigated, and not all"},
		{what: "mitigated", status: IsMitigated, states: []string{""}, counters: []bool{true}},
	} {
		first := &Threat{Name: "First", Status: x.status}
		threats := []*Threat{first}
		if x.other != "" {
			threats = append(threats, &Threat{Name: "Second", Status: x.other, Mitigated: []string{"m0"}})
		}
		d := drafted("x", threats...)
		for i, s := range x.states {
			key := fmt.Sprintf("m%d", i)
			first.Mitigated = append(first.Mitigated, key)
			d.Mitigations = append(d.Mitigations, &Mitigation{Node: first.Node, Key: key, Name: key, State: s})
		}
		p := d.Build(library.Index(), time.Time{})
		text := p.Text()
		for i, want := range x.counters {
			_, entry, _ := strings.Cut(text, fmt.Sprintf("\n  m%d:", i))
			entry, _, _ = strings.Cut(entry, "\n  m")
			if got := strings.Contains(entry, "own/first@web"); got != want {
				t.Errorf("%s: mitigation %d counters it: %v, want %v\n%s", x.what, i, got, want, text)
			}
		}
		if got := strings.Contains(text, "\n  mitigation-of-first:"); got != (x.stands != "") {
			t.Errorf("%s: a mitigation stands for those that are not named: %v\n%s", x.what, got, text)
		}
		if r := p.Report(); x.note != "" && !noted(r, x.note) || x.note == "" && len(r.Guessed) > 0 {
			t.Errorf("%s: the report does not say %q, or too much: %+v", x.what, x.note, r.Guessed)
		}
	}
}

// TestListedApart holds that a threat of the library that a file lists is not taken
// for another that the file lists beside it, whose decision would settle it.
func TestListedApart(t *testing.T) {
	listed := &Threat{Name: "Listed", Same: []ssf.ID{"csrf"}, Derived: true}
	beside := &Threat{Name: "CSRF", Status: IsNotRelevant, Same: []ssf.ID{"csrf"}}
	p := drafted("x", listed, beside).Build(library.Index(), time.Time{})
	p.Join([]Derived{{ID: "csrf@web", Rule: "csrf", Element: "web", Title: "CSRF"}})
	if text := p.Text(); strings.Contains(text, "csrf@web") {
		t.Errorf("what is decided about one settles the other:\n%s", text)
	}
}

// TestMerge holds that nothing of a second file is lost, and that drawings keep
// their unnamed data beside files that name theirs.
func TestMerge(t *testing.T) {
	first, second := drafted("a"), drafted("b")
	first.Tool, second.Tool, second.Unnamed = "One", "Two", true
	first.System.Name, second.System.Name, second.System.Purpose, second.System.Misuse = "A", "B", "Sells.", []string{"Theft"}
	for _, d := range []*Draft{first, second} {
		d.Add(&Element{Node: d.Elements[0].Node, Key: "db", Sort: ssf.SortComponent, Name: "Store", Kind: "datastore"})
		d.Add(&Element{Node: d.Elements[0].Node, Key: "f", Sort: ssf.SortFlow, From: "web", To: "db"})
	}
	p := Merge([]*Draft{first, second}).Build(library.Index(), time.Time{})
	text := p.Text()
	for _, want := range []string{"name: A\n", "purpose: Sells.", "Theft", "web-to-store: {from: web, to: store}", "web-2-to-store-2: {from: web-2, to: store-2, sends: [data]}"} {
		if !strings.Contains(text, want) {
			t.Errorf("the model lacks %q:\n%s", want, text)
		}
	}
	if r := p.Report(); !noted(r, `"B"`) {
		t.Errorf("the second name is lost without a note: %+v", r)
	}
}

// TestTwoValues holds that a fact that is said twice differently is reported.
func TestTwoValues(t *testing.T) {
	d := drafted("x")
	e := d.Elements[0]
	d.System.Facts = []Fact{{"can_hurt", ssf.Yes, e.Node}, {"can_hurt", ssf.No, e.Node}}
	if r := d.Build(library.Index(), time.Time{}).Report(); !noted(r, "the source says no here, and yes before") {
		t.Errorf("the second value is lost without a note: %+v", r)
	}
}

// TestLarge holds that eight times the threats cost no more than about eight times
// as much.
func TestLarge(t *testing.T) {
	cost := func(n int) time.Duration {
		root := (*Node)(nil).Add("x", Map, "", 1, 1)
		d := NewDraft(&Source{Name: "x", Root: root}, "")
		for i := range n {
			key := fmt.Sprint(i)
			d.Add(&Element{Node: root.Add(key, Map, "", 1, 1), Key: key, Sort: ssf.SortAsset, Name: "A" + key})
			d.Threats = append(d.Threats, &Threat{Node: root, Name: "T" + key, At: []string{key}, Endangers: []ssf.Property{ssf.Integrity}, Status: IsAccepted, By: "P" + key})
			d.Report.Drop(root, "%s is lost", key)
		}
		begin := time.Now()
		p := d.Build(library.Index(), time.Time{})
		p.Text()
		Gather(p.Report().Dropped)
		return time.Since(begin)
	}
	cost(500)
	small, large := cost(1500), cost(12000)
	if large > 25*small {
		t.Errorf("1500 threats take %v, and 12000 %v", small, large)
	}
}

// TestNotUTF8 holds that bytes which are no text are refused in every syntax, with
// their place, and that a sign for such bytes that stands in the text is not.
func TestNotUTF8(t *testing.T) {
	for _, s := range []string{"{\n\"a\": \"b\xffc\"}", "a: 1\nb: b\xffc", "<a>\n<b>b\xffc</b></a>"} {
		_, err := Parse("x", []byte(s))
		if err == nil || !strings.HasPrefix(err.Error(), "x:2:") {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := Parse("x", []byte("{\"a\": \"b\xef\xbf\xbdc\"}")); err != nil {
		t.Error(err)
	}
}

// TestEmptyReport holds that a report has lists where it has nothing to list.
func TestEmptyReport(t *testing.T) {
	d := drafted("x")
	d.Elements = nil
	if r := d.Build(library.Index(), time.Time{}).Report(); r.Carried == nil || r.Guessed == nil || r.Dropped == nil || r.Joined == nil {
		t.Errorf("a list is missing: %+v", r)
	}
}
