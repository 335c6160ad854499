package gen

import (
	"fmt"
	"strings"
)

// Rules makes n threat rules by path in a library, for benchmarks. They use the
// vocabulary and measures of ssf/core and read like its rules; what they say of
// a system means nothing.
func Rules(n int) map[string]string {
	files := make(map[string]string, n)
	for i := range n {
		f := forms[i%len(forms)]
		// Each rule of a form has its own pair of levels, so that, as in a real
		// library, an element meets most rules and few of them stand on it.
		pair := i / len(forms)
		first, second := levels[pair%len(levels)], levels[pair/len(levels)%len(levels)]
		id := fmt.Sprintf("synthetic-%03d", i+1)
		var b strings.Builder
		line := func(key, value string) {
			if value != "" {
				b.WriteString(key + ": " + value + "\n")
			}
		}
		line("id", id)
		line("since", "0.1.0")
		line("title", fmt.Sprintf("Synthetic threat %d", i+1))
		line("origin", "architecture")
		line("on", f.on)
		if f.kinds != "" {
			line("kinds", "["+f.kinds+"]")
		}
		line("when", "'"+fmt.Sprintf(f.when, first, second)+"'")
		if f.unless != "" {
			line("unless", "'"+f.unless+"'")
		}
		line("endangers", "[confidentiality, integrity]")
		line("stride", "[tampering, information_disclosure]")
		line("likelihood", "{level: medium, because: It was made for a benchmark.}")
		line("says", "Somebody does something to the element that a benchmark measures.")
		line("plain", "This is not a real threat.")
		line("measures", "["+f.measure+"]")
		line("variants", "[]")
		line("steps", "[]")
		line("quiet_when", "The program is not being measured.")
		files["threats/"+id+"/threat.yaml"] = b.String()
	}
	return files
}
