package mitre

import (
	"testing"

	"ssf"
)

func TestOf(t *testing.T) {
	for id, want := range map[ssf.ID]Use{
		"CWE-89": Allowed, "CWE-20": Discouraged, "CWE-693": Discouraged, "CWE-664": Discouraged, "CWE-92": Deprecated, "CWE-99999": Unknown,
		"CAPEC-66": Used, "CAPEC-56": Deprecated, "CAPEC-9999": Unknown, "": Unknown, "66": Unknown,
	} {
		if got := Of(id); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
	if n := len(lists()); n != 969+615 {
		t.Errorf("the lists have %d entries", n)
	}
}

func TestRelated(t *testing.T) {
	for _, c := range []struct {
		weakness, attack ssf.ID
		want             bool
	}{{"CWE-89", "CAPEC-66", true}, {"CWE-89", "CAPEC-62", false}, {"CWE-352", "CAPEC-62", true}, {"CWE-89", "CAPEC-6", false}, {"CWE-1427", "CAPEC-66", false}} {
		if got := Related(c.weakness, c.attack); got != c.want {
			t.Errorf("Related(%s, %s) is %v", c.weakness, c.attack, got)
		}
	}
}
