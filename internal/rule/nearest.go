package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxListed is how many words a hint lists.
const maxListed = 12

// oneOf is a hint for a word that is not among the valid ones: the nearest of
// them, if one is near, and what has them: `has a, b and c`. Of many it lists
// those that are nearest.
func oneOf(word string, valid []string, has string) string {
	if len(valid) == 0 {
		return ""
	}
	apart := make(map[string]int, len(valid))
	for _, v := range valid {
		apart[v] = distance(word, v)
	}
	near := slices.Clone(valid)
	slices.SortStableFunc(near, func(a, b string) int { return cmp.Compare(apart[a], apart[b]) })
	hint := ""
	if d := apart[near[0]]; d < len(word) && d <= max(1, len(word)/3) {
		hint = fmt.Sprintf("did you mean `%s`? ", near[0])
	}
	if len(valid) > maxListed {
		return fmt.Sprintf("%s%s %s and %d more", hint, has, strings.Join(near[:maxListed], ", "), len(valid)-maxListed)
	}
	return fmt.Sprintf("%s%s %s", hint, has, strings.Join(valid, ", "))
}

// distance is the number of insertions, deletions, changes and swaps of
// neighbours that make b of a, in bytes (optimal string alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
