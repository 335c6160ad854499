package format

import (
	"slices"
	"strings"

	"ssf"
)

// A telltale is some words by which people name a threat that the library names
// otherwise, and the rules that it may be. Words are in the form of [wordList];
// all of those between two spaces in a row. Which of the rules it is, is told
// by the element, where as a rule only one of them is derived.
type telltale struct {
	says  string // alternatives, divided by |
	rules []ssf.ID
}

var telltales = []telltale{
	{"sql injection|sqli|sql injections", []ssf.ID{"sql-injection"}},
	{"nosql injection|no sql injection|ldap injection|graphql injection", []ssf.ID{"document-query-injection", "directory-filter-injection"}},
	{"xss|cross site scripting|script injection", []ssf.ID{"cross-site-scripting", "page-script-injection"}},
	{"csrf|xsrf|cross site request forgery", []ssf.ID{"csrf"}},
	{"ssrf|server side request forgery", []ssf.ID{"server-side-request-forgery"}},
	{"xxe|xml external entity|xml external entities", []ssf.ID{"xml-entities"}},
	{"command injection|os command|remote code execution|rce|code injection", []ssf.ID{"command-injection", "template-injection", "code-chosen-by-name"}},
	{"deserialization|deserialisation|insecure deserialization", []ssf.ID{"unsafe-deserialisation"}},
	{"path traversal|directory traversal|file inclusion", []ssf.ID{"path-traversal"}},
	{"buffer overflow|memory corruption|overflow attack", []ssf.ID{"memory-corruption"}},
	{"open redirect|unvalidated redirect", []ssf.ID{"open-redirect"}},
	{"clickjacking", []ssf.ID{"clickjacking"}},
	{"file upload|malicious file|malicious upload|uploads malicious", []ssf.ID{"dangerous-upload"}},
	{"prompt injection|jailbreak", []ssf.ID{"prompt-injection", "hidden-instructions"}},
	{"data poisoning|poison the model|poisoned training|training data", []ssf.ID{"poisoned-training"}},
	{"log injection|log forging|log forgery", []ssf.ID{"log-forging"}},
	{"input validation|unvalidated input|invalid input|malformed input|malicious input", []ssf.ID{"unchecked-values"}},
	{"eavesdrop|eavesdropping|sniff|sniffed|sniffing|intercept|intercepted|intercepts|interception|man in the middle|mitm|wiretap|plain text|plaintext|cleartext|clear text|unencrypted|not encrypted|use http s|use https|use tls|without tls|without encryption|data flow sniffing", []ssf.ID{"eavesdropping", "tampered-in-transit", "readable-at-rest"}},
	{"tampered in transit|modified in transit|altered in transit|tampering in transit|data in transit|replay attack|packets without", []ssf.ID{"tampered-in-transit", "eavesdropping", "replayed-request"}},
	{"at rest|stolen disk|disk encryption|store sensitive|stored unencrypted|encrypt the database|encrypted database|weak access control|dump the database|database dump", []ssf.ID{"readable-at-rest", "public-bucket"}},
	{"backup|backups", []ssf.ID{"weaker-backup", "destroyed-with-copies", "untested-restore"}},
	{"denial of service|ddos|dos attack|flood|flooding|flooded|overload|exhaust|exhaustion|resource consumption|excessive resource|crash or stop|potential process crash|data store inaccessible|bandwidth", []ssf.ID{"flooding", "costly-input", "overflowing-records", "cut-connection", "costly-calls"}},
	{"data flow is potentially interrupted|data flow generic interrupted|connection interrupted|cut the connection|jamming", []ssf.ID{"cut-connection"}},
	{"poison message|poison messages|malicious message", []ssf.ID{"poison-message"}},
	{"fake message|fake messages|forged message|forge messages|message tampering|tamper with messages|tampered messages", []ssf.ID{"forged-message", "forged-trigger-event"}},
	{"brute force|credential stuffing|guess passwords|guessing passwords|password guessing|weak password|weak passwords|password spraying", []ssf.ID{"guessed-credentials"}},
	{"default password|default passwords|default credential|default credentials", []ssf.ID{"default-credentials"}},
	{"hardcoded|hard coded|embedded credentials|secrets in code|credentials in code", []ssf.ID{"embedded-secret"}},
	{"stored credentials|access to the db credentials|accessing db credentials|credentials should be encrypted|key theft|steal keys", []ssf.ID{"key-beside-data", "readable-at-rest", "exposed-workload-secret"}},
	{"session hijacking|session hijack|steal the session|stolen session|session theft|cookie theft|token theft|stolen token|steal tokens", []ssf.ID{"session-token-theft", "endless-session"}},
	{"session fixation", []ssf.ID{"session-fixation"}},
	{"jwt|forged token|forge token|token forgery", []ssf.ID{"forged-token"}},
	{"phishing|phished", []ssf.ID{"phished-sign-in", "deceived-staff"}},
	{"social engineering|impersonate staff", []ssf.ID{"deceived-staff"}},
	{"insider|malicious employee|malicious admin|rogue administrator", []ssf.ID{"direct-store-access", "insider-abuse"}},
	{"lost device|stolen device|stolen laptop|stolen phone", []ssf.ID{"lost-device"}},
	{"repudiation|denies|deny having|audit|not logged|no logs|insufficient logging|lack of logging|insufficient auditing", []ssf.ID{"weak-audit", "untraceable-change", "denied-transaction"}},
	{"delete logs|deletes logs|tamper with logs|log tampering|alter logs|modify logs", []ssf.ID{"altered-logs"}},
	{"idor|insecure direct object|object reference", []ssf.ID{"object-access"}},
	{"missing authentication|no authentication|unauthenticated|lack of authentication|without authentication", []ssf.ID{"missing-authentication", "unproven-caller", "bypassed-application"}},
	{"authorization|authorisation|access control|privilege escalation|elevate privileges", []ssf.ID{"missing-permission-check", "wrong-permission-check", "excess-service-rights", "confused-deputy"}},
	{"impersonat|impersonation using|elevation using impersonation", []ssf.ID{"confused-deputy", "claimed-identity"}},
	{"direct access to the database|query call on the db|bypass the application|unauthorised queries|unauthorized queries|access the database directly", []ssf.ID{"bypassed-application"}},
	{"configuration changed|change the configuration|modify configuration|tamper with configuration|settings changed", []ssf.ID{"altered-settings", "configuration-drift"}},
	{"firmware update|malicious update|unsigned update|update tampering", []ssf.ID{"unverified-update", "altered-firmware"}},
	{"vulnerable dependency|vulnerable dependencies|known vulnerabilities|outdated software|unpatched|outdated components|third party library", []ssf.ID{"vulnerable-dependency", "unpatched-service"}},
	{"supply chain|compromised dependency|malicious package|malicious dependency", []ssf.ID{"dependency-turned-hostile", "lookalike-dependency"}},
	{"dns spoofing|dns poisoning|dns hijacking", []ssf.ID{"false-name-answer", "hijacked-domain"}},
	{"error message|error messages|stack trace|verbose errors", []ssf.ID{"error-details"}},
	{"sensitive data in logs|secrets in logs|logs sensitive|logging sensitive", []ssf.ID{"sensitive-logs"}},
	{"public bucket|open bucket|public s3|bucket misconfiguration", []ssf.ID{"public-bucket"}},
	{"physical access|physically|steal the server", []ssf.ID{"hands-on-machines", "debug-port"}},
	{"weak cryptography|weak encryption|weak cipher|broken crypto|outdated tls", []ssf.ID{"weak-cryptography", "downgraded-connection"}},
	{"race condition|toctou", []ssf.ID{"check-then-act", "double-spend"}},
}

// told are the rules that words of a text name, in the order of the table.
func told(text string) (rules []ssf.ID) {
	in := " " + strings.Join(wordList(text), " ") + " "
	for _, t := range telltales {
		for _, words := range strings.Split(t.says, "|") {
			if !strings.Contains(in, " "+words+" ") {
				continue
			}
			for _, r := range t.rules {
				if !slices.Contains(rules, r) {
					rules = append(rules, r)
				}
			}
			break
		}
	}
	return rules
}
