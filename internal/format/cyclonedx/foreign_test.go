package cyclonedx

import (
	stdcmp "cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/format"
	"ssf/internal/lang"
	"ssf/library"
)

const saas = `{
  "bomFormat": "CycloneDX",
  "specVersion": "1.5",
  "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
  "version": 1,
  "metadata": {
    "tools": [{"vendor": "Acme", "name": "bomber", "version": "3"}],
    "component": {"type": "application", "bom-ref": "acme", "name": "Acme Ticker", "version": "9", "description": "Shows prices."},
    "supplier": {"name": "Acme"}
  },
  "components": [
    {"type": "library", "bom-ref": "pkg:npm/left-pad@1.0.0", "name": "left-pad", "version": "1.0.0"},
    {"type": "library", "bom-ref": "pkg:npm/right-pad@1.0.0", "name": "right-pad", "version": "1.0.0"},
    {"type": "device", "bom-ref": "box", "name": "Box"},
    {"type": "data", "bom-ref": "prices", "name": "Prices", "data": [{"type": "dataset", "classification": "public"}]}
  ],
  "services": [
    {
      "bom-ref": "gateway",
      "name": "Gateway",
      "endpoints": ["https://api.example.com/"],
      "authenticated": false,
      "x-trust-boundary": true,
      "trustZone": "Internet",
      "data": [
        {"flow": "inbound", "classification": "PII", "name": "Users", "source": ["https://feed.example.com/"]},
        {"flow": "outbound", "classification": "public", "name": "Prices", "destination": ["urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#box"]},
        {"flow": "inbound", "classification": "cardholder", "name": "Cards", "source": ["https://elsewhere.example/"]}
      ],
      "services": [
        {"bom-ref": "feed", "name": "Feed", "trustZone": "Inside", "authenticated": true, "endpoints": ["https://feed.example.com/"],
         "data": [
           {"flow": "outbound", "classification": "PII", "name": "Users", "destination": ["gateway"]},
           {"flow": "bi-directional", "classification": "confidential", "name": "Orders", "source": ["gateway"]},
           {"flow": "unknown", "classification": "public", "name": "Prices", "source": ["gateway"]},
           {"flow": "inbound", "classification": "public", "name": "Prices"}
         ]}
      ]
    }
  ],
  "dependencies": [{"ref": "gateway", "dependsOn": ["feed"]}],
  "vulnerabilities": [
    {"id": "CVE-2024-1", "description": "It reads too far.", "cwes": [125], "recommendation": "Upgrade to 1.0.1.",
     "ratings": [{"severity": "medium", "method": "other"}, {"score": 9.1, "method": "CVSSv31"}],
     "analysis": {"state": "exploitable"}, "affects": [{"ref": "pkg:npm/left-pad@1.0.0"}]},
    {"id": "CVE-2024-2", "analysis": {"state": "exploitable", "response": ["will_not_fix"], "detail": "Too old."}, "affects": [{"ref": "gateway"}]},
    {"id": "CVE-2024-3", "analysis": {"state": "not_affected", "justification": "code_not_reachable", "detail": "It is never called."}, "affects": [{"ref": "feed"}, {"ref": "acme"}]},
    {"id": "CVE-2024-4", "analysis": {"state": "in_triage"}, "affects": [{"ref": "acme"}]},
    {"id": "CVE-2024-5", "analysis": {"state": "resolved"}, "affects": [{"ref": "urn:cdx:00000000-0000-0000-0000-000000000000/1#gateway"}]}
  ],
  "definitions": {"standards": [{"bom-ref": "std", "name": "Rules", "requirements": [
    {"bom-ref": "r1", "identifier": "1", "text": "Connections are encrypted."},
    {"bom-ref": "r2", "identifier": "2", "text": "Nobody is angry."}]}]},
  "declarations": {
    "attestations": [{"assessor": "a", "map": [{"requirement": "r1", "claims": ["c1"], "counterClaims": ["c2"], "conformance": {"score": 0.8}}]}],
    "claims": [
      {"bom-ref": "c1", "target": "gateway", "predicate": "The gateway uses TLS 1.3.", "reasoning": "It was scanned."},
      {"bom-ref": "c2", "target": "feed", "predicate": "The feed takes plain HTTP."}
    ],
    "evidence": [{"bom-ref": "e1", "description": "A scan."}]
  },
  "signature": {"algorithm": "ES256"}
}`

// TestServices reads what somebody else wrote of services, and says what of it is
// guessed and dropped.
func TestServices(t *testing.T) {
	d, p := plan(t, "bom.json", saas)
	c := loaded(t, p.Text())
	var got []string
	for _, e := range c.Elements {
		facts := ""
		for _, f := range e.Facts {
			if f.Via == ssf.Declared {
				facts += " " + string(f.Name) + "=" + string(f.Value)
			}
		}
		for _, n := range e.Needs {
			facts += " " + string(n.Property) + "=" + n.Level.String()
		}
		if e.Sort != ssf.SortSystem && e.Sort != ssf.SortDeployment {
			got = append(got, strings.TrimRight(string(e.Sort)+" "+string(e.ID)+" "+string(e.Kind)+" in "+string(e.Zone)+" from "+string(e.From)+" to "+string(e.To)+" over "+string(e.Over)+" sends "+ssf.Join(e.Sends)+" returns "+ssf.Join(e.Returns)+facts, " "))
		}
	}
	slices.Sort(got)
	want := []string{
		"asset cards  in  from  to  over  sends  returns",
		"asset orders  in  from  to  over  sends  returns  confidentiality=high",
		"asset prices  in  from  to  over  sends  returns  confidentiality=none",
		"asset users  in  from  to  over  sends  returns  personal=yes",
		"component box device in  from  to  over  sends  returns",
		"component feed  in inside from  to  over  sends  returns",
		"component gateway  in internet from  to  over  sends  returns",
		"flow feed-to-gateway  in  from feed to gateway over https sends users returns  authenticated=no",
		"flow gateway-to-box  in  from gateway to box over  sends prices returns",
		"flow gateway-to-feed  in  from gateway to feed over https sends orders returns orders authenticated=yes",
		"zone inside  in  from  to  over  sends  returns",
		"zone internet  in  from  to  over  sends  returns  trust=none",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("elements (-want +got):\n%s", diff)
	}
	type threat struct {
		Name, Status, Because, At string
		Severity                  ssf.Level
		Weak                      string
		Mitigated                 int
	}
	var threats []threat
	for _, x := range d.Threats {
		threats = append(threats, threat{x.Name, string(x.Status), x.Because, strings.Join(x.At, ", "), x.Severity, strings.Join(x.Weaknesses, ", "), len(x.Mitigated)})
	}
	if diff := cmp.Diff([]threat{
		{"CVE-2024-1", "open", "", "", ssf.Critical, "CWE-125", 1},
		{"CVE-2024-2", "accepted", "Too old.", "gateway", ssf.Unknown, "", 0},
		{"CVE-2024-3", "not_applicable", "code not reachable. It is never called.", "feed", ssf.Unknown, "", 0},
		{"CVE-2024-4", "", "", "", ssf.Unknown, "", 0},
		{"CVE-2024-5", "mitigated", "", "", ssf.Unknown, "", 0},
		{"The feed takes plain HTTP", "open", "", "feed", ssf.Unknown, "", 0},
	}, threats); diff != "" {
		t.Errorf("threats (-want +got):\n%s", diff)
	}
	if !strings.Contains(d.Threats[0].Says, "It affects left-pad 1.0.0.") {
		t.Errorf("the threat at a library says %q", d.Threats[0].Says)
	}
	if len(d.Requirements) != 1 || d.Requirements[0].Says != "Connections are encrypted." {
		t.Errorf("requirements are %+v", d.Requirements)
	}
	var states []string
	for _, m := range d.Mitigations {
		states = append(states, m.Name+": "+m.State)
	}
	if diff := cmp.Diff([]string{"recommendation for CVE-2024-1: proposed", "The gateway uses TLS 1.3: proposed"}, states); diff != "" {
		t.Errorf("mitigations (-want +got):\n%s", diff)
	}
	if s := d.System; s.Name != "Acme Ticker" || s.Version != "9" || s.Supplier != "Acme" || s.Says != "Shows prices." || d.Tool != "bomber 3" {
		t.Errorf("the system is %+v, of %s", s, d.Tool)
	}
	var notes []string
	for _, n := range append(p.Report().Guessed, p.Report().Dropped...) {
		notes = append(notes, n.Path+": "+n.Says)
	}
	for _, part := range []string{
		"components[0]: libraries, frameworks and files",
		`"cardholder" says nothing`,
		"https://elsewhere.example/ is no component or service",
		"with no source or destination, are no flow",
		"whose direction is not known",
		"that one part depends on another",
		"1 requirements of Rules",
		"the ratings of CVE-2024-1 differ",
		"a claim is taken as a mitigation",
		"evidence is made anew",
		"declarations.attestations[0]: how far",
		"signature: the signature",
		`classification "confidential" is taken`,
		"metadata.tools[0].vendor",
	} {
		if !slices.ContainsFunc(notes, func(s string) bool { return strings.Contains(s, part) }) {
			t.Errorf("no note says %q; there are:\n%s", part, strings.Join(notes, "\n"))
		}
	}
}

const blueprint = `{
  "specFormat": "CycloneDX",
  "specVersion": "2.0",
  "metadata": {"component": {"type": "application", "bom-ref": "sys", "name": "Clinic"}},
  "components": [{"type": "application", "bom-ref": "comp-api", "name": "Records API", "version": "2"}],
  "definitions": {"parties": [{"bom-ref": "party-nurse", "persona": {"name": "Nurse"}}]},
  "blueprints": [{
    "name": "Clinic", "modelTypes": ["data-flow"],
    "zones": [
      {"bom-ref": "z-out", "name": "Internet", "type": "trust"},
      {"bom-ref": "z-in", "name": "Ward", "type": {"name": "blast-radius"}},
      {"bom-ref": "z-db", "name": "Records room", "type": "network", "parent": "z-in"}
    ],
    "boundaries": [{"bom-ref": "b", "zones": ["z-out", "z-in"]}],
    "assets": [
      {"bom-ref": "api", "componentRef": "comp-api", "zone": "z-in"},
      {"bom-ref": "lb", "name": "Front", "type": "gateway", "zone": "z-out"},
      {"bom-ref": "insurer", "name": "Insurer", "type": "actor", "zone": "z-out"}
    ],
    "actors": [{"bom-ref": "nurse", "party": "party-nurse", "zone": "z-in"}],
    "dataStores": [{"bom-ref": "db", "name": "Records", "type": "relational", "zone": "z-db", "technologies": ["PostgreSQL"], "dataSets": ["charts"]}],
    "dataSets": [{"bom-ref": "charts", "name": "Charts", "description": "What ails people.", "dataProfiles": [{"bom-ref": "charts-profile", "name": "Charts profile", "classification": "restricted"}]}],
    "flows": [
      {"bom-ref": "f1", "name": "Chart request", "type": "data", "source": "nurse", "destination": "api", "protocols": ["HTTPS"], "encrypted": true, "authentication": ["oidc"], "dataProfiles": ["charts-profile"], "bidirectional": true},
      {"bom-ref": "f2", "name": "Query", "type": "data", "source": "api", "destination": "db", "authentication": ["none"], "encrypted": false}
    ],
    "assumptions": [{"description": "The ward is locked.", "validity": "unverified"}, {"description": "Nobody lies.", "validity": "invalid"}]
  }],
  "controls": [
    {"bom-ref": "k1", "name": "Parameters", "status": "implemented"},
    {"bom-ref": "k2", "name": "Watching", "status": "recommended"},
    {"bom-ref": "k3", "name": "Nothing", "status": "rejected"},
    {"bom-ref": "k4", "name": "Odd", "status": {"name": "assumed"}}
  ],
  "threats": {
    "attackPatterns": [{"bom-ref": "ap", "capecId": 66, "name": "SQL injection"}],
    "threats": [
      {"bom-ref": "t1", "name": "Injection", "description": "Somebody writes SQL.", "categories": [{"taxonomy": "STRIDE", "category": "tampering"}, {"taxonomy": "LINDDUN", "category": "linkability"}], "affectedAssets": ["db"], "mitigations": ["k1"], "attackPatterns": ["ap"]},
      {"bom-ref": "t2", "name": "Alone", "affectedAssets": ["f1", "gone"], "mitigations": ["k4"]}
    ],
    "scenarios": [
      {"bom-ref": "s1", "name": "Injection by search", "threats": ["t1"], "affectedAssets": ["f2"], "riskScore": {"level": "high"}, "likelihood": {"level": "medium"}},
      {"bom-ref": "s2", "name": "Injection anywhere", "threats": ["t1"], "affectedAssets": ["sys"]},
      {"bom-ref": "s3", "name": "Of nothing", "threats": ["t9"]}
    ]
  }
}`

// TestBlueprint reads a threat model of the draft of CycloneDX 2.0.
func TestBlueprint(t *testing.T) {
	d, p := plan(t, "tm.json", blueprint)
	text := p.Text()
	loaded(t, text)
	for _, part := range []string{
		"name: Clinic", "records-api:", "internet: {name: Internet, from_tool: z-out, trust: none}", "in: ward", "kind: reverse_proxy",
		"insurer:", "nurse:", "kind: database", "tech: [postgresql]", "stores: [charts]", "confidentiality: critical",
		"over: https", "sends: [charts]", "returns: [charts]", "encrypted: no", "authenticated: no", "The ward is locked.",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("the model has no %q:\n%s", part, text)
		}
	}
	var threats []string
	for _, x := range d.Threats {
		threats = append(threats, strings.Join([]string{x.Name, strings.Join(x.At, ","), strings.Join(x.Stride, ","), strings.Join(x.Attacks, ","), x.Severity.String(), x.Likelihood.String(), strings.Join(x.Mitigated, ",")}, "|"))
	}
	if diff := cmp.Diff([]string{
		"Injection by search|f2|tampering|CAPEC-66|high|medium|k1",
		"Injection anywhere||tampering|CAPEC-66|unknown|unknown|k1",
		"Alone|f1|||unknown|unknown|k4",
	}, threats); diff != "" {
		t.Errorf("threats (-want +got):\n%s", diff)
	}
	var states []string
	for _, m := range d.Mitigations {
		states = append(states, m.Name+" "+m.State)
	}
	if diff := cmp.Diff([]string{"Parameters implemented", "Watching proposed", "Odd proposed"}, states); diff != "" {
		t.Errorf("mitigations (-want +got):\n%s", diff)
	}
	if len(d.Assumptions) != 1 {
		t.Errorf("there are %d assumptions", len(d.Assumptions))
	}
	var notes []string
	for _, n := range append(p.Report().Guessed, p.Report().Dropped...) {
		notes = append(notes, n.Path+": "+n.Says)
	}
	for _, part := range []string{"blast-radius is taken as a zone of trust", "not linkability of LINDDUN", "gone is no element", "t9 is no threat", "the control is rejected", "assumed is taken as a proposal", "said to be wrong", "a boundary lies where"} {
		if !slices.ContainsFunc(notes, func(s string) bool { return strings.Contains(s, part) }) {
			t.Errorf("no note says %q; there are:\n%s", part, strings.Join(notes, "\n"))
		}
	}
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"{\n  \"bomFormat\": \"CycloneDX\",\n  \"specVersion\": \"1.2\"}":          "x.json:3:18: at specVersion: this is CycloneDX of version \"1.2\", and the versions that are read are 1.4, 1.5, 1.6, 1.7, 2.0; convert it, such as with `cyclonedx convert --output-version v1_6`",
		`{"bomFormat": "CycloneDX"}`:                                               "x.json:1:1: this is CycloneDX of version \"\"",
		`{"bomFormat": "SPDX", "specVersion": "1.6"}`:                              "this is no form of threat model that is known here",
		"<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\">\n<components/></bom>": "x.json:1:1: at bom: this is CycloneDX in XML, and only its JSON form is read; write it as JSON",
	} {
		d, err := format.Read([]format.Format{Format}, "x.json", "", []byte(text), library.Index(), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %s", text, d, err, want)
		}
	}
}

// TestCorpus reads files of others, which are not kept here: they are in the folder
// that SSF_CORPUS names, or in `shared` beside the module.
func TestCorpus(t *testing.T) {
	corpus := filepath.Join(stdcmp.Or(os.Getenv("SSF_CORPUS"), root+"../shared"), "corpus/evidence")
	files, _ := filepath.Glob(filepath.Join(corpus, "cyclonedx/*.json"))
	vex, _ := filepath.Glob(filepath.Join(corpus, "vex/cyclonedx-*.json"))
	if files = append(files, vex...); len(files) == 0 {
		t.Skipf("%s holds no CycloneDX; SSF_CORPUS names the folder above it", corpus)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := format.Read([]format.Format{Format}, filepath.Base(name), "", data, library.Index(), nil)
		old := strings.Contains(string(data[:min(len(data), 400)]), `"1.2"`)
		if (err != nil) != old {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		p := d.Build(library.Index(), now)
		c := loaded(t, p.Text())
		t.Logf("%s: %d threats, %d elements, %d notes", filepath.Base(name), len(d.Threats), len(c.Elements), len(p.Report().Dropped)+len(p.Report().Guessed))
		if strings.Contains(name, "vex") && (len(d.Threats) != 1 || d.Threats[0].Status != format.IsNotRelevant || d.Threats[0].Severity != ssf.High) {
			t.Errorf("%s gives %+v", name, d.Threats)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{saas, blueprint, `{"bomFormat":"CycloneDX","specVersion":"1.6","services":[{"services":[[]]},7]}`} {
		f.Add([]byte(s))
	}
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"bom-ref":"system","properties":[{"name":"ssf:reach","value":"x"}]},"properties":[{"name":"ssf:zone","value":"a"},{"name":"ssf:zone","value":"a"},{"name":"ssf:zone:a:in","value":"a"},{"name":"ssf:flow","value":""},{"name":"ssf:mitigation"}]},"vulnerabilities":[{"properties":[{"name":"ssf:rule","value":"own/"},{"name":"ssf:at","value":"a"}]}]}`))
	lib := library.Index()
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		read := func() (string, error) {
			d, err := format.Read([]format.Format{Format}, "x.json", "", data, lib, nil)
			if err != nil {
				return "", err
			}
			return d.Build(lib, now).Text(), nil
		}
		first, err := read()
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x.json:") {
				t.Errorf("the refusal has no place: %v", err)
			}
			return
		}
		if again, _ := read(); again != first {
			t.Error("the same file gives two models")
		}
		if _, err := lang.Load(fstest.MapFS{"ssf.yaml": {Data: []byte(first)}}, lib); err != nil {
			t.Errorf("what was built cannot be loaded: %v", err)
		}
	})
}
