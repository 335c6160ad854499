package threagile

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"ssf/internal/format"
	"ssf/internal/testkit/importkit"
	"ssf/library"
)

// big is a model of many assets, with three or four links from each, two data
// assets for each five, boundaries that are nested five deep, and a tracked
// risk for each ten.
func big(assets int) []byte {
	var b strings.Builder
	data := max(assets*2/5, 1)
	b.WriteString("threagile_version: 1.0.0\ntitle: Big\ndata_assets:\n")
	for i := range data {
		fmt.Fprintf(&b, "  Data %d:\n    id: data-%d\n    description: What %d is.\n    usage: business\n    quantity: many\n    confidentiality: %s\n    integrity: critical\n    availability: operational\n",
			i, i, i, []string{"public", "internal", "restricted", "confidential"}[i%4])
	}
	b.WriteString("technical_assets:\n")
	kinds := []string{"process, technology: web-service-rest", "datastore, technology: database", "process, technology: message-queue", "process, technology: web-application"}
	for i := range assets {
		fmt.Fprintf(&b, "  Asset %d (PostgreSQL):\n    <<: {type: %s}\n    id: asset-%d\n    usage: business\n    machine: virtual\n    encryption: %s\n    owner: Team %d\n    tags: [linux, nginx]\n    confidentiality: internal\n    custom_developed_parts: true\n    data_assets_processed: [data-%d, data-%d]\n    data_assets_stored: [data-%d]\n    data_formats_accepted: [json]\n    communication_links:\n",
			i, kinds[i%4], i, []string{"none", "transparent"}[i%2], i%7, i%data, (i+1)%data, i%data)
		for l := range 3 + i%2 {
			fmt.Fprintf(&b, "      Link %d: {target: asset-%d, protocol: %s, authentication: token, authorization: technical-user, data_assets_sent: [data-%d], data_assets_received: [data-%d]}\n",
				l, (i+l*13+1)%assets, []string{"https", "jdbc", "mqtt", "odd"}[l], (i+l)%data, (i+2*l)%data)
		}
	}
	b.WriteString("trust_boundaries:\n")
	for i := range assets / 10 {
		fmt.Fprintf(&b, "  Zone %d:\n    id: zone-%d\n    type: network-virtual-lan\n    technical_assets_inside: [asset-%d", i, i, i*10)
		for k := 1; k < 10; k++ {
			fmt.Fprintf(&b, ", asset-%d", i*10+k)
		}
		b.WriteString("]\n")
		if i%5 < 4 && i+1 < assets/10 {
			fmt.Fprintf(&b, "    trust_boundaries_nested: [zone-%d]\n", i+1)
		}
	}
	b.WriteString("risk_tracking:\n")
	for i := range assets / 10 {
		fmt.Fprintf(&b, "  unencrypted-asset@asset-%d: {status: %s, justification: Looked at., checked_by: Ada}\n", i*10+1, []string{"accepted", "mitigated", "in-progress"}[i%3])
	}
	return []byte(b.String())
}

func TestBig(t *testing.T) {
	hold(t, big(200))
	if name := os.Getenv("SSF_BIG"); name != "" { // for `ssf import`
		if err := os.WriteFile(name, big(5000), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkImport(b *testing.B) {
	data := big(5000)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		importkit.Must(b, Format, "big.yaml", data)
	}
}

// BenchmarkHostile shows that what costs little to write costs little to read.
func BenchmarkHostile(b *testing.B) {
	const n = 20_000
	many := func(format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	merges := "a0: &a0 {x: 1}\n"
	for i := 1; i < 60; i++ {
		merges += fmt.Sprintf("a%d: &a%d {<<: [*a%d, *a%d, *a%d]}\n", i, i, i-1, i-1, i-1)
	}
	for name, data := range map[string]string{
		"one id":           "technical_assets:\n" + many("  A%d: {id: same, type: process}\n"),
		"unknown inside":   "trust_boundaries: {T: {id: t, technical_assets_inside: [" + many("g%d, ") + "]}}",
		"many stored":      "data_assets: {" + many("D%[1]d: {id: d%[1]d}, ") + "}\ntechnical_assets: {A: {id: a, type: datastore, data_assets_stored: [" + many("d%d, ") + "]}}",
		"one hub":          "technical_assets: {A: {id: a, communication_links: {" + many("L%d: {target: a}, ") + "}}}\nrisk_tracking: {" + many("'x%d@*@a@*': {status: accepted}, ") + "}",
		"wildcards":        "individual_risk_categories: {C: {id: c, risks_identified: {" + many("R%d: {most_relevant_technical_asset: a}, ") + "}}}\nrisk_tracking: {" + many("'c@*%d*': {status: accepted}, ") + "}",
		"one name":         "data_assets:\n" + many("  \"D%.0d\": {}\n"),
		"nested zones":     "trust_boundaries: {" + many("Z%[1]d: {id: z%[1]d, trust_boundaries_nested: [y%[1]d]}, ") + "}",
		"merged by merges": merges,
	} {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			for b.Loop() {
				if d, err := format.Read([]format.Format{Format}, "x", "threagile", []byte("threagile_version: 1\n"+data), library.Index(), nil); err == nil {
					p := d.Build(library.Index(), time.Time{})
					p.Text()
					p.Report()
				}
			}
		})
	}
}
