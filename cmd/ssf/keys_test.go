package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestKeyReplaced: a key that somebody else may have is replaced by making
// another and naming only that: what the old one signed counts no more, before
// and after, the commands need no new consent, and what is verified anew counts.
func TestKeyReplaced(t *testing.T) {
	s := newShop(t, threeTests)
	key := func(name string) string {
		t.Helper()
		var keys []struct{ Name, Key string }
		if err := json.Unmarshal([]byte(s.must("keys", "list", "--format", "json")), &keys); err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			if k.Name == name {
				return k.Key
			}
		}
		t.Fatalf("there is no key %s", name)
		return ""
	}
	expects := func(public string) {
		t.Helper()
		writeFiles(t, s.dir, map[string]string{"ssf.yaml": threeTests["ssf.yaml"] + "signers: {ci: {key: '" + public + "'}}\n"})
		s.commit()
	}
	verified := func(want string) {
		t.Helper()
		_, out := s.ssf("check")
		if got := regexp.MustCompile(`\d of \d verified`).FindString(out); got != want {
			t.Errorf("%q, want %q:\n%s", got, want, out)
		}
	}
	const none, all = "0 of 3 verified", "1 of 3 verified" // of the threats

	expects(key("default"))
	s.must("verify")
	s.commit()
	verified(all)

	s.must("keys", "new", "next")
	expects(key("next"))
	verified(none)
	if _, out := s.ssf("verify", "--key", "default", "--again"); !strings.Contains(out, "the model expects other keys") || len(s.records()) != 3 {
		t.Errorf("with the old key there are %d records\n%s", len(s.records()), out)
	}
	verified(none)

	var old []string
	err := filepath.WalkDir(s.home, func(name string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(name, "default.pem") {
			old = append(old, name)
		}
		return err
	})
	if err != nil || len(old) != 1 {
		t.Fatalf("the old key is in %q (%v)", old, err)
	}
	if err := os.Remove(old[0]); err != nil {
		t.Fatal(err)
	}
	before := s.ran()
	s.must("verify")
	verified(all)
	if n := s.ran() - before; n != 3 {
		t.Errorf("with the new key %d commands ran, want 3", n)
	}
	s.must("evidence", "verify")
}
