package format

import (
	"html"
	"regexp"
	"strings"
)

var (
	hiddenMarkup = regexp.MustCompile(`(?is)<!--.*?-->|<(script|style)\b[^<>]*>.*?</(script|style)\s*>`)
	lineMarkup   = regexp.MustCompile(`(?i)<(/?(br|p|div|li|ul|ol|tr|table|h[1-6]|blockquote|hr))\b[^<>]*>`)
	anyMarkup    = regexp.MustCompile(`</?[A-Za-z][^<>]*>`)
)

// Plain is the text that HTML shows: without marks and comments, with a line of
// its own for each block, characters instead of their names, and no empty lines.
func Plain(s string) string {
	s = hiddenMarkup.ReplaceAllString(s, "")
	s = lineMarkup.ReplaceAllString(s, "\n")
	s = html.UnescapeString(anyMarkup.ReplaceAllString(s, ""))
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
