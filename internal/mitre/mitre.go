// Package mitre knows the numbers of MITRE's two lists: which weaknesses (CWE)
// and attack patterns (CAPEC) there are, which are in use, and which of them
// MITRE relates to each other. Names and texts are not in it.
package mitre

import (
	_ "embed"
	"strings"
	"sync"

	"ssf"
)

// The lists, a line an entry: see the head of each.
//
//go:embed cwe.tsv
var cwe string

//go:embed capec.tsv
var capec string

// Use is what MITRE says of an entry.
type Use string

// Whether a weakness may be named as the cause of something, from the mapping
// notes of CWE 4.19.1; an attack pattern is used or deprecated.
const (
	Unknown     Use = "" // there is no such entry
	Used        Use = "used"
	Allowed     Use = "allowed"
	Review      Use = "review"      // allowed with review
	Discouraged Use = "discouraged" // a narrower one says more
	Prohibited  Use = "prohibited"  // too wide to name a cause
	Deprecated  Use = "deprecated"
)

// An entry is what is known of one number.
type entry struct {
	use     Use
	related []string
}

var lists = sync.OnceValue(func() map[ssf.ID]entry {
	all := map[ssf.ID]entry{}
	for prefix, list := range map[string]string{"CWE-": cwe, "CAPEC-": capec} {
		for line := range strings.Lines(list) {
			f := strings.Split(strings.TrimSpace(line), "\t")
			if strings.HasPrefix(line, "#") {
				continue
			}
			e := entry{use: Use(f[1])}
			if len(f) > 2 {
				e.related = strings.Split(f[2], ",")
			}
			all[ssf.ID(prefix+f[0])] = e
		}
	}
	return all
})

// Of is how an entry such as CWE-89 or CAPEC-66 may be used.
func Of(id ssf.ID) Use { return lists()[id].use }

// Related reports whether MITRE relates an attack pattern to a weakness.
func Related(weakness, attack ssf.ID) bool {
	number := strings.TrimPrefix(string(attack), "CAPEC-")
	for _, n := range lists()[weakness].related {
		if n == number {
			return true
		}
	}
	return false
}
