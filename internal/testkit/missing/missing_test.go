package missing

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"
)

func TestCorpus(t *testing.T) {
	dir := filepath.Join(cmp.Or(os.Getenv("SSF_CORPUS"), "../../../../shared"), "corpus")
	rows, refused, err := Corpus(os.DirFS(dir))
	if err != nil {
		t.Skipf("%s is not there; SSF_CORPUS names the folder", dir)
	}
	for _, err := range refused {
		t.Log(err)
	}
	for _, r := range rows {
		t.Logf("%-50s elements %3d theirs %3d found %3d plain %3d  per element sure %.2f asked %.2f plain %.2f  questions %d asked %d", r.Name, r.Elements, len(r.Theirs), r.Found(r.Ours), r.Found(r.Plain), float64(len(r.Sure))/float64(r.Elements), float64(len(r.Ours))/float64(r.Elements), float64(len(r.Plain))/float64(r.Elements), r.Questions, r.Asked)
		for _, p := range r.Missed() {
			t.Logf("    missed %v", p)
		}
	}
}
