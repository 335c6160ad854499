package eval

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/facts"
	"ssf/internal/rule"
)

// riskOf is the one table of risk: the rows are likelihood low, medium and
// high, the columns impact none to critical. It is ordinal, documented in
// spec/rating.md, and nothing is added or multiplied.
var riskOf = map[ssf.Level][5]ssf.Level{
	ssf.Low:    {ssf.None, ssf.Low, ssf.Low, ssf.Medium, ssf.High},
	ssf.Medium: {ssf.None, ssf.Low, ssf.Medium, ssf.High, ssf.Critical},
	ssf.High:   {ssf.None, ssf.Medium, ssf.High, ssf.Critical, ssf.Critical},
}

const numProperties = 7 // len(ssf.AssetProperties)

// A stake is what a threat on one property can cost at one place: the greatest
// need, whether a need is unknown, and the cells with the greatest needs.
type stake struct {
	worst   ssf.Level
	unknown bool
	cells   []stakeCell
	count   int
}

type stakeCell struct {
	ssf.Cell
	level ssf.Level
}

// A stakeKey is a list of assets: those of a node by a relation.
type stakeKey struct {
	node int32
	by   rule.Relation
}

// needOf is the level of a property that an asset needs. Privacy of personal
// data that nobody rated is unknown; properties that nobody named beside
// confidentiality, integrity and availability are not needed.
func (e *Evaluation) needOf(asset int32, p ssf.Property) ssf.Level {
	a := e.Nodes[asset].Asset
	for _, n := range a.Needs {
		if n.Property.ID == ssf.ID(p) {
			l, _ := ssf.ParseLevel(string(n.Level.ID))
			return l
		}
	}
	switch p {
	case ssf.Confidentiality, ssf.Integrity, ssf.Availability:
		return ssf.Unknown
	case ssf.Privacy:
		if e.Get(asset, "personal") != facts.No {
			return ssf.Unknown
		}
	}
	return ssf.None
}

// stakesOf is what the assets of a list need, by property. It is computed once
// for a list, so that a hub costs no more than its size.
func (e *Evaluation) stakesOf(k stakeKey) *[numProperties]stake {
	if s := e.stakes[k]; s != nil {
		return s
	}
	assets := e.assetsOf(k)
	out := &[numProperties]stake{}
	for i, p := range ssf.AssetProperties {
		s := &out[i]
		for _, a := range assets {
			l := e.needOf(a, p)
			if l == ssf.None {
				continue
			}
			s.count++
			s.unknown = s.unknown || l == ssf.Unknown
			s.worst = max(s.worst, l)
			s.cells = withWorst(s.cells, stakeCell{ssf.Cell{Element: e.Nodes[a].ID, Property: p}, l})
		}
	}
	e.stakes[k] = out
	return out
}

// assetsOf are the assets of a list; that of an asset is itself. What a flow
// carries to a store that has it already stands in the list of the store only,
// so that nothing is counted twice.
func (e *Evaluation) assetsOf(k stakeKey) []int32 {
	switch e.Nodes[k.node].Sort {
	case ssf.SortAsset:
		return []int32{k.node}
	case ssf.SortSystem, ssf.SortZone, ssf.SortActor:
		return e.Wide(k.node)
	case ssf.SortMitigation:
		return e.evaded[k.node]
	}
	all := e.World.Many(k.node, k.by)
	if k.by != rule.Carries {
		return all
	}
	to := e.World.One(k.node, rule.To)
	return slices.DeleteFunc(slices.Clone(all), func(a int32) bool { return e.Stored[[2]int32{to, a}] })
}

// worse orders cells by their needs, the greatest first.
func (a stakeCell) worse(b stakeCell) int {
	if c := cmp.Or(int(b.level.Worst()-a.level.Worst()), int(b.level-a.level)); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(string(a.Element), string(b.Element)), strings.Compare(string(a.Property), string(b.Property)))
}

// withWorst adds a cell to the worst ones, of which a threat names so many, in
// their order and each once. A zone may have thousands.
func withWorst(worst []stakeCell, c stakeCell) []stakeCell {
	full := len(worst) == ssf.MaxEndangers
	if full && c.worse(worst[len(worst)-1]) >= 0 {
		return worst
	}
	i, there := slices.BinarySearchFunc(worst, c, stakeCell.worse)
	switch {
	case there:
		return worst
	case full:
		worst = worst[:len(worst)-1]
	}
	return slices.Insert(worst, i, c)
}

// lists are the assets one hop from a node: what a flow carries and what its
// `to` end stores, what a component handles, what a function works on or else
// what its component handles, the asset itself; for the rest see [facts.Graph.Wide].
func (e *Evaluation) lists(n int32) []stakeKey {
	w := e.World
	switch e.Nodes[n].Sort {
	case ssf.SortAsset, ssf.SortSystem, ssf.SortZone, ssf.SortActor, ssf.SortMitigation:
		return []stakeKey{{n, rule.Handles}}
	case ssf.SortComponent:
		if len(w.Many(n, rule.Handles)) == 0 && e.wholes[e.Nodes[n].Kind.ID] {
			n = w.Lookup("system")
		}
		return []stakeKey{{n, rule.Handles}}
	case ssf.SortFlow:
		ks := []stakeKey{{n, rule.Carries}}
		if to := w.One(n, rule.To); to >= 0 && e.Nodes[to].Sort == ssf.SortComponent {
			ks = append(ks, stakeKey{to, rule.Stores})
		}
		return ks
	case ssf.SortFunction:
		if at := w.One(n, rule.At); len(w.Many(n, rule.Assets)) == 0 && at >= 0 {
			return e.lists(at)
		}
		return []stakeKey{{n, rule.Assets}}
	}
	return nil
}

// An impact is the greatest need that a threat endangers at a node, why it is
// that, and the cells.
type impact struct {
	endangers []ssf.Property // nil for a threat of the team's own
	level     ssf.Level
	why       string
	cells     []ssf.Cell
	more      int
}

// impactOf is the impact of a threat. Threats of rules that endanger the same
// properties have the same at one node.
func (e *Evaluation) impactOf(in *Instance) impact {
	if in.Own != nil {
		return e.measure(in)
	}
	if len(e.impacts) > 0 && e.impactsAt != in.Node {
		e.impacts = e.impacts[:0]
	}
	for _, p := range e.impacts {
		if slices.Equal(p.endangers, in.Rule.Endangers) {
			return p
		}
	}
	p := e.measure(in)
	p.endangers = in.Rule.Endangers
	e.impacts, e.impactsAt = append(e.impacts, p), in.Node
	return p
}

func (e *Evaluation) measure(in *Instance) (p impact) {
	top := e.cells[:0]
	defer func() { e.cells = top[:0] }()
	unknown, count := false, 0
	if in.Own != nil {
		for _, c := range in.Own.Endangers {
			cell := stakeCell{c.Cell(), e.levelOf(c.Cell())}
			top = withWorst(top, cell)
			count++
			unknown = unknown || cell.level == ssf.Unknown
			p.level = max(p.level, cell.level)
		}
	} else {
		for _, k := range e.lists(in.Node) {
			stakes := e.stakesOf(k)
			for i, property := range ssf.AssetProperties {
				if s := &stakes[i]; slices.Contains(in.Rule.Endangers, property) {
					for _, c := range s.cells {
						top = withWorst(top, c)
					}
					count += s.count
					unknown = unknown || s.unknown
					p.level = max(p.level, s.worst)
				}
			}
		}
	}
	p.cells = make([]ssf.Cell, len(top))
	for i, c := range top {
		p.cells[i] = c.Cell
	}
	switch {
	case count == 0 && in.Own == nil && len(e.lists(in.Node)) > 0 && e.handlesAny(in.Node):
		p.level, p.why = ssf.None, "no asset here needs it"
		return p
	case count == 0:
		p.level, p.why = ssf.Unknown, "no asset is named here"
		return p
	case unknown && p.level != ssf.Critical:
		p.level, p.why = ssf.Unknown, "a need of "+string(firstUnknown(top))+" is not stated"
	default:
		p.why = top[0].Cell.String()
	}
	p.more = max(0, count-len(p.cells))
	return p
}

// handlesAny reports whether any asset is one hop away.
func (e *Evaluation) handlesAny(n int32) bool {
	for _, k := range e.lists(n) {
		if len(e.assetsOf(k)) > 0 {
			return true
		}
	}
	return false
}

func firstUnknown(cs []stakeCell) ssf.ID {
	for _, c := range cs {
		if c.level == ssf.Unknown {
			return c.Element
		}
	}
	return ""
}

// program is the component whose code a threat at n is about: n itself, the
// `from` end of a flow, the place of a function; -1 for others.
func (e *Evaluation) program(n int32) int32 {
	switch e.Nodes[n].Sort {
	case ssf.SortComponent:
		return n
	case ssf.SortFlow:
		return e.World.One(n, rule.From)
	case ssf.SortFunction:
		return e.World.One(n, rule.At)
	}
	return -1
}

// fed says whether what others decide reaches the program at n, as through a
// queue, a file or a store: True, False, or Unknown while nobody says.
func (e *Evaluation) fed(n int32) rule.Truth {
	p := e.program(n)
	if p < 0 || e.Nodes[p].Sort != ssf.SortComponent || e.Vocabulary.Fact("takes_input") == nil {
		return rule.False
	}
	switch e.Get(p, "takes_input") {
	case facts.Yes:
		return rule.True
	case facts.No:
		return rule.False
	}
	return rule.Unknown
}

// likelihood is the rule's, one step less where only other zones of the
// product reach the element, or only what others hand on or may hand on, and two
// where nothing does, never below low; or what somebody rated.
func (e *Evaluation) likelihood(in *Instance) (ssf.Level, string) {
	if in.Rated != nil {
		l, _ := ssf.ParseLevel(string(in.Rated.Level.ID))
		return l, "rated: " + in.Rated.Because.S
	}
	if in.Own != nil {
		l, known := ssf.ParseLevel(string(in.Own.Likelihood.ID))
		if !known {
			return ssf.Unknown, "nobody says how likely it is"
		}
		return l, "stated with the threat"
	}
	l := max(in.Rule.Likelihood, ssf.Low)
	l = min(l, ssf.High)
	if in.Rule.Anywhere {
		return l, in.Rule.Because
	}
	switch e.Get(in.Node, "exposure") {
	case facts.Internal:
		return max(l-1, ssf.Low), "only other zones reach it. " + in.Rule.Because
	case facts.Isolated:
		switch e.fed(in.Node) {
		case rule.True:
			return max(l-1, ssf.Low), "only what others hand on reaches it. " + in.Rule.Because
		case rule.Unknown:
			return max(l-1, ssf.Low), "nothing outside its zone reaches it, and nobody says whether it takes input. " + in.Rule.Because
		}
		return max(l-2, ssf.Low), "nothing outside its zone reaches it. " + in.Rule.Because
	}
	return l, in.Rule.Because
}

// risk looks up the table. If a factor is unknown it is the severity, as far as
// somebody rated the threat as a whole; else it ranks as the worst and is shown
// as unknown.
func risk(likelihood, impact, severity ssf.Level) ssf.Level {
	if impact == ssf.Unknown || likelihood == ssf.Unknown {
		return severity
	}
	return riskOf[likelihood][impact-ssf.None]
}

// basisOf is the digest of what a decision about a threat rests on: what
// decided that it is there, and what rates it. No id and no prose is in it, so
// it survives a rename. Its encoding stands in spec/basis.md.
func (e *Evaluation) basisOf(in *Instance) ssf.Digest {
	return sha256.Sum256(e.rating(append(make([]byte, 0, 256), in.Basis[:]...), in))
}

// rating appends the lines of what rates a threat.
func (e *Evaluation) rating(b []byte, in *Instance) []byte {
	put := func(key, value string) { b = append(append(append(append(b, key...), '='), value...), '\n') }
	if in.Rule != nil && !in.Rule.Anywhere {
		if f := e.Vocabulary.Fact("exposure"); f != nil {
			exposure := e.Get(in.Node, "exposure")
			put("exposure", string(f.Decode(exposure)))
			if fed := e.fed(in.Node); exposure == facts.Isolated && fed != rule.False {
				put("fed", map[rule.Truth]string{rule.True: "yes", rule.Unknown: "unknown"}[fed])
			}
		}
	}
	if in.Rating != nil {
		put("rated", string(in.Rating.Level.ID))
	}
	for i, p := range ssf.AssetProperties {
		if in.Own != nil || !slices.Contains(in.Rule.Endangers, p) {
			continue
		}
		var all stake
		for _, k := range e.lists(in.Node) {
			s := &e.stakesOf(k)[i]
			all.worst, all.unknown = max(all.worst, s.worst), all.unknown || s.unknown
		}
		put(string(p), all.worst.String())
		if all.unknown {
			put(string(p)+".unstated", "yes")
		}
	}
	if in.Own != nil {
		var needs []string
		for _, c := range in.Own.Endangers {
			needs = append(needs, string(c.Property.ID)+":"+e.levelOf(c.Cell()).String())
		}
		slices.Sort(needs)
		put("needs", strings.Join(needs, ","))
	} else if l := in.severity(); l != ssf.Unknown {
		put("severity", l.String())
	}
	return b
}

// levelOf is what an asset needs in a cell; unknown for any other element.
func (e *Evaluation) levelOf(c ssf.Cell) ssf.Level {
	if n := e.World.Lookup(c.Element); n >= 0 && e.Nodes[n].Sort == ssf.SortAsset {
		return e.needOf(n, c.Property)
	}
	return ssf.Unknown
}

// An Assessment is the risk of a threat, and why it is that. It never changes:
// evaluations share it.
type Assessment struct {
	Assessed      ssf.Digest // what a decision about the threat rests on
	LikelihoodWhy string
	ImpactWhy     string
	Endangered    []ssf.Cell // the greatest needs
	EndangersMore int
	Likelihood    ssf.Level
	Impact        ssf.Level
	Risk          ssf.Level
}

// rate assesses the instances.
func (e *Evaluation) rate() {
	e.share(len(e.Instances), func(w *Evaluation, from, to int) {
		for i := from; i < to; i++ {
			in := &w.Instances[i]
			if in.Assessment = w.assessedBefore(in); in.Assessment == nil {
				in.Assessment = w.assess(in)
			}
		}
	})
}

func (e *Evaluation) assess(in *Instance) *Assessment {
	e.work.Rated++
	likelihood, why := e.likelihood(in)
	p, severity := e.impactOf(in), in.severity()
	if severity != ssf.Unknown { // and the other factor, if that is known, decides nothing
		said := ", and its risk was rated as a whole: " + severity.String()
		if likelihood == ssf.Unknown {
			why += said
		}
		if p.level == ssf.Unknown {
			p.why += said
		}
	}
	return &Assessment{e.basisOf(in), why, p.why, p.cells, p.more, likelihood, p.level, risk(likelihood, p.level, severity)}
}

// WhyUnknown is why the risk is unknown.
func (a *Assessment) WhyUnknown() string {
	if a.Impact == ssf.Unknown {
		return a.ImpactWhy
	}
	return a.LikelihoodWhy
}

// Treating are the mitigations and the claimed facts that counter an instance.
func (e *Evaluation) Treating(i int) []ssf.ID {
	in, out := &e.Instances[i], []ssf.ID{}
	for _, m := range e.counters[i] {
		out = append(out, e.Model.Mitigations[m.by].ID)
	}
	if in.Claim != rule.True {
		return out
	}
	if len(out) == 0 {
		return orEmpty(in.Claims)
	}
	return append(out, in.Claims...)
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
