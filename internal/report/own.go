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

// own says what the library makes of the team's own threats, and what they lack.
func (p *page) own(c *ssf.Case) {
	o := ownOf(c)
	if o.all == 0 {
		return
	}
	says := "own threats: " + strconv.Itoa(o.all)
	if o.joined > 0 {
		says += "; " + number(o.joined, "is in the library too", "are in the library too")
	}
	if o.near > 0 {
		says += "; " + number(o.near, "is like one of its", "are like some of its")
	}
	if n := len(o.beyond); n > 0 {
		says += "; " + number(n, "is like none of its: ", "are like none of its: ") + join(o.beyond[:min(n, maxBeyond)])
		if n > maxBeyond {
			says += " and others"
		}
	}
	p.hang("", "  ", says)
	p.hang("  ", "  ", "the library has "+count(o.derived, "threat")+" that they lack, and asks about "+strconv.Itoa(o.asked)+" more")
}
