// Package cyclonedx writes a case as a CycloneDX 1.6 bill of materials with
// declarations, or as CycloneDX VEX, and reads bills of materials that tell of
// services, data flows, vulnerabilities and declarations, and the threat models
// of the draft of CycloneDX 2.0.
//
// docs/formats/cyclonedx.md says what becomes of what. The form is ECMA-424;
// its fields are named here as they are there.
package cyclonedx

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"

	"ssf"
	"ssf/internal/format"
)

// Format is the bill of materials with all that a case says.
var Format = format.Format{
	Name:  "cyclonedx",
	Title: "CycloneDX",
	Is:    is,
	Read:  read,
	Write: writeBOM,
	Loses: []string{
		"An element or threat that has a name gets its id from the name, and a requirement from its text.",
		"The measure that a mitigation carries out.",
		"Who may use a function, on what and how, and what others may.",
		"What a requirement protects and which catalogues it meets.",
		"Who alone may see or change an asset, and the code of a component.",
		"Assumptions, deployments, people and their limits, the end of support, and the policy.",
		"Patterns and conditions of decisions, plans for threats, and what was decided about threats on mitigations.",
		"Where a mitigation is placed, and the verifications and evidence of it: what it counters is only claimed.",
		"That a person may accept a threat: what was accepted is open until somebody accepts it.",
	},
}

// VEX is the part of it that tells of threats, as vulnerabilities with an analysis.
var VEX = format.Format{
	Name:  "vex",
	Title: "CycloneDX VEX",
	Write: writeVEX,
	Loses: []string{"All but names, zones and threats: it is not read as a model of its own, and the bill of materials has the rest."},
}

// version is that of the standard in which files are written.
const version = "1.6"

func writeBOM(c *ssf.Case) ([]format.File, error) {
	return files("bom.cdx.json", func(serial string) *bom {
		w := newWriter(c, serial)
		b := w.inventory()
		b.Vulnerabilities = w.vulnerabilities()
		b.Declarations, b.Definitions = w.declarations()
		return b
	})
}

func writeVEX(c *ssf.Case) ([]format.File, error) {
	return files("vex.cdx.json", func(serial string) *bom {
		w := newWriter(c, serial)
		b := w.inventory()
		b.bare()
		b.Vulnerabilities = w.vulnerabilities()
		return b
	})
}

// bare takes out of an inventory what the names and places of its parts do not need.
func (b *bom) bare() {
	b.Dependencies, b.Compositions, b.Metadata.Properties, b.Metadata.Component.Properties = nil, nil, nil, nil
	for i := range b.Services {
		b.Services[i].Data, b.Services[i].Properties = nil, nil
	}
	for i := range b.Components {
		b.Components[i].Data, b.Components[i].Properties = nil, nil
	}
}

// files makes the one file of a form. Its serial number is derived from all else
// that it says, so two files are the same file if they have the same number.
func files(name string, build func(serial string) *bom) ([]format.File, error) {
	h := sha256.New()
	if err := encode(h, build(""), ""); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := encode(&out, build(serialNumber(h.Sum(nil))), "  "); err != nil {
		return nil, err
	}
	return []format.File{{Name: name, Data: out.Bytes()}}, nil
}

func encode(out io.Writer, b *bom, indent string) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(b); err != nil {
		return fmt.Errorf("writing CycloneDX: %w", err)
	}
	return nil
}

// serialNumber is a UUID of a digest: version 8 of RFC 9562, of which 122 bits are free.
func serialNumber(h []byte) string {
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// The types below are the part of CycloneDX 1.6 that is written, in the order in
// which the standard names the fields.
type (
	bom struct {
		Schema          string          `json:"$schema"`
		BOMFormat       string          `json:"bomFormat"`
		SpecVersion     string          `json:"specVersion"`
		SerialNumber    string          `json:"serialNumber"`
		Version         int             `json:"version"`
		Metadata        metadata        `json:"metadata"`
		Components      []component     `json:"components,omitempty"`
		Services        []service       `json:"services,omitempty"`
		Dependencies    []dependency    `json:"dependencies,omitempty"`
		Compositions    []composition   `json:"compositions,omitempty"`
		Vulnerabilities []vulnerability `json:"vulnerabilities,omitempty"`
		Declarations    *declarations   `json:"declarations,omitempty"`
		Definitions     *definitions    `json:"definitions,omitempty"`
	}
	metadata struct {
		Timestamp  string     `json:"timestamp"`
		Tools      *tools     `json:"tools,omitempty"`
		Component  component  `json:"component"`
		Properties []property `json:"properties,omitempty"`
	}
	tools struct {
		Components []component `json:"components"`
	}
	component struct {
		Type        string      `json:"type"`
		Ref         string      `json:"bom-ref,omitempty"`
		Supplier    *entity     `json:"supplier,omitempty"`
		Name        string      `json:"name"`
		Version     string      `json:"version,omitempty"`
		Description string      `json:"description,omitempty"`
		Data        []content   `json:"data,omitempty"`
		Properties  []property  `json:"properties,omitempty"`
		Components  []component `json:"components,omitempty"`
	}
	content struct {
		Type           string `json:"type"`
		Name           string `json:"name,omitempty"`
		Classification string `json:"classification,omitempty"`
	}
	service struct {
		Ref           string     `json:"bom-ref"`
		Name          string     `json:"name"`
		Description   string     `json:"description,omitempty"`
		Authenticated *bool      `json:"authenticated,omitempty"`
		Crosses       *bool      `json:"x-trust-boundary,omitempty"`
		TrustZone     string     `json:"trustZone,omitempty"`
		Data          []flowData `json:"data,omitempty"`
		Properties    []property `json:"properties,omitempty"`
	}
	flowData struct {
		Flow           string   `json:"flow"`
		Classification string   `json:"classification"`
		Name           string   `json:"name,omitempty"`
		Description    string   `json:"description,omitempty"`
		Source         []string `json:"source,omitempty"`
		Destination    []string `json:"destination,omitempty"`
	}
	entity struct {
		Ref     string    `json:"bom-ref,omitempty"`
		Name    string    `json:"name,omitempty"`
		Contact []contact `json:"contact,omitempty"`
	}
	contact struct {
		Name  string `json:"name,omitempty"`
		Email string `json:"email,omitempty"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn,omitempty"`
	}
	composition struct {
		Aggregate    string   `json:"aggregate"`
		Assemblies   []string `json:"assemblies,omitempty"`
		Dependencies []string `json:"dependencies,omitempty"`
	}
	vulnerability struct {
		Ref            string      `json:"bom-ref"`
		ID             string      `json:"id"`
		Source         source      `json:"source"`
		References     []reference `json:"references,omitempty"`
		Ratings        []rating    `json:"ratings"`
		CWEs           []int       `json:"cwes,omitempty"`
		Description    string      `json:"description,omitempty"`
		Detail         string      `json:"detail,omitempty"`
		Recommendation string      `json:"recommendation,omitempty"`
		Workaround     string      `json:"workaround,omitempty"`
		Analysis       analysis    `json:"analysis"`
		Affects        []affected  `json:"affects"`
		Properties     []property  `json:"properties,omitempty"`
	}
	reference struct {
		ID     string `json:"id"`
		Source source `json:"source"`
	}
	source struct {
		Name string `json:"name"`
	}
	rating struct {
		Source        source `json:"source"`
		Severity      string `json:"severity"`
		Method        string `json:"method"`
		Justification string `json:"justification,omitempty"`
	}
	analysis struct {
		State         string   `json:"state"`
		Justification string   `json:"justification,omitempty"`
		Response      []string `json:"response,omitempty"`
		Detail        string   `json:"detail"`
	}
	affected struct {
		Ref string `json:"ref"`
	}
	declarations struct {
		Assessors    []assessor    `json:"assessors"`
		Attestations []attestation `json:"attestations"`
		Claims       []claim       `json:"claims,omitempty"`
		Evidence     []evidence    `json:"evidence,omitempty"`
		Targets      *targets      `json:"targets,omitempty"`
		Affirmation  affirmation   `json:"affirmation"`
	}
	assessor struct {
		Ref          string  `json:"bom-ref"`
		ThirdParty   bool    `json:"thirdParty"`
		Organization *entity `json:"organization,omitempty"`
	}
	attestation struct {
		Summary  string    `json:"summary"`
		Assessor string    `json:"assessor"`
		Map      []mapping `json:"map"`
	}
	mapping struct {
		Requirement   string   `json:"requirement"`
		Claims        []string `json:"claims,omitempty"`
		CounterClaims []string `json:"counterClaims,omitempty"`
		Conformance   *measure `json:"conformance,omitempty"`
		Confidence    *measure `json:"confidence,omitempty"`
	}
	measure struct {
		Score                *float64 `json:"score,omitempty"`
		Rationale            string   `json:"rationale,omitempty"`
		MitigationStrategies []string `json:"mitigationStrategies,omitempty"` // of conformance only
	}
	claim struct {
		Ref                  string   `json:"bom-ref"`
		Target               string   `json:"target"`
		Predicate            string   `json:"predicate"`
		MitigationStrategies []string `json:"mitigationStrategies,omitempty"`
		Reasoning            string   `json:"reasoning,omitempty"`
		Evidence             []string `json:"evidence,omitempty"`
		CounterEvidence      []string `json:"counterEvidence,omitempty"`
	}
	evidence struct {
		Ref         string   `json:"bom-ref"`
		Description string   `json:"description"`
		Data        []record `json:"data,omitempty"`
		Created     string   `json:"created,omitempty"`
		Expires     string   `json:"expires,omitempty"`
		Author      *contact `json:"author,omitempty"`
	}
	record struct {
		Name     string `json:"name"`
		Contents struct {
			URL string `json:"url"`
		} `json:"contents"`
	}
	targets struct {
		Organizations []entity `json:"organizations"`
	}
	affirmation struct {
		Statement string `json:"statement"`
	}
	definitions struct {
		Standards []standard `json:"standards"`
	}
	standard struct {
		Ref          string        `json:"bom-ref"`
		Name         string        `json:"name"`
		Version      string        `json:"version,omitempty"`
		Description  string        `json:"description,omitempty"`
		Owner        string        `json:"owner,omitempty"`
		Requirements []requirement `json:"requirements"`
	}
	requirement struct {
		Ref          string     `json:"bom-ref"`
		Identifier   string     `json:"identifier"`
		Text         string     `json:"text,omitempty"`
		Descriptions []string   `json:"descriptions,omitempty"`
		Parent       string     `json:"parent,omitempty"`
		Properties   []property `json:"properties,omitempty"`
	}
)
