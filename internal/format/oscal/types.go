package oscal

// The subset of OSCAL 1.1.3 that is written, by the names of its JSON form. Text
// that is Markdown there is made by [text], other text by [line].

type document struct {
	Catalog    *catalog             `json:"catalog,omitempty"`
	Components *componentDefinition `json:"component-definition,omitempty"`
	Plan       *assessmentPlan      `json:"assessment-plan,omitempty"`
	Results    *assessmentResults   `json:"assessment-results,omitempty"`
	Actions    *planOfAction        `json:"plan-of-action-and-milestones,omitempty"`
}

type metadata struct {
	Title        string             `json:"title"`
	Modified     string             `json:"last-modified"`
	Version      string             `json:"version"`
	OSCAL        string             `json:"oscal-version"`
	Props        []prop             `json:"props,omitempty"`
	Roles        []role             `json:"roles,omitempty"`
	Parties      []party            `json:"parties,omitempty"`
	Responsibles []responsibleParty `json:"responsible-parties,omitempty"`
	Remarks      string             `json:"remarks,omitempty"`
}

type prop struct {
	Name    string `json:"name"`
	NS      string `json:"ns,omitempty"`
	Value   string `json:"value"`
	Class   string `json:"class,omitempty"`
	Remarks string `json:"remarks,omitempty"`
}

type link struct {
	Href string `json:"href"`
	Rel  string `json:"rel,omitempty"`
	Text string `json:"text,omitempty"`
}

type role struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type party struct {
	UUID    string   `json:"uuid"`
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Props   []prop   `json:"props,omitempty"`
	Emails  []string `json:"email-addresses,omitempty"`
	Remarks string   `json:"remarks,omitempty"`
}

type responsibleParty struct {
	Role    string   `json:"role-id"`
	Parties []string `json:"party-uuids"`
}

type responsibleRole struct {
	Role    string   `json:"role-id"`
	Parties []string `json:"party-uuids,omitempty"`
}

type backMatter struct {
	Resources []resource `json:"resources,omitempty"`
}

type resource struct {
	UUID        string  `json:"uuid"`
	Title       string  `json:"title"`
	Description string  `json:"description,omitempty"`
	Props       []prop  `json:"props,omitempty"`
	Links       []rlink `json:"rlinks,omitempty"`
	Data        *base64 `json:"base64,omitempty"`
	Remarks     string  `json:"remarks,omitempty"`
}

type rlink struct {
	Href  string `json:"href"`
	Media string `json:"media-type,omitempty"`
}

type base64 struct {
	Filename string `json:"filename"`
	Media    string `json:"media-type"`
	Value    []byte `json:"value"`
}

type catalog struct {
	UUID     string    `json:"uuid"`
	Metadata metadata  `json:"metadata"`
	Controls []control `json:"controls,omitempty"`
}

type control struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Props []prop `json:"props,omitempty"`
	Parts []part `json:"parts,omitempty"`
}

type part struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Prose string `json:"prose,omitempty"`
}

type componentDefinition struct {
	UUID         string             `json:"uuid"`
	Metadata     metadata           `json:"metadata"`
	Components   []definedComponent `json:"components"`
	Capabilities []capability       `json:"capabilities,omitempty"`
	Back         backMatter         `json:"back-matter"`
}

type definedComponent struct {
	UUID        string            `json:"uuid"`
	Type        string            `json:"type"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Purpose     string            `json:"purpose,omitempty"`
	Props       []prop            `json:"props,omitempty"`
	Links       []link            `json:"links,omitempty"`
	Roles       []responsibleRole `json:"responsible-roles,omitempty"`
	Controls    []implementation  `json:"control-implementations,omitempty"`
}

type capability struct {
	UUID         string           `json:"uuid"`
	Name         string           `json:"name"`
	Description  string           `json:"description"`
	Props        []prop           `json:"props,omitempty"`
	Incorporates []incorporates   `json:"incorporates-components,omitempty"`
	Controls     []implementation `json:"control-implementations,omitempty"`
	Remarks      string           `json:"remarks,omitempty"`
}

type incorporates struct {
	Component   string `json:"component-uuid"`
	Description string `json:"description"`
}

type implementation struct {
	UUID         string                   `json:"uuid"`
	Source       string                   `json:"source"`
	Description  string                   `json:"description"`
	Requirements []implementedRequirement `json:"implemented-requirements"`
}

type implementedRequirement struct {
	UUID        string      `json:"uuid"`
	Control     string      `json:"control-id"`
	Description string      `json:"description"`
	Props       []prop      `json:"props,omitempty"`
	Statements  []statement `json:"statements,omitempty"`
	Remarks     string      `json:"remarks,omitempty"`
}

type statement struct {
	ID          string `json:"statement-id"`
	UUID        string `json:"uuid"`
	Description string `json:"description"`
	Props       []prop `json:"props,omitempty"`
}

type systemComponent struct {
	UUID        string            `json:"uuid"`
	Type        string            `json:"type"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Purpose     string            `json:"purpose,omitempty"`
	Props       []prop            `json:"props,omitempty"`
	Links       []link            `json:"links,omitempty"`
	Status      componentStatus   `json:"status"`
	Roles       []responsibleRole `json:"responsible-roles,omitempty"`
}

type componentStatus struct {
	State   string `json:"state"`
	Remarks string `json:"remarks,omitempty"`
}

type systemUser struct {
	UUID        string `json:"uuid"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Props       []prop `json:"props,omitempty"`
}

type importing struct {
	Href    string `json:"href"`
	Remarks string `json:"remarks,omitempty"`
}

type assessmentPlan struct {
	UUID     string           `json:"uuid"`
	Metadata metadata         `json:"metadata"`
	Import   importing        `json:"import-ssp"`
	Local    planLocal        `json:"local-definitions"`
	Terms    *terms           `json:"terms-and-conditions,omitempty"`
	Reviewed reviewedControls `json:"reviewed-controls"`
	Subjects []subject        `json:"assessment-subjects"`
	Assets   assets           `json:"assessment-assets"`
	Tasks    []task           `json:"tasks,omitempty"`
	Back     backMatter       `json:"back-matter"`
}

type planLocal struct {
	Components []systemComponent `json:"components"`
	Users      []systemUser      `json:"users,omitempty"`
	Activities []activity        `json:"activities,omitempty"`
}

type terms struct {
	Parts []assessmentPart `json:"parts"`
}

type assessmentPart struct {
	UUID  string           `json:"uuid"`
	Name  string           `json:"name"`
	NS    string           `json:"ns,omitempty"`
	Title string           `json:"title"`
	Props []prop           `json:"props,omitempty"`
	Prose string           `json:"prose,omitempty"`
	Parts []assessmentPart `json:"parts,omitempty"`
}

type reviewedControls struct {
	Controls   []controlSelection   `json:"control-selections"`
	Objectives []objectiveSelection `json:"control-objective-selections,omitempty"`
}

type controlSelection struct {
	Description string       `json:"description,omitempty"`
	Links       []link       `json:"links,omitempty"`
	Include     []controlRef `json:"include-controls"`
}

type controlRef struct {
	Control string `json:"control-id"`
}

type objectiveSelection struct {
	Include []objectiveRef `json:"include-objectives"`
}

type objectiveRef struct {
	Objective string `json:"objective-id"`
}

type subject struct {
	Type    string       `json:"type"`
	All     *struct{}    `json:"include-all,omitempty"`
	Include []subjectRef `json:"include-subjects,omitempty"`
}

type subjectRef struct {
	UUID string `json:"subject-uuid"`
	Type string `json:"type"`
}

type assets struct {
	Components []systemComponent `json:"components"`
	Platforms  []platform        `json:"assessment-platforms"`
}

type platform struct {
	UUID  string          `json:"uuid"`
	Title string          `json:"title"`
	Uses  []usesComponent `json:"uses-components"`
}

type usesComponent struct {
	Component string `json:"component-uuid"`
}

type activity struct {
	UUID        string            `json:"uuid"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Props       []prop            `json:"props"`
	Related     *reviewedControls `json:"related-controls,omitempty"`
	Remarks     string            `json:"remarks,omitempty"`
}

type task struct {
	UUID        string               `json:"uuid"`
	Type        string               `json:"type"`
	Title       string               `json:"title"`
	Description string               `json:"description,omitempty"`
	Props       []prop               `json:"props,omitempty"`
	Timing      *timing              `json:"timing,omitempty"`
	Activities  []associatedActivity `json:"associated-activities,omitempty"`
	Roles       []responsibleRole    `json:"responsible-roles,omitempty"`
}

type timing struct {
	On onDate `json:"on-date"`
}

type onDate struct {
	Date string `json:"date"`
}

type associatedActivity struct {
	Activity string    `json:"activity-uuid"`
	Subjects []subject `json:"subjects"`
}

type assessmentResults struct {
	UUID     string     `json:"uuid"`
	Metadata metadata   `json:"metadata"`
	Import   importing  `json:"import-ap"`
	Results  []result   `json:"results"`
	Back     backMatter `json:"back-matter"`
}

type result struct {
	UUID         string           `json:"uuid"`
	Title        string           `json:"title"`
	Description  string           `json:"description"`
	Start        string           `json:"start"`
	End          string           `json:"end"`
	Props        []prop           `json:"props,omitempty"`
	Reviewed     reviewedControls `json:"reviewed-controls"`
	Observations []observation    `json:"observations,omitempty"`
	Risks        []risk           `json:"risks,omitempty"`
	Findings     []finding        `json:"findings,omitempty"`
}

type origin struct {
	Actors []actor       `json:"actors"`
	Tasks  []relatedTask `json:"related-tasks,omitempty"`
}

type actor struct {
	Type string `json:"type"`
	UUID string `json:"actor-uuid"`
	Role string `json:"role-id,omitempty"`
}

type relatedTask struct {
	Task string `json:"task-uuid"`
}

type observation struct {
	UUID        string       `json:"uuid"`
	Title       string       `json:"title"`
	Description string       `json:"description"`
	Props       []prop       `json:"props,omitempty"`
	Methods     []string     `json:"methods"`
	Types       []string     `json:"types"`
	Origins     []origin     `json:"origins"`
	Subjects    []subjectRef `json:"subjects,omitempty"`
	Evidence    []evidence   `json:"relevant-evidence,omitempty"`
	Collected   string       `json:"collected"`
	Expires     string       `json:"expires,omitempty"`
	Remarks     string       `json:"remarks,omitempty"`
}

type evidence struct {
	Href        string `json:"href"`
	Description string `json:"description"`
	Props       []prop `json:"props,omitempty"`
}

type observationRef struct {
	Observation string `json:"observation-uuid"`
}

type riskRef struct {
	Risk string `json:"risk-uuid"`
}

type findingRef struct {
	Finding string `json:"finding-uuid"`
}

type risk struct {
	UUID             string             `json:"uuid"`
	Title            string             `json:"title"`
	Description      string             `json:"description"`
	Statement        string             `json:"statement"`
	Props            []prop             `json:"props,omitempty"`
	Links            []link             `json:"links,omitempty"`
	Status           string             `json:"status"`
	Origins          []origin           `json:"origins"`
	Threats          []threatID         `json:"threat-ids,omitempty"`
	Characterization []characterization `json:"characterizations"`
	Factors          []mitigatingFactor `json:"mitigating-factors,omitempty"`
	Deadline         string             `json:"deadline,omitempty"`
	Remediations     []response         `json:"remediations,omitempty"`
	Observations     []observationRef   `json:"related-observations,omitempty"`
}

type threatID struct {
	System string `json:"system"`
	Href   string `json:"href,omitempty"`
	ID     string `json:"id"`
}

type characterization struct {
	Origin origin  `json:"origin"`
	Facets []facet `json:"facets"`
}

type facet struct {
	Name    string `json:"name"`
	System  string `json:"system"`
	Value   string `json:"value"`
	Props   []prop `json:"props,omitempty"`
	Remarks string `json:"remarks,omitempty"`
}

type mitigatingFactor struct {
	UUID           string       `json:"uuid"`
	Implementation string       `json:"implementation-uuid,omitempty"`
	Description    string       `json:"description"`
	Props          []prop       `json:"props,omitempty"`
	Subjects       []subjectRef `json:"subjects,omitempty"`
}

type response struct {
	UUID        string   `json:"uuid"`
	Lifecycle   string   `json:"lifecycle"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Props       []prop   `json:"props,omitempty"`
	Links       []link   `json:"links,omitempty"`
	Origins     []origin `json:"origins,omitempty"`
	Tasks       []task   `json:"tasks,omitempty"`
	Remarks     string   `json:"remarks,omitempty"`
}

type finding struct {
	UUID           string           `json:"uuid"`
	Title          string           `json:"title"`
	Description    string           `json:"description"`
	Props          []prop           `json:"props,omitempty"`
	Origins        []origin         `json:"origins"`
	Target         target           `json:"target"`
	Implementation string           `json:"implementation-statement-uuid,omitempty"`
	Observations   []observationRef `json:"related-observations,omitempty"`
	Risks          []riskRef        `json:"related-risks,omitempty"`
	Remarks        string           `json:"remarks,omitempty"`
}

type target struct {
	Type           string                `json:"type"`
	ID             string                `json:"target-id"`
	Title          string                `json:"title,omitempty"`
	Status         objectiveStatus       `json:"status"`
	Implementation *implementationStatus `json:"implementation-status,omitempty"`
}

type objectiveStatus struct {
	State   string `json:"state"`
	Reason  string `json:"reason"`
	Remarks string `json:"remarks,omitempty"`
}

type implementationStatus struct {
	State   string `json:"state"`
	Remarks string `json:"remarks,omitempty"`
}

type planOfAction struct {
	UUID         string        `json:"uuid"`
	Metadata     metadata      `json:"metadata"`
	System       systemID      `json:"system-id"`
	Local        actionsLocal  `json:"local-definitions"`
	Observations []observation `json:"observations,omitempty"`
	Risks        []risk        `json:"risks,omitempty"`
	Findings     []finding     `json:"findings,omitempty"`
	Items        []poamItem    `json:"poam-items"`
	Back         backMatter    `json:"back-matter"`
}

type systemID struct {
	Type string `json:"identifier-type"`
	ID   string `json:"id"`
}

type actionsLocal struct {
	Components []systemComponent `json:"components"`
	Assets     assets            `json:"assessment-assets"`
}

type poamItem struct {
	UUID         string           `json:"uuid"`
	Title        string           `json:"title"`
	Description  string           `json:"description"`
	Props        []prop           `json:"props,omitempty"`
	Origins      []itemOrigin     `json:"origins"`
	Findings     []findingRef     `json:"related-findings,omitempty"`
	Observations []observationRef `json:"related-observations,omitempty"`
	Risks        []riskRef        `json:"related-risks,omitempty"`
}

type itemOrigin struct {
	Actors []actor `json:"actors"`
}
