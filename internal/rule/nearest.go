package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ssf"
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
		apart[v] = ssf.Distance(word, v, 64)
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
