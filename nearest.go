package ssf

import "strings"

// Nearest is the name that a person most likely meant by word, or "" if none
// is near: at most one edit in three letters, transpositions counting as one.
// Of names that are equally near it is the one that begins more alike.
func Nearest(word string, names []string) string {
	fold := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", "_")) }
	folded := fold(word)
	alike := func(n string) (i int) {
		for i < min(len(n), len(word)) && n[i] == word[i] {
			i++
		}
		return i
	}
	most := max(1, len([]rune(word))/3)
	best, least := "", most+1
	for _, n := range names {
		if d := len(n) - len(word); d > 4*most || -d > 4*most { // in bytes, so with room
			continue
		}
		d := Distance(folded, fold(n), most)
		if d < least || d == least && d <= most && (alike(n) > alike(best) || alike(n) == alike(best) && n < best) {
			best, least = n, d
		}
	}
	return best
}

// Distance is the optimal string alignment distance of a and b, or limit+1 if
// it is greater than limit.
func Distance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 || max(len(x)-len(y), len(y)-len(x)) > limit {
		return limit + 1
	}
	var rows [3][66]int
	for j := range len(y) + 1 {
		rows[1][j] = j
	}
	for i := 1; i <= len(x); i++ {
		old, prev, cur := &rows[(i-1)%3], &rows[i%3], &rows[(i+1)%3]
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], old[j-2]+1)
			}
		}
	}
	return rows[(len(x)+1)%3][len(y)]
}
