package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ssf"
	"ssf/internal/eval"
	"ssf/internal/report"
	"ssf/library"
)

// erroneous ends a command about a model that has errors: it shows them and
// nothing else, because nothing else could be relied on.
func (a *app) erroneous(c *ssf.Case, style report.Style) error {
	if !ssf.HasErrors(c.Diagnostics) {
		return nil
	}
	only := *c
	only.Diagnostics = slices.DeleteFunc(slices.Clone(c.Diagnostics), func(d ssf.Diagnostic) bool { return d.Severity != ssf.Error })
	if err := report.Check(a.env.Stderr, &only, style, report.CheckOptions{}); err != nil {
		return err
	}
	return exit(exitUsage)
}

func (a *app) threatsCommand() *cobra.Command {
	var format, at, dir string
	var states []string
	cmd := &cobra.Command{
		Use:   "threats [PATTERN]",
		Short: "list the threats, the worst first",
		Long: `Threats lists the threats of the model with state, risk and place, the worst
first. PATTERN is a threat's id with * for any part: csrf@*, *@web, own/*.
` + exits,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("threats takes one pattern at most; quote it, so that the shell leaves it alone")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			style, err := a.style(format)
			if err != nil {
				return err
			}
			for _, s := range states {
				if !slices.Contains(ssf.States, ssf.State(s)) {
					return usagef("--state is one of %s, not %q", ssf.Join(ssf.States), s)
				}
			}
			c, _, err := a.evaluate(cmd.Context(), dir)
			if err != nil {
				return err
			}
			if err := a.erroneous(c, style); err != nil {
				return err
			}
			if at != "" && !slices.Contains(elementIDs(c), at) {
				return usagef("there is no element %q in the model%s", at, renamed(at, c))
			}
			pattern := first(args)
			if pattern != "" && !strings.Contains(pattern, "@") {
				pattern += "@*"
			}
			keep := func(t *ssf.Threat) bool {
				return (pattern == "" || ssf.Match(pattern, string(t.ID))) && (at == "" || t.Element == ssf.ID(at)) &&
					(len(states) == 0 || slices.Contains(states, string(t.State)))
			}
			if pattern != "" && !slices.ContainsFunc(c.Threats, func(t ssf.Threat) bool { return ssf.Match(pattern, string(t.ID)) }) {
				if slices.ContainsFunc(c.Elements, func(e ssf.ElementInfo) bool { return e.ID == ssf.ID(first(args)) }) {
					return usagef("%q is an element, and no rule; `ssf threats '*@%s'` lists its threats", first(args), first(args))
				}
				return usagef("no threat fits %q%s%s", first(args), didYouMean(first(args), threatNames(c)), a.beside(first(args), "threats"))
			}
			if format == "json" {
				out := []ssf.Threat{}
				for i := range c.Threats {
					if keep(&c.Threats[i]) {
						out = append(out, c.Threats[i])
					}
				}
				return report.JSON(a.env.Stdout, out)
			}
			return report.Threats(a.env.Stdout, c, style, keep)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringVar(&at, "at", "", "only those at this element")
	cmd.Flags().StringVarP(&dir, "dir", "C", "", "the model's folder")
	cmd.Flags().StringSliceVar(&states, "state", nil, "only those in these states, such as open,undecided")
	return cmd
}

// threatNames are the rules and elements of the threats, and their own ids.
func threatNames(c *ssf.Case) (names []string) {
	for _, t := range c.Threats {
		names = append(names, string(t.ID), string(t.Rule), string(t.Rule)+"@*", "*@"+string(t.Element))
	}
	return names
}

func elementIDs(c *ssf.Case) (ids []string) {
	for _, e := range c.Elements {
		ids = append(ids, string(e.ID))
	}
	for _, t := range c.Threats { // those on mitigations
		ids = append(ids, string(t.Element))
	}
	return ids
}

// renamed names the element that had an id formerly, or one with an id like it.
func renamed(id string, c *ssf.Case) string {
	for _, e := range c.Elements {
		if slices.Contains(e.Was, ssf.ID(id)) {
			return fmt.Sprintf("; it is called %q now", e.ID)
		}
	}
	return didYouMean(id, elementIDs(c))
}

// didYouMean is the name that somebody meant, if one is near: also where only
// the name of its library is missing.
func didYouMean(word string, names []string) string {
	for _, n := range names {
		if strings.HasSuffix(n, "/"+word) {
			return fmt.Sprintf("; did you mean %q?", n)
		}
	}
	if near := ssf.Nearest(word, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

func (a *app) questionsCommand() *cobra.Command {
	var format string
	var all bool
	var at func([]string) (string, error)
	cmd := &cobra.Command{
		Use:   "questions [DIR]",
		Short: "list the facts that would decide threats, the best first",
		Long: `Questions lists the facts that nobody has stated and that threats wait for, each
with the elements it is asked of and how many threats an answer decides: at most
seven, which together decide most. What they leave open is asked then; --all
lists it now.
` + exits,
		Args: upToOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			style, err := a.style(format)
			if err != nil {
				return err
			}
			dir, err := at(args)
			if err != nil {
				return err
			}
			c, _, err := a.evaluate(cmd.Context(), dir)
			if err != nil {
				return err
			}
			if err := a.erroneous(c, style); err != nil {
				return err
			}
			if all {
				c.Questions, c.Later = slices.Concat(c.Questions, c.Later), nil
			}
			if format == "json" {
				return report.JSON(a.env.Stdout, append([]ssf.OpenQuestion{}, c.Questions...))
			}
			return report.Questions(a.env.Stdout, c, style)
		},
	}
	at = folder(cmd)
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().BoolVar(&all, "all", false, "also those that answers to the first may settle")
	return cmd
}

func (a *app) explainCommand() *cobra.Command {
	var format, dir string
	cmd := &cobra.Command{
		Use:   "explain ID",
		Short: "tell what an id means: a threat, a rule, a fact, a control",
		Long: `Explain tells what is known of an id:

  sql-injection@web-to-db   why this threat is there or not, fact by fact
  sql-injection             a rule of the library
  encrypted                 a fact: its question, and who reads and implies it
  web-to-db.encrypted       what it is of one element
  CX-3                      a control: what to do, what judges it, its state
  context/no-zone           a diagnostic: what it means and how to mend it
  web                       an element of the model with its facts
  no-sql-from-input         a verification: what it is worth today, and why
  kinds, technologies, protocols, facts, threats, measures, controls, checks
                            what the library has of each
` + exits,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("explain takes one id")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			style, err := a.style(format)
			if err != nil {
				return err
			}
			return a.explain(cmd, ssf.ID(args[0]), dir, format, style)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json (of a threat)")
	cmd.Flags().StringVarP(&dir, "dir", "C", "", "the model's folder")
	return cmd
}

// explain needs a model for what stands in one, and else only the library.
func (a *app) explain(cmd *cobra.Command, id ssf.ID, dir, format string, style report.Style) error {
	lib := library.Index()
	var c *ssf.Case
	var err error
	if _, e := a.dir(dir); e == nil || dir != "" || strings.Contains(string(id), "@") {
		var in ssf.Inputs
		if c, in, err = a.evaluate(cmd.Context(), dir); err != nil {
			return err
		}
		lib = in.Library
		if strings.Contains(string(id), "@") {
			return a.explainThreat(in, c, id, format, style)
		}
	}
	if format == "json" {
		return usagef("--format json is for threats, such as `ssf explain --format json csrf@checkout`")
	}
	found, err := report.ExplainEntry(a.env.Stdout, id, lib, c, style)
	if err == nil && !found {
		return usagef("nothing has the id %q%s", id, didYouMean(string(id), allIDs(lib, c)))
	}
	return err
}

func (a *app) explainThreat(in ssf.Inputs, c *ssf.Case, id ssf.ID, format string, style report.Style) error {
	if err := a.erroneous(c, style); err != nil {
		return err
	}
	x, ok, err := eval.Explain(in, c, id)
	switch {
	case err != nil:
		return err
	case !ok:
		name, at, _ := strings.Cut(string(id), "@")
		var rules []string
		for _, r := range in.Library.Threats {
			rules = append(rules, string(r.ID))
		}
		if !slices.Contains(rules, name) {
			return usagef("there is no threat %q%s", name, didYouMean(name, rules))
		}
		for _, m := range c.Mitigations {
			if string(m.ID) == at {
				return usagef("%s does not stand at mitigation %s: the rule is for others, or it is not there yet, and threats to it come once it is implemented", name, at)
			}
		}
		return usagef("there is no element %q in the model%s", at, renamed(at, c))
	case format == "json":
		return report.JSON(a.env.Stdout, x)
	}
	return report.ExplainThreat(a.env.Stdout, x, style)
}

// allIDs are the ids that explain knows, for its did-you-mean.
func allIDs(lib *ssf.Library, c *ssf.Case) (ids []string) {
	add := func(id ssf.ID) { ids = append(ids, string(id)) }
	for _, x := range lib.Controls {
		add(x.ID)
	}
	for _, x := range lib.Checks {
		add(x.ID)
	}
	for _, x := range lib.Threats {
		add(x.ID)
	}
	for _, x := range lib.Facts {
		add(x.ID)
	}
	for _, x := range lib.Measures {
		add(x.ID)
	}
	for _, ks := range [][]ssf.KindDef{lib.Kinds, lib.Techs, lib.Protocols} {
		for _, x := range ks {
			add(x.ID)
		}
	}
	if c != nil {
		ids = append(ids, elementIDs(c)...)
		for _, x := range c.Mitigations {
			add(x.ID)
		}
		for _, x := range c.Verifications {
			add(x.ID)
		}
	}
	return ids
}
