package evidence

import (
	"fmt"

	"ssf"
)

// A Checkpoint says that Head stood for Count records, itself included.
type Checkpoint struct {
	Count int        `json:"count"`
	Head  ssf.Digest `json:"head"`
}

// Checkpoints are those of the heads of a log, sorted by head.
func (l *Log) Checkpoints() []Checkpoint {
	at := places(l.Records)
	cs := make([]Checkpoint, len(l.Heads))
	for i, h := range l.Heads {
		cs[i] = Checkpoint{l.reach(at, h), h}
	}
	return cs
}

// Check says which checkpoints a log does not keep. A log without a problem of
// its own that keeps a checkpoint holds every record that was there then, byte
// for byte; of what was added later a checkpoint knows nothing.
func Check(l *Log, checkpoints []Checkpoint) []Problem {
	at := places(l.Records)
	done := map[Checkpoint]bool{}
	var problems []Problem
	for _, c := range checkpoints {
		if done[c] {
			continue
		}
		done[c] = true
		bad := func(kind Kind, format string, args ...any) {
			problems = append(problems, Problem{fileOf(c.Head), c.Head, kind, fmt.Sprintf(format, args...)})
		}
		if _, there := at[c.Head]; !there {
			bad(Removed, "a checkpoint names this record, which stood for %d, and it is not there or not whole", c.Count)
		} else if n := l.reach(at, c.Head); n != c.Count {
			bad(Miscounted, "this record stood for %d records at a checkpoint, and stands for %d now", c.Count, n)
		}
	}
	sortProblems(problems)
	return problems
}

// reach counts the records that id stands for: itself, and what it follows.
func (l *Log) reach(at map[ssf.Digest]int, id ssf.Digest) int {
	seen := make([]bool, len(l.Records))
	n := 0
	for todo := []ssf.Digest{id}; len(todo) > 0; {
		i, there := at[todo[len(todo)-1]]
		todo = todo[:len(todo)-1]
		if there && !seen[i] {
			seen[i] = true
			n++
			todo = append(todo, l.Records[i].Prev...)
		}
	}
	return n
}
