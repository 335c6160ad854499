package gen

// This file is what the generator knows of the library's vocabulary. To make
// it use a further kind or fact, add a line.

// A Choice is one fact that may be written at an element, because nothing
// implies it there.
type Choice struct {
	Sort    string   // zone, actor, asset, component, flow or function
	Of      []string // kinds of component or protocols of a flow; none means all
	Fact    string
	Values  []string // from the worst to the best where there is such an order
	Control bool     // claims a protection
	Percent int      // how often a generated model says it
}

var (
	yesNo = []string{"yes", "no"}
	noYes = []string{"no", "yes"}

	programs = []string{"web_service", "worker", "command_line_tool", "browser_app"}
	levels   = []string{"none", "low", "medium", "high", "critical"}
)

var choices = []Choice{
	{Sort: "zone", Fact: "trust", Values: []string{"none", "low", "medium", "high"}, Percent: 100},
	{Sort: "actor", Fact: "hostile", Values: []string{"yes", "possible", "no"}, Percent: 80},
	{Sort: "asset", Fact: "personal", Values: yesNo, Percent: 80},

	{Sort: "component", Of: []string{"worker", "command_line_tool"}, Fact: "takes_input", Values: yesNo, Percent: 70},
	{Sort: "component", Of: []string{"web_service"}, Fact: "renders_html", Values: yesNo, Percent: 70},
	{Sort: "component", Of: []string{"web_service"}, Fact: "session", Values: []string{"cookie", "browser_login", "token", "certificate", "none"}, Percent: 70},
	{Sort: "component", Of: []string{"web_service", "worker", "command_line_tool"}, Fact: "opens_paths_from_input", Values: yesNo, Percent: 50},
	{Sort: "component", Of: []string{"web_service", "worker", "command_line_tool"}, Fact: "builds_queries", Values: []string{"concatenated", "mixed", "parametrised", "none"}, Control: true, Percent: 70},
	{Sort: "component", Of: []string{"web_service", "browser_app"}, Fact: "output_encoded", Values: noYes, Control: true, Percent: 50},
	{Sort: "component", Of: []string{"web_service"}, Fact: "checks_request_origin", Values: noYes, Control: true, Percent: 50},
	{Sort: "component", Of: []string{"web_service", "database", "queue"}, Fact: "limits_rate", Values: noYes, Control: true, Percent: 30},
	{Sort: "component", Fact: "writes_audit_log", Values: noYes, Control: true, Percent: 30},

	{Sort: "component", Of: programs, Fact: "input_decides", Values: []string{"[addresses, work]", "[log_text]", "[]"}, Percent: 70},
	{Sort: "component", Of: programs, Fact: "accepts", Values: []string{"[files]", "[]"}, Percent: 70},
	{Sort: "component", Of: programs, Fact: "code_does", Values: []string{"[several_writes, retries]", "[]"}, Percent: 70},
	{Sort: "component", Of: programs, Fact: "crypto_work", Values: []string{"[makes_random_secrets]", "[]"}, Percent: 70},
	{Sort: "component", Of: programs, Fact: "uses_secrets", Values: yesNo, Percent: 70},
	{Sort: "component", Of: programs, Fact: "writes_logs", Values: yesNo, Percent: 70},
	{Sort: "component", Of: programs, Fact: "bundles_code", Values: yesNo, Percent: 70},
	{Sort: "component", Of: programs, Fact: "updated_by", Values: []string{"itself", "rollout"}, Percent: 70},
	{Sort: "component", Of: []string{"web_service", "browser_app"}, Fact: "page_uses", Values: []string{"[third_party_code]", "[]"}, Percent: 70},
	{Sort: "component", Of: []string{"web_service"}, Fact: "also_offers", Values: []string{"[debug_functions]", "[]"}, Percent: 70},
	{Sort: "component", Of: []string{"web_service"}, Fact: "decides_by", Values: []string{"[client_checks]", "[]"}, Percent: 70},
	{Sort: "component", Of: []string{"database", "object_store", "queue"}, Fact: "has_copies", Values: yesNo, Percent: 70},
	{Sort: "component", Of: []string{"pipeline"}, Fact: "pipeline_has", Values: []string{"[deploy_rights, fetched_tools]", "[]"}, Percent: 70},
	{Sort: "asset", Fact: "personal_use", Values: []string{"[joined, shared]", "[]"}, Percent: 70},

	{Sort: "flow", Of: []string{"postgresql"}, Fact: "encrypted", Values: noYes, Control: true, Percent: 60},
	{Sort: "flow", Of: []string{"https", "tls", "http", "postgresql", "in_process"}, Fact: "authenticated", Values: noYes, Control: true, Percent: 40},

	{Sort: "function", Fact: "consumes", Values: yesNo, Percent: 60},
	{Sort: "function", Fact: "object_from_request", Values: yesNo, Percent: 60},
	{Sort: "function", Fact: "checks_owner", Values: noYes, Control: true, Percent: 50},
}

// A kind is one kind of component and how it is used.
type kind struct {
	name   string
	zones  []string
	tech   []string
	stores bool
	starts bool     // flows may start here
	over   []string // protocols of the flows that end here
	offers bool     // functions may stand here
}

// kinds are taken in turn, so the first of a model is a web service.
var kinds = []kind{
	{name: "web_service", zones: []string{"edge", "cluster"}, tech: []string{"go"}, starts: true, over: []string{"https", "http"}, offers: true},
	{name: "database", zones: []string{"cluster", "vault"}, tech: []string{"postgresql"}, stores: true, over: []string{"postgresql"}},
	{name: "worker", zones: []string{"cluster"}, tech: []string{"go"}, starts: true, over: []string{"tls", "in_process"}, offers: true},
	{name: "browser_app", zones: []string{"internet"}, tech: []string{"javascript"}, starts: true, over: []string{"https"}},
	{name: "object_store", zones: []string{"cluster"}, stores: true, over: []string{"https"}},
	{name: "web_service", zones: []string{"cluster"}, tech: []string{"go", "go_modules"}, starts: true, over: []string{"https"}, offers: true},
	{name: "queue", zones: []string{"cluster"}, stores: true, over: []string{"tls"}},
	{name: "external_service", zones: []string{"internet"}, over: []string{"https"}},
	{name: "command_line_tool", zones: []string{"cluster", "vault"}, tech: []string{"go"}, starts: true, over: []string{"in_process", "tls"}},
	{name: "pipeline", zones: []string{"edge"}, starts: true, over: []string{"https"}},
}

var zones = []struct{ id, trust string }{
	{"internet", "none"},
	{"edge", "low"},
	{"cluster", "medium"},
	{"vault", "high"},
}

var actors = []struct{ id, zone, hostile string }{
	{"clerk", "cluster", "no"},
	{"customer", "internet", "possible"},
	{"partner", "internet", ""},
	{"stranger", "internet", "yes"},
}

var (
	does  = []string{"read", "create", "update", "delete"}
	auths = []string{"none", "session", "token", "sso"}
)

// A form is the shape of a synthetic rule; %q stands for a level.
type form struct {
	on, kinds, when, unless, measure string
}

var forms = []form{
	{"flow", "", `self.over_network && self.confidentiality == %q && self.integrity == %q`, "self.encrypted", "transport-encryption"},
	{"component", "web_service, worker", `self.takes_input && self.integrity == %q && self.availability == %q`, `self.builds_queries == "parametrised"`, "parametrised-queries"},
	{"flow", "datastore", `from.takes_input && self.integrity == %q && self.availability == %q`, `from.builds_queries == "parametrised"`, "parametrised-queries"},
	{"component", "datastore", `stores.exists(a, a.personal && a.confidentiality == %q && a.integrity == %q)`, "self.expires_data", "deletion-job"},
	{"component", "", `self.availability == %q && self.integrity == %q && incoming.exists(f, f.from_untrusted && f.over_network)`, "self.limits_rate", "rate-limiting"},
	{"flow", "", `self.crosses_boundary && carries.exists(a, a.personal && a.integrity == %q && a.availability == %q)`, "self.authenticated && self.encrypted", "certificate-checks"},
	{"component", "web_service", `self.renders_html && self.confidentiality == %q && self.integrity == %q`, "self.output_encoded", "output-encoding"},
	{"asset", "", `self.personal && self.confidentiality == %q && self.integrity == %q`, "", "retention-schedule"},
}
