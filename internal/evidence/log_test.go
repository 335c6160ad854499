package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ssf"
)

// A history is the records of a log in the order in which they were written.
type history struct {
	records []ssf.Evidence
	files   map[ssf.Digest][]byte
}

// add writes a record after others.
func (h *history) add(t testing.TB, e ssf.Evidence, key Key, prev ...ssf.Digest) ssf.Digest {
	t.Helper()
	e.Prev = prev
	file, id := mustEncode(t, e, key)
	e, err := Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	h.records = append(h.records, e)
	if h.files == nil {
		h.files = map[ssf.Digest][]byte{}
	}
	h.files[id] = file
	return id
}

func (h *history) fs() fstest.MapFS {
	m := fstest.MapFS{}
	for id, file := range h.files {
		m[fileOf(id)] = &fstest.MapFile{Data: file}
	}
	return m
}

// randomHistory has n records with branches that part and join.
func randomHistory(t testing.TB, r *rand.Rand, n int) *history {
	h := &history{}
	for i := range n {
		prev := heads(h.records)
		if i > 0 && r.IntN(3) == 0 { // on a branch that began somewhere
			prev = []ssf.Digest{h.records[r.IntN(i)].ID}
		}
		h.add(t, simple(i), testKey(byte(i%3)), prev...)
	}
	return h
}

// closure are the records that those in ids follow, and themselves.
func (h *history) closure(ids ...ssf.Digest) map[ssf.Digest]bool {
	in := map[ssf.Digest]bool{}
	for _, id := range ids {
		in[id] = true
	}
	for _, e := range slices.Backward(h.records) {
		if in[e.ID] {
			for _, p := range e.Prev {
				in[p] = true
			}
		}
	}
	return in
}

func read(t testing.TB, fsys fs.FS) *Log {
	t.Helper()
	l, err := Read(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A forgery changes the files of a log at a record.
type forgery struct {
	name string
	// do returns the records that are no longer there, and the names of which
	// a problem must have one.
	do func(h *history, m fstest.MapFS, i int) (gone, names []string)
	// needs is what finds it: "" nothing more than the log, "successor" a record
	// that follows or a checkpoint, "checkpoint" only that.
	needs string
}

// forgeries are all ways to change a log that we could think of.
func forgeries(t testing.TB, r *rand.Rand) []forgery {
	change := func(edit func(file []byte) []byte) func(*history, fstest.MapFS, int) (a, b []string) {
		return func(h *history, m fstest.MapFS, i int) (a, b []string) {
			id := h.records[i].ID
			m[fileOf(id)] = &fstest.MapFile{Data: edit(bytes.Clone(h.files[id]))}
			return []string{id.String()}, []string{id.String()}
		}
	}
	flip := func(file []byte) []byte {
		file[r.IntN(len(file))] ^= 1 << r.IntN(8)
		return file
	}
	// again signs the records of which from says so, with a key, and moves the
	// prev of each.
	again := func(h *history, m fstest.MapFS, key Key, from func(e ssf.Evidence) bool) (gone []string) {
		now := map[ssf.Digest]ssf.Digest{}
		for _, e := range h.records {
			if !from(e) && !slices.ContainsFunc(e.Prev, func(p ssf.Digest) bool { _, moved := now[p]; return moved }) {
				continue
			}
			old := e.ID
			e.Prev = slices.Clone(e.Prev)
			for j, p := range e.Prev {
				if q, moved := now[p]; moved {
					e.Prev[j] = q
				}
			}
			file, id := mustEncode(t, e, key)
			delete(m, fileOf(old))
			m[fileOf(id)] = &fstest.MapFile{Data: file}
			now[old] = id
			gone = append(gone, old.String())
		}
		return gone
	}
	return []forgery{
		{"flip a bit", change(flip), ""},
		{"truncate", change(func(b []byte) []byte { return b[:r.IntN(len(b))] }), ""},
		{"append a byte", change(func(b []byte) []byte { return append(b, byte(r.IntN(256))) }), ""},
		{"empty", change(func([]byte) []byte { return nil }), ""},
		{"flip a bit and name it so", func(h *history, m fstest.MapFS, i int) (a, b []string) {
			id := h.records[i].ID
			file := flip(bytes.Clone(h.files[id]))
			delete(m, fileOf(id))
			m[fileOf(sha256.Sum256(file))] = &fstest.MapFile{Data: file}
			return []string{id.String()}, []string{id.String(), ssf.Digest(sha256.Sum256(file)).String()}
		}, ""},
		{"copy", func(h *history, m fstest.MapFS, i int) (a, b []string) {
			name := ssf.Digest{byte(r.IntN(256)), 1}.String()
			m[Records+"/"+name+".json"] = m[fileOf(h.records[i].ID)]
			return nil, []string{name}
		}, ""},
		{"rename", func(h *history, m fstest.MapFS, i int) (a, b []string) {
			id := h.records[i].ID
			name := []string{hex.EncodeToString(bytes.Repeat([]byte{byte(r.IntN(256))}, 32)) + ".json", "a.json", strings.ToUpper(id.String()) + ".json", id.String(), ".hidden"}[r.IntN(5)]
			m[Records+"/"+name] = m[fileOf(id)]
			delete(m, fileOf(id))
			return []string{id.String()}, []string{name}
		}, ""},
		{"swap", func(h *history, m fstest.MapFS, i int) (a, b []string) {
			j := (i + 1 + r.IntN(len(h.records)-1)) % len(h.records)
			one, two := h.records[i].ID, h.records[j].ID
			m[fileOf(one)], m[fileOf(two)] = m[fileOf(two)], m[fileOf(one)]
			return []string{one.String(), two.String()}, []string{one.String()}
		}, ""},
		{"sign again beside", func(h *history, m fstest.MapFS, i int) (a, b []string) {
			file, id := mustEncode(t, h.records[i], testKey(9))
			m[fileOf(id)] = &fstest.MapFile{Data: file}
			return nil, []string{id.String()}
		}, ""},
		{"drop", func(h *history, m fstest.MapFS, i int) (a, b []string) {
			id := h.records[i].ID
			delete(m, fileOf(id))
			return []string{id.String()}, []string{id.String()}
		}, "successor"},
		{"sign again", func(h *history, m fstest.MapFS, i int) (a, b []string) {
			e := h.records[i]
			file, id := mustEncode(t, e, testKey(9))
			delete(m, fileOf(e.ID))
			m[fileOf(id)] = &fstest.MapFile{Data: file}
			return []string{e.ID.String()}, []string{e.ID.String()}
		}, "successor"},
		{"change, sign again by the same key", func(h *history, m fstest.MapFS, i int) (a, b []string) {
			e := h.records[i]
			e.Tool += "!"
			file, id := mustEncode(t, e, testKey(byte(i%3)))
			delete(m, fileOf(e.ID))
			m[fileOf(id)] = &fstest.MapFile{Data: file}
			return []string{e.ID.String()}, []string{e.ID.String()}
		}, "successor"},
		{"sign it and all that follows again", func(h *history, m fstest.MapFS, i int) (a, b []string) {
			gone := again(h, m, testKey(9), func(e ssf.Evidence) bool { return e.ID == h.records[i].ID })
			return gone, gone
		}, "checkpoint"},
		{"drop it and all that follows", func(h *history, m fstest.MapFS, i int) (a, b []string) {
			gone := again(h, m, testKey(9), func(e ssf.Evidence) bool { return e.ID == h.records[i].ID })
			for name := range m {
				if id := strings.TrimSuffix(strings.TrimPrefix(name, Records+"/"), ".json"); h.files[mustDigest(t, id)] == nil {
					delete(m, name)
				}
			}
			return gone, gone
		}, "checkpoint"},
	}
}

func mustDigest(t testing.TB, text string) (d ssf.Digest) {
	t.Helper()
	if err := d.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestForgeries: 1,000 times a log of 40 records is changed, each is found by
// Read, or by Check with what the lock held after the 30th record, and a problem
// names the record; the records that were not changed are all still read.
//
// What nobody can find is exactly this: a record that is in no checkpoint was
// removed or signed anew, and with it whatever follows it. Then there is no
// problem at all, which this test holds too.
func TestForgeries(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := forgeries(t, r)
	found, hidden := 0, 0
	kinds := map[Kind]int{}
	var h *history
	var checkpoints []Checkpoint
	var covered, followed map[ssf.Digest]bool
	for n := 0; found < 1000; n++ {
		if n%100 == 0 {
			h = randomHistory(t, r, 40)
			early := &history{records: h.records[:30], files: map[ssf.Digest][]byte{}}
			for _, e := range early.records {
				early.files[e.ID] = h.files[e.ID]
			}
			checkpoints = read(t, early.fs()).Checkpoints()
			covered, followed = h.closure(heads(early.records)...), map[ssf.Digest]bool{}
			for _, e := range h.records {
				for _, p := range e.Prev {
					followed[p] = true
				}
			}
			l := read(t, h.fs())
			if problems := append(l.Problems, Check(l, checkpoints)...); len(problems) > 0 || len(l.Records) != 40 || len(covered) != 30 {
				t.Fatalf("before any change there are %d records, %d of them covered, and %v", len(l.Records), len(covered), problems)
			}
		}
		f, i := all[n%len(all)], r.IntN(len(h.records))
		id := h.records[i].ID
		m := h.fs()
		gone, names := f.do(h, m, i)
		l := read(t, m)
		problems := append(l.Problems, Check(l, checkpoints)...)
		left := places(l.Records)
		for _, e := range h.records {
			if _, there := left[e.ID]; !there && !slices.Contains(gone, e.ID.String()) {
				t.Errorf("%s at %d: the record %s is lost", f.name, i, e.ID)
			}
		}
		if !(f.needs == "" || covered[id] || f.needs == "successor" && followed[id]) {
			hidden++
			if len(problems) > 0 {
				t.Errorf("%s at %d, which nobody can find, is found: %v", f.name, i, problems)
			}
			continue
		}
		found++
		named := false
		for _, p := range problems {
			kinds[p.Kind]++
			named = named || slices.ContainsFunc(names, func(name string) bool { return strings.Contains(p.File+p.ID.String()+p.Message, name) })
		}
		if !named {
			t.Errorf("%s at %d is missed: want a problem that names one of %v, and there are %v", f.name, i, names, problems)
		}
	}
	t.Logf("%d found, %d that nobody can find, by %v", found, hidden, kinds)
	if hidden < 10 {
		t.Errorf("only %d changes are behind the last checkpoint", hidden)
	}
}

// TestProblems has each kind of problem of a log by itself, with its file.
func TestProblems(t *testing.T) {
	h := &history{}
	a := h.add(t, simple(1), testKey(1))
	b := h.add(t, simple(2), testKey(1), a)
	put := func(name string, data []byte) func(fstest.MapFS) {
		return func(m fstest.MapFS) { m[name] = &fstest.MapFile{Data: data} }
	}
	named := func(data []byte) (string, []byte) { return fileOf(sha256.Sum256(data)), data }
	twice, twiceID := mustEncode(t, simple(1), testKey(2))
	forged := bytes.Replace(h.files[a], []byte(testKey(1).Public()), []byte(testKey(2).Public()), 1)
	link := fileOf(ssf.Digest{7})
	other := func(name string, mode fs.FileMode) func(fstest.MapFS) {
		return func(m fstest.MapFS) { m[name] = &fstest.MapFile{Data: []byte(fileOf(a)), Mode: mode} }
	}
	for name, test := range map[string]struct {
		change func(fstest.MapFS)
		want   string // file, kind and message, shortened
		left   int    // records
	}{
		"nothing":          {func(fstest.MapFS) {}, "", 2},
		"a draft":          {put(Records+"/.tmp-x", nil), "", 2},
		"misnamed":         {put(fileOf(a), h.files[b]), fileOf(a) + " misnamed this is the record " + b.String() + " under another name", 1},
		"changed":          {put(fileOf(a), []byte("{}\n")), fileOf(a) + " misnamed this was changed after it was written, and is no record", 1},
		"malformed":        {func(m fstest.MapFS) { put(named([]byte("{}\n")))(m) }, fileOf(digest("{}\n")) + " malformed payloadType is", 2},
		"not a record":     {func(m fstest.MapFS) { put(named(nil))(m) }, fileOf(digest("")) + " malformed the file is empty", 2},
		"forged":           {func(m fstest.MapFS) { put(named(forged))(m) }, fileOf(sha256.Sum256(forged)) + " bad_signature the signature is not by the key", 2},
		"no predecessor":   {func(m fstest.MapFS) { delete(m, fileOf(a)) }, fileOf(b) + " no_predecessor this follows the record " + a.String(), 1},
		"twice":            {put(fileOf(twiceID), twice), " duplicate this holds what the record ", 3},
		"too long":         {put(fileOf(ssf.Digest{1}), make([]byte, MaxRecord+1)), fileOf(ssf.Digest{1}) + " over_limit over a limit: more than MaxRecord = 1048576 bytes", 2},
		"a foreign file":   {put(Records+"/README", nil), Records + "/README foreign this does not belong here", 2},
		"a foreign folder": {put(Records+"/x/y", nil), Records + "/x foreign this does not belong here", 2},
		"a folder":         {put(fileOf(ssf.Digest{1})+"/y", nil), fileOf(ssf.Digest{1}) + " foreign this has the name of a record and is not an ordinary file", 2},
		"a link":           {other(link, fs.ModeSymlink), link + " foreign this has the name", 2},
		"a draft's folder": {put(Records+"/.tmp-x/y", nil), Records + "/.tmp-x foreign this does not belong", 2},
		"capitals":         {put(Records+"/"+strings.ToUpper(a.String())+".json", h.files[a]), " foreign this does not belong here", 2},
	} {
		t.Run(name, func(t *testing.T) {
			m := h.fs()
			test.change(m)
			l := read(t, m)
			var got []string
			for _, p := range l.Problems {
				if p.Kind == NoPredecessor && test.want != "" && !strings.Contains(test.want, "no_predecessor") {
					continue // b follows a
				}
				if (p.Kind == Foreign) != (p.ID == ssf.Digest{}) && p.File != fileOf(p.ID) {
					t.Errorf("the id of %s is %s", p.File, p.ID)
				}
				got = append(got, fmt.Sprintf("%s %s %s", p.File, p.Kind, p.Message))
			}
			if test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)) {
				t.Errorf("the problems are %q, want %q", got, test.want)
			}
			if len(l.Records) != test.left {
				t.Errorf("%d records are left, want %d", len(l.Records), test.left)
			}
		})
	}
	for name, want := range map[string]string{Folder: ".ssf is", Records: ".ssf/evidence is"} {
		if _, err := Read(fstest.MapFS{name: &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("x")}}); err == nil || !strings.Contains(err.Error(), want+" a link; put the folder itself there") {
			t.Errorf("error %v", err)
		}
		if _, err := Read(fstest.MapFS{name: &fstest.MapFile{}}); err == nil || !strings.Contains(err.Error(), want+" not a folder") {
			t.Errorf("error %v", err)
		}
	}
	for _, m := range []fstest.MapFS{{}, {Folder + "/blobs/x": &fstest.MapFile{}}} {
		if l := read(t, m); len(l.Records)+len(l.Heads)+len(l.Problems) > 0 {
			t.Errorf("without evidence there is %+v", l)
		}
	}
}

// TestCheck has the two kinds of problem that a checkpoint finds.
func TestCheck(t *testing.T) {
	h := &history{}
	a := h.add(t, simple(1), testKey(1))
	b := h.add(t, simple(2), testKey(1), a)
	c := h.add(t, simple(3), testKey(1), a)
	d := h.add(t, simple(4), testKey(1), b, c)
	l := read(t, h.fs())
	if got := l.Checkpoints(); !slices.Equal(got, []Checkpoint{{4, d}}) {
		t.Errorf("the checkpoints are %v", got)
	}
	if got := Check(l, []Checkpoint{{1, a}, {2, b}, {2, c}, {4, d}, {4, d}}); len(got) > 0 {
		t.Errorf("the problems are %v", got)
	}
	got := Check(l, []Checkpoint{{5, d}, {5, d}, {7, ssf.Digest{1}}})
	want := []Problem{
		{fileOf(ssf.Digest{1}), ssf.Digest{1}, Removed, "a checkpoint names this record, which stood for 7, and it is not there or not whole"},
		{fileOf(d), d, Miscounted, "this record stood for 5 records at a checkpoint, and stands for 4 now"},
	}
	sortProblems(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestOrder: each record stands after its predecessors, else by time, in the
// same way in whatever order they are read.
func TestOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var records []ssf.Evidence
		for i := range 1 + r.IntN(30) {
			e := ssf.Evidence{ID: ssf.Digest{byte(r.IntN(256)), byte(i)}, Time: time.Unix(int64(r.IntN(20)), 0)}
			for range r.IntN(3) {
				if i > 0 {
					e.Prev = append(e.Prev, records[r.IntN(i)].ID)
				}
			}
			slices.SortFunc(e.Prev, compareDigests)
			e.Prev = slices.Compact(e.Prev)
			records = append(records, e)
		}
		got := inOrder(records)
		seen := map[ssf.Digest]bool{}
		for i, e := range got {
			for _, p := range e.Prev {
				if !seen[p] {
					t.Fatalf("%s stands before its predecessor %s", e.ID, p)
				}
			}
			if i > 0 && e.Time.Before(got[i-1].Time) && !slices.Contains(e.Prev, got[i-1].ID) {
				t.Fatalf("%s stands after a later record that it does not follow", e.ID)
			}
			seen[e.ID] = true
		}
		r.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		if again := inOrder(records); len(got) != len(records) || !cmp.Equal(got, again) {
			t.Fatal("the order depends on the order")
		}
	}
}

// TestOrderCircle: records that follow each other, which no file can hold, do
// not hang and are all there.
func TestOrderCircle(t *testing.T) {
	circle := []ssf.Evidence{{ID: ssf.Digest{1}, Prev: []ssf.Digest{{2}}}, {ID: ssf.Digest{2}, Prev: []ssf.Digest{{1}}}, {ID: ssf.Digest{3}}, {ID: ssf.Digest{4}, Prev: []ssf.Digest{{4}}}}
	l := newLog(circle, map[ssf.Digest]ssf.Digest{{1}: {1}, {2}: {2}, {3}: {3}, {4}: {4}}, nil)
	if len(l.Records) != 4 || l.Records[0].ID != (ssf.Digest{3}) {
		t.Errorf("the records are %v", l.Records)
	}
	if got := Check(l, []Checkpoint{{2, ssf.Digest{1}}}); len(got) > 0 {
		t.Errorf("the problems are %v", got)
	}
}

// TestReadLimits: what is over the limits of a log is named, and the rest read.
func TestReadLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("lists 100,000 files")
	}
	m := manyFiles{}
	for i := range MaxRecords + 2 {
		m = append(m, fmt.Sprintf("%064x.json", i))
	}
	files, problems, err := listFiles(m)
	if err != nil || len(files) != MaxRecords || len(problems) != 2 || problems[1].File != Records+"/"+m[len(m)-1] || !strings.Contains(problems[0].Message, "MaxRecords = 100000 records") {
		t.Errorf("%d files, %v, %v", len(files), problems, err)
	}
	for len(m) <= 2*MaxRecords {
		m = append(m, "x")
	}
	if _, _, err := listFiles(m); err == nil || !strings.Contains(err.Error(), "MaxRecords = 100000 records, and as many other files") {
		t.Errorf("error %v", err)
	}
	long := m[:MaxLog/MaxRecord+1]
	files, problems, err = listFiles(largeFiles{long})
	if err != nil || len(files) != MaxLog/MaxRecord || len(problems) != 1 || !strings.Contains(problems[0].Message, "MaxLog = 1073741824 bytes") {
		t.Errorf("%d files, %v, %v", len(files), problems, err)
	}
}

// TestReadBounded: a file that grows while it is read, or whose size is a lie,
// takes no more memory than a record may.
func TestReadBounded(t *testing.T) {
	endless := &zeros{}
	_, _, p, err := readRecord(one{endless}, file{path: "x", id: ssf.Digest{1}})
	if err != nil || p == nil || p.Kind != OverLimit || endless.read > 2*MaxRecord {
		t.Errorf("%d bytes were read, %v, %v", endless.read, p, err)
	}
}

// one is a file system in which every name is the same file.
type one struct{ file fs.File }

func (o one) Open(string) (fs.File, error) { return o.file, nil }

// zeros is a file that ends after 16 MiB, which nobody should reach.
type zeros struct {
	fs.File
	read int
}

func (z *zeros) Close() error { return nil }
func (z *zeros) Read(b []byte) (int, error) {
	if z.read > 16<<20 {
		return 0, io.EOF
	}
	clear(b)
	z.read += len(b)
	return len(b), nil
}

// manyFiles is a folder of records with these names, all empty.
type manyFiles []string

func (m manyFiles) Open(string) (fs.File, error) { return &folderOf{names: m}, nil }
func (m manyFiles) Lstat(name string) (fs.FileInfo, error) {
	return fstest.MapFS{name + "/x": &fstest.MapFile{}}.Stat(name)
}
func (m manyFiles) ReadLink(string) (string, error) { return "", fs.ErrInvalid }

// largeFiles is one whose files are as long as a record may be.
type largeFiles struct{ manyFiles }

func (m largeFiles) Open(string) (fs.File, error) {
	return &folderOf{names: m.manyFiles, size: MaxRecord}, nil
}

type folderOf struct {
	fs.File
	names []string
	size  int64
}

func (f *folderOf) Close() error { return nil }
func (f *folderOf) ReadDir(n int) (out []fs.DirEntry, err error) {
	if len(f.names) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.names))
	for _, name := range f.names[:n] {
		out = append(out, entryOf{name: name, size: f.size})
	}
	f.names = f.names[n:]
	return out, nil
}

type entryOf struct {
	fs.FileInfo
	name string
	size int64
}

func (e entryOf) Name() string               { return e.name }
func (e entryOf) Size() int64                { return e.size }
func (e entryOf) IsDir() bool                { return false }
func (e entryOf) Type() fs.FileMode          { return 0 }
func (e entryOf) Info() (fs.FileInfo, error) { return e, nil }

func BenchmarkRead(b *testing.B) {
	h := &history{}
	for i := range 1000 {
		e := simple(i)
		for j := range 50 {
			e.Inputs = append(e.Inputs, ssf.Input{Name: fmt.Sprintf("internal/shop/file-%03d.go", j), Digest: digest(fmt.Sprint(i, j))})
		}
		h.add(b, e, testKey(1), heads(h.records[max(0, i-1):])...)
	}
	m := h.fs()
	b.ReportMetric(float64(len(h.files[h.records[500].ID])), "bytes/record")
	for b.Loop() {
		if l := read(b, m); len(l.Records) != 1000 || len(l.Problems) > 0 {
			b.Fatalf("%d records, %v", len(l.Records), l.Problems[:1])
		}
	}
}
