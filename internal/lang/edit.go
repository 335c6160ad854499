package lang

import (
	"maps"

	"ssf"
)

// Edit is the snapshot after a file has a new text, or is new. It is what Load
// would make of the same files, but what was read before is not read again: the
// other files, and of this one all pieces that have not changed. Of files that
// Load did not read because they were too much together, an edit reads none. A
// library of the team is read again where the model names it at another place.
//
// Edit of a path that is no file of a model is s itself.
func (s *Snapshot) Edit(path, text string) *Snapshot {
	if path != RootFile && !bears(path, 0) && s.other(path) < 0 {
		return s
	}
	src, refused := readText(path, text)
	return s.with(path, true, &file{source: src, refused: refused})
}

// Remove is the snapshot after a file was deleted.
func (s *Snapshot) Remove(path string) *Snapshot {
	if _, there := s.seen[path]; !there {
		return s
	}
	return s.with(path, false, nil)
}

// Parsed is how many pieces were parsed to make this snapshot: what an edit
// costs beside a look at the text.
func (s *Snapshot) Parsed() int { return s.parsed }

// other is the index of path among those that are taken for the root file.
func (s *Snapshot) other(path string) int {
	for i, other := range others {
		if other == path {
			return i
		}
	}
	return -1
}

func (s *Snapshot) with(path string, there bool, f *file) *Snapshot {
	out := &Snapshot{fsys: s.fsys, core: s.core, seen: maps.Clone(s.seen), files: maps.Clone(s.files)}
	delete(out.seen, path)
	delete(out.files, path)
	if there {
		out.seen[path] = 0
		out.files[path] = f
	}
	_ = out.read(s) // there is no error after an edit: see [Snapshot.use]
	return out
}

// An identity is all that reading a piece depends on, beside the file's path,
// the library and the line where it begins. The line behind it is part of it,
// because a place at the very end of a piece may fall on that line.
type identity struct {
	section string
	entries bool
	text    string
	next    string
}

func (p piece) identity() identity {
	id := identity{entries: p.entries, text: p.src.span(p.from, p.to), next: "\n"} // no line is a line break
	if p.sec != nil {
		id.section = p.sec.key
	}
	if p.to <= len(p.src.lines) {
		id.next = p.src.line(p.to)
	}
	return id
}

// A read is a result with the line at which its piece began.
type read struct {
	result *result
	line   int
}

// pieces are those of a file by what they depend on.
func (s *Snapshot) pieces(path string) map[identity]read {
	if s == nil || s.files[path] == nil {
		return nil
	}
	f := s.files[path]
	out := make(map[identity]read, len(f.parts))
	for i, p := range f.cut.pieces {
		if _, known := sectionOf(p); known {
			out[p.identity()] = read{&f.parts[i], p.from}
		}
	}
	return out
}

// sectionOf finds the row of the section that a piece of entries is in; a piece
// with its own keys has none. A piece of an unknown section is not known: it is
// reported at the section's key, which is not in it.
func sectionOf(p piece) (row int, known bool) {
	if !p.entries {
		return -1, true
	}
	return modelTable.find(p.sec.key)
}

// at is the result of the same piece somewhere else in the file.
func (r read) at(p piece) result {
	out := *r.result
	if by := shift(p.from - r.line); by != 0 {
		out = by.result(out)
	}
	if p.entries && p.sec.key != "" {
		out.keys = []ssf.Ref{p.key()}
	}
	return out
}
