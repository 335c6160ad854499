package cyclonedx

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// This file reads the threat models of CycloneDX 2.0, by the draft of its schema
// that is public (the models blueprint, threat and control). What the standard
// will say in the end may differ.

// word is a value of an enumeration that may also be an object with a name of its
// own.
func word(n *format.Node, keys ...string) string {
	v := n.At(keys...)
	return cmp.Or(v.Text(), v.Text("name"))
}

// assetKinds and storeKinds are the kinds that types of asset and of data store
// tell.
var (
	assetKinds = map[string]ssf.ID{
		"agent": "ai_agent", "cache": "cache", "container": "container", "data-store": "datastore", "device": "device", "function": "serverless_function",
		"gateway": "reverse_proxy", "broker": "queue", "queue": "queue", "model": "ai_model", "module": "library",
	}
	storeKinds = map[string]ssf.ID{
		"relational": "database", "document": "document_store", "key-value": "key_value_store", "graph": "graph_store", "file": "file_store", "object": "object_store",
		"cache": "cache", "message-queue": "queue", "search": "search_index", "vector": "vector_store", "data-warehouse": "data_warehouse", "registry": "configuration_store",
	}
)

// blueprint reads one model of an architecture.
func (r *reader) blueprint(b *format.Node) {
	if r.d.System.Name == "" {
		r.d.System.Name, r.d.System.Says = b.Text("name"), b.Text("description")
	}
	for _, key := range []string{"bom-ref", "name", "modelTypes"} {
		b.At(key).See()
	}
	for _, n := range b.All("zones") {
		e := r.element(n, ssf.SortZone)
		e.Zone = n.Text("parent")
		switch t := word(n, "type"); t {
		case "trust", "network", "":
		default:
			r.d.Report.Guess(n, "a zone of the type %s is taken as a zone of trust", format.Clip(t))
		}
		n.At("type").See()
		r.d.GuessTrust(r.d.Add(e))
	}
	for _, n := range b.All("dataSets") {
		e := r.element(n, ssf.SortAsset)
		for _, p := range n.All("dataProfiles") {
			r.profiles[cmp.Or(p.Text("bom-ref"), p.Text())] = e.Key
			p.At("name").See()
			r.classify(e, p.At("classification"))
		}
		r.d.Add(e)
	}
	for _, n := range b.All("dataStores") {
		e := r.element(n, ssf.SortComponent)
		e.Kind, e.Zone = cmp.Or(storeKinds[word(n, "type")], "datastore"), n.Text("zone")
		n.At("type").See()
		for _, k := range n.All("dataSets") {
			e.Stores = append(e.Stores, k.Text())
		}
		for _, t := range append(n.All("technologies"), n.At("product")) {
			for _, id := range r.src.GuessTech(t.Text()) {
				if !slices.Contains(e.Tech, id) {
					e.Tech = append(e.Tech, id)
				}
			}
		}
		r.d.Add(e)
	}
	for _, n := range b.All("dataSets") {
		for _, p := range n.All("placements") {
			if s := r.d.Find(p.Text("dataStore"), ssf.SortComponent); s != nil {
				s.Stores = append(s.Stores, key(n))
			}
		}
	}
	for _, n := range b.All("assets") {
		r.inBlueprint(n)
	}
	for _, n := range b.All("actors") {
		e := r.element(n, ssf.SortActor)
		e.Name, e.Zone = r.party(n.At("party")), n.Text("zone")
		r.d.Add(e)
	}
	for _, n := range b.All("flows") {
		r.blueprintFlow(n)
	}
	for _, n := range b.All("assumptions") {
		if n.Text("validity") == "invalid" {
			r.d.Report.Omit(n, "the assumption is said to be wrong")
			continue
		}
		r.d.Assumptions = append(r.d.Assumptions, &format.Assumption{Node: n, ID: n.Text("bom-ref"), Says: n.Text("description")})
	}
	for _, n := range b.All("boundaries") {
		r.d.Report.Omit(n, "a boundary lies where a flow leaves a zone; what must hold there is said of the flows")
	}
	if n := b.At("visualizations"); n.Holds() {
		r.d.Report.Omit(n, "drawings are made anew from the model")
	}
}

// inBlueprint reads one asset: there the word means every part of a system.
func (r *reader) inBlueprint(n *format.Node) {
	sort, kind := ssf.SortComponent, ssf.ID("")
	switch t := word(n, "type"); {
	case t == "actor", n.Has("partyRef"):
		sort = ssf.SortActor
	case t == "data":
		sort = ssf.SortAsset
	default:
		kind = assetKinds[t]
	}
	e := r.element(n, sort)
	n.At("type").See()
	e.Kind, e.Zone = kind, n.Text("zone")
	if ref := n.Text("componentRef"); ref != "" && e.Name == "" {
		e.Name = r.parts[ref].Text("name")
	}
	if n.Has("partyRef") {
		e.Name = cmp.Or(e.Name, r.party(n.At("partyRef")))
	}
	if sort == ssf.SortAsset {
		e.Zone = ""
		r.classify(e, n.At("classification", "classification"))
	}
	r.d.Add(e)
}

// party is the name of a party, which stands there or is referred to.
func (r *reader) party(n *format.Node) string {
	if ref := n.Text(); ref != "" {
		for _, p := range r.src.Root.At("definitions").All("parties") {
			if p.Text("bom-ref") == ref {
				return r.party(p)
			}
		}
		return ref
	}
	name := n.Text("name")
	for _, kind := range []string{"person", "persona", "organization", "system"} {
		name = cmp.Or(name, n.Text(kind, "name"))
	}
	return name
}

func (r *reader) blueprintFlow(n *format.Node) {
	e := r.element(n, ssf.SortFlow)
	e.From, e.To = n.Text("source"), n.Text("destination")
	n.At("type").See()
	for _, p := range n.All("protocols") {
		switch id := r.src.Protocol(p.Text()); {
		case id == "":
			r.d.Report.Drop(p, "there is no protocol %s", format.Clip(p.Text()))
		case e.Over == "":
			e.Over = id
		case id != e.Over:
			r.d.Report.Drop(p, "a flow has one protocol, and the first is taken")
		}
	}
	if v, ok := n.Bool("encrypted"); ok {
		e.Fact(n.At("encrypted"), "encrypted", boolean(v))
	}
	for i, a := range n.All("authentication") {
		if w := word(a); i == 0 && w != "" {
			e.Fact(a, "authenticated", boolean(w != "none"))
		}
	}
	for _, p := range n.All("dataProfiles") {
		ref := cmp.Or(p.Text("bom-ref"), p.Text())
		k := r.profiles[ref]
		if k == "" && p.Text("name") != "" {
			k = r.dataNamed(p, p.Text("name"))
		}
		if k == "" {
			r.d.Report.Drop(p, "no data set has the profile %s", format.Clip(ref))
			continue
		}
		e.Sends = append(e.Sends, k)
	}
	for _, o := range n.All("dataObjects") {
		if name := o.Text("name"); name != "" {
			e.Sends = append(e.Sends, r.dataNamed(o, name))
		}
	}
	if both, _ := n.Bool("bidirectional"); both {
		e.Returns = e.Sends
	}
	r.d.Add(e)
}

// controlStates are the states of mitigations that the states of controls tell;
// what is not here is in no state that counters anything.
var controlStates = map[string]string{
	"implemented": "implemented", "verified": "implemented", "planned": "planned", "in-progress": "planned", "approved": "planned", "recommended": "proposed", "proposed": "proposed", "": "",
}

func (r *reader) controls(list []*format.Node) {
	for _, n := range list {
		status := word(n, "status")
		state, ok := controlStates[status]
		switch {
		case status == "rejected" || status == "decommissioned":
			r.d.Report.Omit(n, "the control is %s", status)
			continue
		case !ok:
			state = "proposed"
			r.d.Report.Guess(n, "a control with the status %s is taken as a proposal", format.Clip(status))
		}
		r.d.Mitigations = append(r.d.Mitigations, &format.Mitigation{Node: n, Key: key(n), ID: n.Text("bom-ref"), Name: n.Text("name"), Says: n.Text("description"), State: state})
	}
}

// threats reads the documented threats. A scenario is one of them at some places
// with a rating; one without a scenario stands for itself.
func (r *reader) threats(n *format.Node) {
	for _, p := range n.All("attackPatterns") {
		if id := p.Text("capecId"); id != "" {
			r.patterns[p.Text("bom-ref")] = "CAPEC-" + strings.TrimPrefix(id, "CAPEC-")
		}
	}
	documented := map[string]*format.Threat{}
	var order []*format.Threat
	told := map[*format.Threat]bool{}
	for _, x := range n.All("threats") {
		t := &format.Threat{Node: x, ID: x.Text("bom-ref"), Name: x.Text("name"), Says: x.Text("description")}
		t.At, _ = r.places(x)
		for _, c := range x.All("categories") {
			switch taxonomy := c.Text("taxonomy"); {
			case format.Squeeze(taxonomy) == "stride" && format.Stride(c.Text("category")) != "":
				t.Stride = append(t.Stride, format.Stride(c.Text("category")))
			default:
				r.d.Report.Drop(c, "a threat has classes of STRIDE here, not %s of %s", format.Clip(c.Text("category")), format.Clip(taxonomy))
			}
		}
		for _, w := range x.All("weaknesses") {
			if id := cwe(cmp.Or(w.Text(), w.Text("cwe"), w.Text("cweId"), w.Text("id"))); id != "" {
				t.Weaknesses = append(t.Weaknesses, id)
			}
		}
		for _, a := range x.All("attackPatterns") {
			if id := r.patterns[a.Text()]; capec(id) {
				t.Attacks = append(t.Attacks, id)
			}
		}
		for _, m := range x.All("mitigations") {
			t.Mitigated = append(t.Mitigated, m.Text())
		}
		documented[t.ID] = t
		order = append(order, t)
	}
	for _, x := range n.All("scenarios") {
		places, whole := r.places(x)
		severity, _ := format.ParseSeverity(level(x.At("riskScore")))
		likelihood, _ := format.ParseSeverity(level(x.At("likelihood")))
		for _, ref := range x.All("threats") {
			of := documented[ref.Text()]
			if of == nil {
				r.d.Report.Drop(ref, "%s is no threat of this file", format.Clip(ref.Text()))
				continue
			}
			t := *of
			t.Node, t.ID, t.Rule, t.Name, t.Severity, t.Likelihood = x, x.Text("bom-ref"), of.ID, cmp.Or(x.Text("name"), of.Name), severity, likelihood
			if says := x.Text("description"); says != "" && says != of.Says {
				t.Says = strings.TrimSpace(of.Says + "\n\n" + says)
			}
			if places != nil || whole {
				t.At = places
			}
			told[of] = true
			r.d.Threats = append(r.d.Threats, &t)
		}
	}
	for _, t := range order {
		if !told[t] {
			r.d.Threats = append(r.d.Threats, t)
		}
	}
	n.At("methodologies").See()
}

// places are the elements that a threat names; whole is that it names the product
// itself, and so no element.
func (r *reader) places(n *format.Node) (out []string, whole bool) {
	for _, a := range n.All("affectedAssets") {
		switch k := r.find(a.Text()); {
		case k != "":
			out = append(out, k)
		case a.Text() == r.product:
			whole = true
		default:
			r.d.Report.Drop(a, "%s is no element of this file", format.Clip(a.Text()))
		}
	}
	return out, whole
}

// level is a rating, which is a word or an object with one.
func level(n *format.Node) string {
	return cmp.Or(n.Text(), n.Text("level"), n.Text("rating"))
}

func capec(id string) bool {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "CAPEC-"))
	return err == nil && n > 0
}
