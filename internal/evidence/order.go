package evidence

import (
	"bytes"
	"cmp"
	"container/heap"
	"slices"

	"ssf"
)

// places are the indices of records by their ids.
func places(records []ssf.Evidence) map[ssf.Digest]int {
	at := make(map[ssf.Digest]int, len(records))
	for i, e := range records {
		at[e.ID] = i
	}
	return at
}

// heads are the records that no other names, sorted.
func heads(records []ssf.Evidence) []ssf.Digest {
	named := map[ssf.Digest]bool{}
	for _, e := range records {
		for _, p := range e.Prev {
			named[p] = true
		}
	}
	ids := []ssf.Digest{}
	for _, e := range records {
		if !named[e.ID] {
			ids = append(ids, e.ID)
		}
	}
	slices.SortFunc(ids, compareDigests)
	return ids
}

// inOrder puts each record after those that it follows, and else by time and id.
func inOrder(records []ssf.Evidence) []ssf.Evidence {
	records = slices.Clone(records)
	slices.SortFunc(records, func(a, b ssf.Evidence) int { return cmp.Or(a.Time.Compare(b.Time), bytes.Compare(a.ID[:], b.ID[:])) })
	at := places(records)
	waits := make([]int, len(records)) // for how many others a record waits
	after := make([][]int, len(records))
	for i, e := range records {
		for _, p := range e.Prev {
			if j, ok := at[p]; ok {
				waits[i]++
				after[j] = append(after[j], i)
			}
		}
	}
	ready := &queue{}
	for i, n := range waits {
		if n == 0 {
			heap.Push(ready, i)
		}
	}
	ordered := make([]ssf.Evidence, 0, len(records))
	for ready.Len() > 0 {
		i := heap.Pop(ready).(int)
		ordered = append(ordered, records[i])
		for _, j := range after[i] {
			if waits[j]--; waits[j] == 0 {
				heap.Push(ready, j)
			}
		}
	}
	for i, n := range waits { // a circle, which SHA-256 rules out
		if n > 0 {
			ordered = append(ordered, records[i])
		}
	}
	return ordered
}

// A queue is a heap of numbers, the smallest first.
type queue []int

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i] < q[j] }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(int)) }

func (q *queue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	*q = (*q)[:last]
	return x
}
