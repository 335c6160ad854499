package report

import (
	"slices"
	"strconv"
	"strings"

	"ssf"
)

// own compares the threats that the team or its other tool found with those of
// the library, if there are any.
type own struct {
	all     int
	joined  int      // the library derives them too, or asks about them
	near    int      // it has others of their class of STRIDE at their element
	beyond  []ssf.ID // it has nothing there that is like them
	derived int      // beside them
	asked   int
}

// maxBeyond is how many of them the text names.
const maxBeyond = 5

func ownOf(c *ssf.Case) (o own) {
	theirs := func(t *ssf.Threat) bool { return strings.HasPrefix(string(t.Rule), "own/") }
	taken := map[ssf.ID]bool{}
	ids := map[ssf.ID]bool{}
	for _, j := range c.Joined {
		ids[j.ID] = true
		for _, as := range j.As {
			taken[as] = true
		}
	}
	o.joined = len(ids)
	at := map[ssf.ID][]*ssf.Threat{}
	for i := range c.Threats {
		t := &c.Threats[i]
		if theirs(t) {
			continue
		}
		at[t.Element] = append(at[t.Element], t)
		switch {
		case taken[t.ID]:
		case t.State == ssf.Undecided:
			o.asked++
		default:
			o.derived++
		}
	}
	o.all = o.joined
	for i := range c.Threats {
		t := &c.Threats[i]
		if !theirs(t) {
			continue
		}
		o.all++
		if slices.ContainsFunc(at[t.Element], func(d *ssf.Threat) bool {
			return slices.ContainsFunc(t.Stride, func(s string) bool { return slices.Contains(d.Stride, s) })
		}) {
			o.near++
		} else {
			o.beyond = append(o.beyond, t.ID)
		}
	}
	return o
}

// own says what the library makes of the threats of an imported model, and what
// they lack.
func (p *page) own(c *ssf.Case) {
	if !slices.ContainsFunc(c.Elements, func(e ssf.ElementInfo) bool { return e.FromTool != "" }) {
		return // written by hand, where it is no news that the team's threats are its own
	}
	o := ownOf(c)
	if o.all == 0 {
		return
	}
	var parts []string
	if o.joined > 0 {
		parts = append(parts, "the library has the same for "+strconv.Itoa(o.joined))
	}
	if o.near > 0 {
		parts = append(parts, "others of their class at the place for "+strconv.Itoa(o.near))
	}
	if n := len(o.beyond); n > 0 {
		s := "nothing for " + strconv.Itoa(n) + ", " + join(o.beyond[:min(n, maxBeyond)])
		if n > maxBeyond {
			s += " and others"
		}
		parts = append(parts, s)
	}
	p.hang("", "  ", "own threats: "+strconv.Itoa(o.all)+"; "+strings.Join(parts, "; "))
	p.hang("  ", "  ", "beside these the library derives "+count(o.derived, "threat")+", and "+number(o.asked, "waits", "wait")+" for an answer to `ssf questions`")
}
