package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"ssf"
	"ssf/internal/markup"
)

// The parts of SARIF 2.1.0 (OASIS standard) that are written; see
// spec/reports.md for what stands where.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool        `json:"tool"`
		Automation  sarifID          `json:"automationDetails"`
		Invocations []sarifCall      `json:"invocations"`
		ColumnKind  string           `json:"columnKind"`
		Taxonomies  []sarifComponent `json:"taxonomies,omitempty"`
		Results     []sarifResult    `json:"results"`
		Properties  map[string]any   `json:"properties"`
	}
	sarifTool struct {
		Driver sarifComponent `json:"driver"`
	}
	sarifID struct {
		ID string `json:"id"`
	}
	sarifCall struct {
		Successful bool   `json:"executionSuccessful"`
		End        string `json:"endTimeUtc"`
	}
	sarifComponent struct {
		Name         string       `json:"name"`
		Organization string       `json:"organization,omitempty"`
		Version      string       `json:"version,omitempty"`
		Short        *sarifText   `json:"shortDescription,omitempty"`
		Supported    []sarifNamed `json:"supportedTaxonomies,omitempty"`
		Rules        []sarifRule  `json:"rules,omitempty"`
		Taxa         []sarifTaxon `json:"taxa,omitempty"`
	}
	sarifNamed struct {
		Name  string `json:"name"`
		Index int    `json:"index"`
	}
	sarifTaxon struct {
		ID      string `json:"id"`
		HelpURI string `json:"helpUri,omitempty"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifRule struct {
		ID            string          `json:"id"`
		Short         sarifText       `json:"shortDescription"`
		Full          sarifText       `json:"fullDescription"`
		Help          sarifText       `json:"help"`
		Configuration sarifLevel      `json:"defaultConfiguration"`
		Relationships []sarifRelation `json:"relationships,omitempty"`
		Properties    map[string]any  `json:"properties"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifRelation struct {
		Target sarifTarget `json:"target"`
		Kinds  []string    `json:"kinds"`
	}
	sarifTarget struct {
		ID        string     `json:"id"`
		Index     int        `json:"index"`
		Component sarifNamed `json:"toolComponent"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Kind         string            `json:"kind"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Fixes        []sarifFix        `json:"fixes,omitempty"`
		Properties   map[string]any    `json:"properties,omitempty"`
	}
	sarifLocation struct {
		ID       *int           `json:"id,omitempty"`
		Message  *sarifText     `json:"message,omitempty"`
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId"`
	}
	sarifRegion struct {
		Line    int        `json:"startLine"`
		Col     int        `json:"startColumn,omitempty"`
		EndCol  int        `json:"endColumn,omitempty"`
		Snippet *sarifText `json:"snippet,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	sarifFix struct {
		Description sarifText     `json:"description"`
		Changes     []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		Artifact     sarifArtifact      `json:"artifactLocation"`
		Replacements []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		Deleted  sarifRegion `json:"deletedRegion"`
		Inserted sarifText   `json:"insertedContent"`
	}
)

const fingerprint = "ssfSubject/v1"

// SARIF writes what is open as SARIF 2.1.0: the diagnostics, and in place of
// those that tell of threats by rule, each threat that is not treated. Paths
// stand below a prefix, where the model is not at the root of its repository.
func SARIF(w io.Writer, c *ssf.Case, prefix string, o CheckOptions) error {
	s := &sarifWriter{builder: newBuilder(c), prefix: prefix, rule: map[string]int{}, taxon: map[ssf.ID]int{}, seen: map[string]int{}}
	s.describe(o)
	run := sarifRun{
		Automation: sarifID{"ssf/"}, Invocations: []sarifCall{{true, c.Now.UTC().Format(time.RFC3339)}}, ColumnKind: "unicodeCodePoints",
		Results: []sarifResult{}, Properties: s.properties(),
	}
	name, version, _ := strings.Cut(c.Tool, " ")
	run.Tool.Driver = sarifComponent{Name: markup.Clean(cmp.Or(name, "ssf")), Version: markup.Clean(version), Rules: s.rules}
	if len(s.taxa) > 0 {
		run.Tool.Driver.Supported = []sarifNamed{{"CWE", 0}}
		run.Taxonomies = []sarifComponent{{Name: "CWE", Organization: "MITRE", Short: &sarifText{Text: "Common Weakness Enumeration"}, Taxa: s.taxa}}
	}
	for _, d := range s.selected(o) {
		run.Results = append(run.Results, s.diagnostic(d))
	}
	if !o.Quiet {
		for _, t := range untreated(c) {
			run.Results = append(run.Results, s.threatResult(t))
		}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

// untreated are the threats that count as open; in a comparison only those that
// the change made worse.
func untreated(c *ssf.Case) (out []*ssf.Threat) {
	for i := range c.Threats {
		if t := &c.Threats[i]; !t.State.Treated() && isNews(c, t.ID) {
			out = append(out, t)
		}
	}
	return out
}

// isNews reports whether a threat is to be shown: always, but in a comparison
// only if the change made it worse.
func isNews(c *ssf.Case, id ssf.ID) bool {
	return c.Base.Rev == "" || slices.ContainsFunc(c.Base.Worse, func(w ssf.Worse) bool { return w.Subject == id })
}

type sarifWriter struct {
	*builder
	prefix string
	rules  []sarifRule
	rule   map[string]int
	taxa   []sarifTaxon
	taxon  map[ssf.ID]int
	seen   map[string]int
}

// selected are the diagnostics to write.
func (s *sarifWriter) selected(o CheckOptions) []ssf.Diagnostic {
	return slices.DeleteFunc(slices.Clone(o.selected(s.Case)), func(d ssf.Diagnostic) bool { return slices.Contains(perThreat, d.Check) })
}

// properties are the verdict and from what it was made. The address of the
// repository is not known, without which SARIF has no place for a commit.
func (s *sarifWriter) properties() map[string]any {
	p := map[string]any{"reach": string(s.Reach), "product": markup.Clean(product(s.Case))}
	if s.ReachAsked != "" {
		p["reachAsked"] = string(s.ReachAsked)
	}
	if s.Commit != "" {
		p["commit"], p["dirty"] = markup.Clean(s.Commit), s.Dirty
	}
	if s.Base.Rev != "" {
		p["base"], p["known"] = markup.Clean(s.Base.Rev), s.Base.Known
	}
	return p
}

// describe collects the rules that the results name: checks and threats.
func (s *sarifWriter) describe(o CheckOptions) {
	used := map[ssf.ID]bool{}
	for _, d := range s.selected(o) {
		used[d.Check] = true
	}
	byID := map[string]sarifRule{}
	for id := range used {
		r := sarifRule{ID: markup.Clean(string(id)), Short: say(string(id)), Full: say(string(id)), Help: say(string(id)), Configuration: sarifLevel{"warning"}, Properties: map[string]any{"tags": []string{"ssf"}}}
		if k := s.checks[id]; k != nil {
			_, l := kindAndLevel(k.Severity)
			r.Short, r.Full, r.Help, r.Configuration = say(k.Title), say(k.Says), sarifText{markup.Clean(k.Says + " " + k.Fix), spans(prose(k.Says + " " + k.Fix))}, sarifLevel{l}
			if k.Control != "" {
				r.Properties["control"] = markup.Clean(string(k.Control))
			}
		}
		byID[string(id)] = r
	}
	for _, t := range untreated(s.Case) {
		if _, ok := byID[string(t.Rule)]; ok || o.Quiet {
			continue
		}
		r := sarifRule{ID: markup.Clean(string(t.Rule)), Short: say(cmp.Or(t.Title, string(t.Rule))), Full: say(cmp.Or(t.Title, string(t.Rule))), Help: say(cmp.Or(t.Title, string(t.Rule))), Configuration: sarifLevel{"warning"}, Properties: map[string]any{"tags": []string{"security", "threat"}}}
		if x := s.builder.rules[t.Rule]; x != nil {
			s.fill(&r, x)
		}
		byID[string(t.Rule)] = r
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		s.rule[id] = len(s.rules)
		s.rules = append(s.rules, byID[id])
	}
	s.relate()
}

// fill writes what a rule of the library says.
func (s *sarifWriter) fill(r *sarifRule, x *ssf.RuleInfo) {
	r.Full = say(x.Says)
	help := x.Says
	if x.Plain != "" {
		help += " " + x.Plain
	}
	md := text(help)
	if len(x.Measures) > 0 {
		help += " Measures: " + ssf.Join(x.Measures) + "."
		md = append(append(md, Span{Plain, " Measures: ", ""}), monos(x.Measures)...)
		md = append(md, Span{Plain, ".", ""})
	}
	r.Help = sarifText{markup.Clean(help), spans(md)}
	tags := []string{"security", "threat"}
	for _, id := range x.Weaknesses {
		if m := numbered.FindStringSubmatch(string(id)); m != nil && m[1] == "CWE" {
			tags = append(tags, fmt.Sprintf("external/cwe/cwe-%03s", m[2]))
		}
	}
	r.Properties = map[string]any{"tags": tags}
	if len(x.Attacks) > 0 {
		r.Properties["attacks"] = strings.Split(markup.Clean(ssf.Join(x.Attacks)), ", ")
	}
}

// relate links rules of threats with the weaknesses that they are.
func (s *sarifWriter) relate() {
	for i := range s.rules {
		x := s.builder.rules[ssf.ID(s.rules[i].ID)]
		if x == nil {
			continue
		}
		for _, id := range x.Weaknesses {
			at, ok := s.taxon[id]
			if !ok {
				at = len(s.taxa)
				s.taxon[id] = at
				t := sarifTaxon{ID: markup.Clean(string(id))}
				if l := catalogue(id); l.Kind == Outside {
					t.HelpURI = l.Ref
				}
				s.taxa = append(s.taxa, t)
			}
			s.rules[i].Relationships = append(s.rules[i].Relationships, sarifRelation{sarifTarget{markup.Clean(string(id)), at, sarifNamed{"CWE", 0}}, []string{"relevant"}})
		}
	}
}

func say(s string) sarifText { return sarifText{Text: cmp.Or(markup.Clean(s), "?")} }

// kindAndLevel are SARIF's words for a severity: only what fails has a level.
func kindAndLevel(s ssf.Severity) (kind, level string) {
	switch s {
	case ssf.Error:
		return "fail", "error"
	case ssf.Gap, ssf.Warning:
		return "fail", "warning"
	case ssf.Question:
		return "open", "none"
	}
	return "informational", "none"
}

func (s *sarifWriter) diagnostic(d ssf.Diagnostic) sarifResult {
	r := sarifResult{RuleID: markup.Clean(string(d.Check)), RuleIndex: s.rule[string(d.Check)], Message: say(d.Message), Locations: []sarifLocation{s.location(d.Pos, d.Snippet, d.Subject)}, Fingerprints: s.fingerprint(d.Check, d.Subject, d.Message)}
	r.Kind, r.Level = kindAndLevel(d.Severity)
	if d.Hint != "" {
		r.Message.Text += ". " + markup.Clean(sentence(d.Hint))
	}
	for i, x := range d.Related {
		l := s.location(x.Pos, x.Snippet, "")
		if l.Physical == nil {
			continue
		}
		n, m := i+1, say(x.Message)
		l.ID, l.Message = &n, &m
		r.Related = append(r.Related, l)
	}
	var changes []sarifChange
	for _, f := range d.Fix {
		if markup.Clean(f.Text) != f.Text {
			changes = nil // nobody should apply what cannot be shown
			break
		}
		a := s.artifact(f.File)
		i := slices.IndexFunc(changes, func(c sarifChange) bool { return c.Artifact == a })
		if i < 0 {
			i = len(changes)
			changes = append(changes, sarifChange{Artifact: a})
		}
		changes[i].Replacements = append(changes[i].Replacements, sarifReplacement{sarifRegion{Line: f.Line, Col: f.Col, EndCol: max(f.EndCol, f.Col)}, sarifText{Text: f.Text}})
	}
	if len(changes) > 0 {
		r.Fixes = []sarifFix{{say(cmp.Or(d.Hint, "Replace it.")), changes}}
	}
	return r
}

// threatResult is one threat that counts as open.
func (s *sarifWriter) threatResult(t *ssf.Threat) sarifResult {
	r := sarifResult{
		RuleID: markup.Clean(string(t.Rule)), RuleIndex: s.rule[string(t.Rule)], Kind: "fail", Level: "warning", Fingerprints: s.fingerprint(t.Rule, t.ID, ""),
		Message:    say(fmt.Sprintf("%s at %s is %s (risk %s): %s", cmp.Or(t.Title, string(t.Rule)), t.Element, t.State, t.Risk, t.Why)),
		Properties: map[string]any{"id": markup.Clean(string(t.ID)), "state": string(t.State), "risk": t.Risk.String()},
	}
	switch {
	case t.State == ssf.Undecided:
		r.Kind, r.Level = "open", "none"
	case t.State == ssf.Unreviewed:
		r.Kind, r.Level = "review", "none"
	case t.Risk.Worst() >= ssf.High:
		r.Level = "error"
	}
	r.Locations = []sarifLocation{s.location(s.placeOf(t), "", t.Element)}
	return r
}

// fingerprint recognises a result by what it is about and not by its place.
// Those that are alike are counted.
func (s *sarifWriter) fingerprint(rule, subject ssf.ID, message string) map[string]string {
	key := string(rule) + "\x00" + string(subject)
	if subject == "" {
		key += "\x00" + message
	}
	s.seen[key]++
	h := sha256.Sum256([]byte(key))
	return map[string]string{fingerprint: fmt.Sprintf("%s:%d", hex.EncodeToString(h[:]), s.seen[key])}
}

func (s *sarifWriter) artifact(file string) sarifArtifact {
	return sarifArtifact{escapePath(below(s.prefix, file)), "%SRCROOT%"}
}

// below is a file of the model below the folder of the model.
func below(prefix, file string) string {
	if prefix != "" && (file == "ssf.yaml" || strings.HasPrefix(file, "ssf/")) {
		return prefix + "/" + file
	}
	return file
}

func (s *sarifWriter) location(p ssf.Pos, snippet string, subject ssf.ID) (l sarifLocation) {
	if subject != "" {
		l.Logical = []sarifLogical{{markup.Clean(string(subject)), "resource"}}
	}
	if !p.Known() {
		return l
	}
	l.Physical = &sarifPhysical{Artifact: s.artifact(p.File)}
	if p.Line > 0 {
		l.Physical.Region = &sarifRegion{Line: p.Line, Col: max(p.Col, 0), EndCol: max(p.EndCol, 0)}
		if snippet != "" {
			l.Physical.Region.Snippet = &sarifText{Text: markup.Clean(snippet)}
		}
	}
	return l
}

// escapePath writes a path as a relative URI.
func escapePath(p string) string {
	var b strings.Builder
	for i := range len(p) {
		if c := p[i]; 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~/", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
