package report

import (
	"fmt"
	"io"
	"strings"

	"ssf"
	"ssf/internal/markup"
)

// GitHub writes the verdict and the diagnostics as workflow commands, which
// become annotations in a change. The verdict is the first, because a forge may
// show but a few of them. No line begins with text of
// the model, which could be a command itself.
func GitHub(w io.Writer, c *ssf.Case, prefix string, o CheckOptions) error {
	kind, says := verdict(c)
	if c.Base.Rev != "" {
		says += fmt.Sprintf(" %s known at %s.", number(c.Base.Known, "problem was", "problems were"), c.Base.Rev)
	}
	level := map[string]string{bad: "warning", string(ssf.Error): "error"}[kind]
	if level == "" {
		level = "notice"
	}
	if _, err := fmt.Fprintf(w, "::%s title=%s::%s\n", level, property("ssf "+product(c)), data(markup.Clean(says))); err != nil {
		return err
	}
	for _, d := range o.selected(c) {
		var at []string
		add := func(name, value string) { at = append(at, name+"="+property(value)) }
		if d.Pos.Known() {
			add("file", below(prefix, d.File))
			if d.Line > 0 {
				add("line", fmt.Sprint(d.Line))
			}
			if d.Line > 0 && d.Col > 0 {
				add("col", fmt.Sprint(d.Col))
				if d.EndCol > d.Col {
					add("endColumn", fmt.Sprint(d.EndCol))
				}
			}
		}
		add("title", string(d.Check))
		message := markup.Clean(d.Message)
		if d.Hint != "" {
			message += "\n" + markup.Clean(d.Hint)
		}
		if _, err := fmt.Fprintf(w, "::%s %s::%s\n", command(d.Severity), strings.Join(at, ","), data(message)); err != nil {
			return err
		}
	}
	return nil
}

func command(s ssf.Severity) string {
	switch s {
	case ssf.Error:
		return "error"
	case ssf.Gap, ssf.Warning:
		return "warning"
	}
	return "notice"
}

// data escapes the message of a workflow command.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// property escapes a property of a workflow command.
func property(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(markup.Clean(s))
}
