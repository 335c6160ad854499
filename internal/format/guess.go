package format

import (
	"slices"
	"strings"
	"sync"

	"ssf"
)

// This file reads names. A name such as `Orders database (PostgreSQL)` tells what
// the thing is; what is taken from a name is noted as guessed. Nothing is read
// that only might be so: a wrong kind would hide the threats of the right one.

// A phrase is some words in a row that name a kind. Of those that stand in a
// name the last one counts, because in English it is the noun: a `database
// backup worker` is a worker.
type phrase struct {
	words string
	kind  ssf.ID
}

var phrases = []phrase{
	{"web app", "web_app"},
	{"web application", "web_app"},
	{"webapp", "web_app"},
	{"website", "web_app"},
	{"web site", "web_app"},
	{"web portal", "web_app"},
	{"cms", "web_app"},
	{"wordpress", "web_app"},
	{"drupal", "web_app"},
	{"web service", "web_service"},
	{"webservice", "web_service"},
	{"web server", "web_service"},
	{"webserver", "web_service"},
	{"http server", "web_service"},
	{"app server", "web_service"},
	{"application server", "web_service"},
	{"api", "api"},
	{"rest api", "api"},
	{"web api", "api"},
	{"rest service", "api"},
	{"apis", "api"},
	{"graphql", "graphql_api"},
	{"graphql api", "graphql_api"},
	{"api gateway", "api_gateway"},
	{"apigateway", "api_gateway"},
	{"admin panel", "admin_app"},
	{"admin console", "admin_app"},
	{"admin portal", "admin_app"},
	{"admin interface", "admin_app"},
	{"admin ui", "admin_app"},
	{"browser", "browser_app"},
	{"web browser", "browser_app"},
	{"web client", "browser_app"},
	{"spa", "browser_app"},
	{"single page app", "browser_app"},
	{"single page application", "browser_app"},
	{"browser app", "browser_app"},
	{"angular frontend", "browser_app"},
	{"react frontend", "browser_app"},
	{"vue frontend", "browser_app"},
	{"browser extension", "browser_extension"},
	{"chrome extension", "browser_extension"},
	{"mobile app", "mobile_app"},
	{"mobile application", "mobile_app"},
	{"android app", "mobile_app"},
	{"ios app", "mobile_app"},
	{"android application", "mobile_app"},
	{"mobile client", "mobile_app"},
	{"mobileapp", "mobile_app"},
	{"desktop app", "desktop_app"},
	{"desktop application", "desktop_app"},
	{"desktop client", "desktop_app"},
	{"thick client", "desktop_app"},
	{"cli", "command_line_tool"},
	{"command line tool", "command_line_tool"},
	{"command line", "command_line_tool"},
	{"worker", "worker"},
	{"background worker", "worker"},
	{"worker process", "worker"},
	{"background process", "worker"},
	{"batch job", "worker"},
	{"cron job", "worker"},
	{"scheduler", "worker"},
	{"daemon", "worker"},
	{"job", "worker"},
	{"lambda", "serverless_function"},
	{"lambda function", "serverless_function"},
	{"azure function", "serverless_function"},
	{"cloud function", "serverless_function"},
	{"serverless function", "serverless_function"},
	{"stream processor", "stream_processor"},
	{"database", "database"},
	{"databases", "database"},
	{"db", "database"},
	{"rdbms", "database"},
	{"sql server", "database"},
	{"sql database", "database"},
	{"postgres", "database"},
	{"postgresql", "database"},
	{"postgressql", "database"},
	{"mysql", "database"},
	{"mariadb", "database"},
	{"sqlite", "database"},
	{"oracle db", "database"},
	{"rds", "database"},
	{"aurora", "database"},
	{"azure sql", "database"},
	{"mongodb", "document_store"},
	{"mongo", "document_store"},
	{"mongo db", "document_store"},
	{"marsdb", "document_store"},
	{"couchdb", "document_store"},
	{"firestore", "document_store"},
	{"document database", "document_store"},
	{"document store", "document_store"},
	{"nosql", "document_store"},
	{"nosql database", "document_store"},
	{"redis", "key_value_store"},
	{"dynamodb", "key_value_store"},
	{"etcd", "key_value_store"},
	{"key value store", "key_value_store"},
	{"cache", "cache"},
	{"memcached", "cache"},
	{"redis cache", "cache"},
	{"elasticsearch", "search_index"},
	{"opensearch", "search_index"},
	{"solr", "search_index"},
	{"search index", "search_index"},
	{"data warehouse", "data_warehouse"},
	{"redshift", "data_warehouse"},
	{"bigquery", "data_warehouse"},
	{"snowflake", "data_warehouse"},
	{"data lake", "data_warehouse"},
	{"vector database", "vector_store"},
	{"vector db", "vector_store"},
	{"vector store", "vector_store"},
	{"neo4j", "graph_store"},
	{"graph database", "graph_store"},
	{"queue", "queue"},
	{"message queue", "queue"},
	{"message broker", "queue"},
	{"message bus", "queue"},
	{"event bus", "queue"},
	{"kafka", "queue"},
	{"rabbitmq", "queue"},
	{"sqs", "queue"},
	{"service bus", "queue"},
	{"mqtt broker", "queue"},
	{"pub sub", "queue"},
	{"pubsub", "queue"},
	{"file system", "file_store"},
	{"filesystem", "file_store"},
	{"file store", "file_store"},
	{"file storage", "file_store"},
	{"file share", "file_store"},
	{"files", "file_store"},
	{"local storage files", "file_store"},
	{"disk", "file_store"},
	{"nas", "file_store"},
	{"nfs", "file_store"},
	{"uploads", "file_store"},
	{"s3", "object_store"},
	{"s3 bucket", "object_store"},
	{"bucket", "object_store"},
	{"blob storage", "object_store"},
	{"object storage", "object_store"},
	{"object store", "object_store"},
	{"minio", "object_store"},
	{"log", "log_store"},
	{"logs", "log_store"},
	{"log store", "log_store"},
	{"log file", "log_store"},
	{"log files", "log_store"},
	{"audit log", "log_store"},
	{"audit logs", "log_store"},
	{"event log", "log_store"},
	{"log storage", "log_store"},
	{"splunk", "log_store"},
	{"config", "configuration_store"},
	{"configuration", "configuration_store"},
	{"config file", "configuration_store"},
	{"configuration file", "configuration_store"},
	{"config store", "configuration_store"},
	{"settings", "configuration_store"},
	{"vault", "secret_store"},
	{"key vault", "secret_store"},
	{"secret store", "secret_store"},
	{"secrets manager", "secret_store"},
	{"secret manager", "secret_store"},
	{"secrets", "secret_store"},
	{"keystore", "secret_store"},
	{"key store", "secret_store"},
	{"kms", "secret_store"},
	{"hsm", "secret_store"},
	{"active directory", "directory"},
	{"ldap", "directory"},
	{"ldap server", "directory"},
	{"directory service", "directory"},
	{"identity provider", "identity_provider"},
	{"idp", "identity_provider"},
	{"auth server", "identity_provider"},
	{"authentication server", "identity_provider"},
	{"authorization server", "identity_provider"},
	{"oauth server", "identity_provider"},
	{"oauth provider", "identity_provider"},
	{"sso", "identity_provider"},
	{"keycloak", "identity_provider"},
	{"okta", "identity_provider"},
	{"auth0", "identity_provider"},
	{"cognito", "identity_provider"},
	{"reverse proxy", "reverse_proxy"},
	{"load balancer", "reverse_proxy"},
	{"loadbalancer", "reverse_proxy"},
	{"ingress", "reverse_proxy"},
	{"ingress controller", "reverse_proxy"},
	{"nginx", "reverse_proxy"},
	{"haproxy", "reverse_proxy"},
	{"waf", "reverse_proxy"},
	{"cdn", "content_delivery_network"},
	{"cloudfront", "content_delivery_network"},
	{"cloudflare", "content_delivery_network"},
	{"dns", "name_service"},
	{"dns server", "name_service"},
	{"smtp server", "mail_service"},
	{"mail server", "mail_service"},
	{"email server", "mail_service"},
	{"email service", "mail_service"},
	{"mail service", "mail_service"},
	{"payment gateway", "payment_service"},
	{"payment provider", "payment_service"},
	{"payment processor", "payment_service"},
	{"payment service provider", "payment_service"},
	{"stripe", "payment_service"},
	{"paypal", "payment_service"},
	{"vpn", "remote_access_service"},
	{"vpn server", "remote_access_service"},
	{"vpn gateway", "remote_access_service"},
	{"bastion", "remote_access_service"},
	{"bastion host", "remote_access_service"},
	{"jump host", "remote_access_service"},
	{"monitoring", "monitoring_service"},
	{"siem", "monitoring_service"},
	{"prometheus", "monitoring_service"},
	{"grafana", "monitoring_service"},
	{"datadog", "monitoring_service"},
	{"git repository", "source_repository"},
	{"source repository", "source_repository"},
	{"code repository", "source_repository"},
	{"github", "source_repository"},
	{"gitlab", "source_repository"},
	{"git server", "source_repository"},
	{"build server", "pipeline"},
	{"build pipeline", "pipeline"},
	{"jenkins", "pipeline"},
	{"ci cd", "pipeline"},
	{"ci pipeline", "pipeline"},
	{"build job", "pipeline"},
	{"container registry", "container_registry"},
	{"docker registry", "container_registry"},
	{"package registry", "package_registry"},
	{"artifactory", "package_registry"},
	{"llm", "language_model"},
	{"language model", "language_model"},
	{"ai agent", "ai_agent"},
	{"chatbot", "ai_agent"},
	{"firmware", "firmware"},
	{"iot device", "device"},
	{"kubernetes", "cluster"},
	{"kubernetes cluster", "cluster"},
}

// longestPhrase is of how many words the longest phrase is.
const longestPhrase = 3

// phraseKinds are the kinds by phrase; of a phrase that stands twice, the first.
var phraseKinds = sync.OnceValue(func() map[string]ssf.ID {
	out := map[string]ssf.ID{}
	for _, p := range phrases {
		if _, ok := out[p.words]; !ok {
			out[p.words] = p.kind
		}
	}
	return out
})

// runsOf tells of each run of at most so many words, with where it ends and how
// many words it has.
func runsOf(words []string, most int, tell func(run string, end, n int)) {
	for i := range words {
		for n := 1; n <= most && i+n <= len(words); n++ {
			tell(strings.Join(words[i:i+n], " "), i+n, n)
		}
	}
}

// GuessKind is the kind that a name tells, below the kind that is known of the
// thing already; empty if the name tells none, or one of another sort.
func (s *Source) GuessKind(name string, known ssf.ID) (kind ssf.ID, by string) {
	x := s.words()
	end, length := 0, 0
	runsOf(wordList(name), longestPhrase, func(run string, to, n int) {
		k, ok := phraseKinds()[run]
		if ok && (to > end || to == end && n > length) {
			end, length, kind, by = to, n, k, run
		}
	})
	whole := by == strings.Join(wordList(name), " ") // then a shape that says otherwise was only the wrong one
	if kind != "" && known != "" && !x.is(kind, known) && !(whole && x.kinds[known] != nil && x.kinds[known].Abstract) || x.kinds[kind] == nil {
		return "", ""
	}
	return kind, by
}

// GuessTech are the technologies that a name tells: those whose title stands in
// it as it is written, or whose title is several words or a word of no other meaning.
func (s *Source) GuessTech(name string) (techs []ssf.ID) {
	x := s.words()
	var found []int
	runsOf(wordList(name), x.longest, func(run string, _, _ int) { found = append(found, x.titles[run]...) })
	slices.Sort(found)
	for _, i := range slices.Compact(found) {
		techs = append(techs, s.Library.Techs[i].ID)
	}
	return techs
}

// everyday are titles of technologies that are words of every day or of other
// things too.
var everyday = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields("rust swift dart ruby spark chef puppet salt fiber express flask rocket phoenix spring hive storm vector vault consul docker compose make rails node play remix astro solid lit ember vapor gin echo helm harbor windows linux android shell java packer temporal ring base access sharp moodle unity fortran pascal ada jade pino winston nest prisma ory fastly render linode sentry segment teams kong envoy istio flux tomcat buffer drill nifi beam flink samza tez squid varnish caddy") {
		out[w] = true
	}
	for _, w := range []string{"node js", "private ca", "smart card", "browser storage", "page framework", "siem", "scada", "national identity", "passport", "password manager", "payment terminal", "speech recognition", "text recognition", "network camera", "mainframe", "bare metal", "backup software", "content system"} {
		out[w] = true
	}
	// These say what runs a thing as well as what it is made with, and they are told apart by nobody else.
	for _, w := range []string{"docker", "vault", "java", "linux", "windows", "android", "tomcat", "consul", "varnish", "squid", "envoy", "istio", "kong", "caddy"} {
		delete(out, w)
	}
	return out
}()

// protocolWords are spellings of protocols that are no id or title in the
// library, squeezed.
var protocolWords = map[string]ssf.ID{
	"httphttps": "", "https": "https", "https443": "https", "httpoverTLS": "https", "tlshttps": "https", "httpstls": "https", "tls12": "tls", "tls13": "tls", "ssl": "tls", "ssltls": "tls", "httprest": "http", "resthttps": "https", "restoverhttps": "https", "httpsrest": "https", "wss": "wss", "websockets": "websocket",
	"sqlprotocol": "", "postgres": "postgresql", "tds": "mssql", "ssh2": "ssh", "ipsec": "ipsec", "amqp091": "amqp", "mqtttls": "mqtts", "mongo": "mongodb",
}

// Protocol is the protocol that a text names; empty if it is none that is known.
func (s *Source) Protocol(name string) ssf.ID {
	q := Squeeze(name)
	if q == "" {
		return ""
	}
	if id, ok := protocolWords[q]; ok {
		return id
	}
	return s.words().spelled[q]
}

// IsKind reports whether the library has a kind with this id.
func (s *Source) IsKind(id ssf.ID) bool { return s.words().kinds[id] != nil }

// techWords are names that people give to technologies and that are no id or
// title in the library, squeezed.
var techWords = map[string]ssf.ID{"postgres": "postgresql", "mongo": "mongodb", "nodejs": "node", "k8s": "kubernetes", "golang": "go", "elastic": "elasticsearch"}

// Tech is the technology that a label names as a whole: by its id or title;
// empty if it is none that is known.
func (s *Source) Tech(label string) ssf.ID {
	x := s.words()
	if x.labels == nil {
		x.labels = map[string]ssf.ID{}
		for i := range s.Library.Techs {
			t := &s.Library.Techs[i]
			if t.Abstract {
				continue
			}
			for _, name := range []string{string(t.ID), t.Title} {
				if q := Squeeze(name); q != "" && x.labels[q] == "" {
					x.labels[q] = t.ID
				}
			}
		}
		for q, id := range techWords {
			if x.techs[id] != nil && x.labels[q] == "" {
				x.labels[q] = id
			}
		}
	}
	if x.techs[ssf.ID(label)] != nil {
		return ssf.ID(label)
	}
	return x.labels[Squeeze(label)]
}

func (s *Source) words() *lexicon {
	if s.lexicon == nil {
		s.lexicon = newLexicon(s.Library)
	}
	return s.lexicon
}

// wordList are the words of a name in lower case, cut at signs and where a small
// letter is followed by a capital.
func wordList(name string) []string {
	var b strings.Builder
	rs := []rune(name)
	for i, r := range rs {
		switch {
		case 'A' <= r && r <= 'Z':
			if i > 0 && 'a' <= rs[i-1] && rs[i-1] <= 'z' && i+1 < len(rs) && 'a' <= rs[i+1] && rs[i+1] <= 'z' {
				b.WriteByte(' ')
			}
			b.WriteRune(r + 'a' - 'A')
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

// Name sets what the name of a component tells beyond what is known of it.
func (s *Source) Guess(d *Draft, e *Element) {
	if kind, by := s.GuessKind(e.Name, e.Kind); kind != "" && kind != e.Kind {
		d.Report.Guess(e.Node, "%s is taken to be a %s, because its name says %q", Clip(e.Name), kind, by)
		e.Kind = kind
	}
	for _, t := range s.GuessTech(e.Name) {
		if !slices.ContainsFunc(e.Tech, func(known ssf.ID) bool { return s.words().uses(known, t) }) {
			d.Report.Guess(e.Node, "%s is taken to be made with %s, because its name says so", Clip(e.Name), t)
			e.Tech = append(e.Tech, t)
		}
	}
	if len(wordList(e.Says)) > 6 { // a description, and no list of what it is made with
		return
	}
	for _, word := range strings.FieldsFunc(e.Says, func(r rune) bool { return strings.ContainsRune("/,;+&()\n", r) }) {
		if t := s.Tech(word); t != "" && !slices.Contains(e.Tech, t) {
			d.Report.Guess(e.Node, "%s is taken to be made with %s, because its text is %q", Clip(e.Name), t, Clip(e.Says))
			e.Tech = append(e.Tech, t)
		}
	}
}

// GuessTrust says that a zone with the name of the internet is trusted by nobody.
func (d *Draft) GuessTrust(e *Element) {
	switch strings.Join(wordList(e.Name), " ") {
	case "internet", "the internet", "public internet", "public network", "world", "outside", "internet boundary":
		d.Report.Guess(e.Node, "zone %s is taken to have trust none, because of its name", Clip(e.Name))
		e.Fact(e.Node, "trust", "none")
	}
}
