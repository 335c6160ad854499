package main

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ssf"
	"ssf/internal/report"
	"ssf/internal/ruletest"
	"ssf/library"
)

func (a *app) libraryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "library",
		Short: "list what the threat library has, and find what it lacks",
		Long: `Library shows and judges threat libraries: that in DIR, or else ssf/core and
the libraries that the nearest model names.
` + exits,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.libraryListCommand(), a.libraryLintCommand())
	return cmd
}

func (a *app) libraryListCommand() *cobra.Command {
	var format string
	var kinds []string
	cmd := &cobra.Command{
		Use:   "list [DIR]",
		Short: "list the entries of the library",
		Long: `List shows the threats, measures, facts, kinds, technologies, protocols,
controls and the rest that the library in DIR has; without DIR, those of ssf/core
and of the libraries that the nearest model names. As JSON each entry has its
weaknesses and attacks, the entries of published lists that it is about, whether
their publisher says so (official) or we do (ours), and the cases that test it.

Exit status: 0 done, 1 could not do it, 2 wrong usage or a fault in the library.`,
		Args: upToOne,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := oneOf("--format", format, "text", "json"); err != nil {
				return err
			}
			all := []ruletest.Item{}
			err := a.eachLibrary(first(args), func(s ruletest.Suite) error {
				items, err := ruletest.List(s)
				all = append(all, items...)
				return err
			})
			if err != nil {
				return err
			}
			if len(kinds) > 0 {
				var known []string
				for _, x := range all {
					known = append(known, x.Kind)
				}
				for _, k := range kinds {
					if !slices.Contains(known, k) {
						return usagef("the library has no entries of kind %q%s", k, didYouMean(k, known))
					}
				}
				all = slices.DeleteFunc(all, func(x ruletest.Item) bool { return !slices.Contains(kinds, x.Kind) })
			}
			if format == "json" {
				return report.JSON(a.env.Stdout, all)
			}
			return ruletest.ListText(a.env.Stdout, all)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringSliceVar(&kinds, "kind", nil, "only entries of these kinds, such as threat,measure")
	return cmd
}

func (a *app) libraryLintCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "lint [DIR]",
		Short: "find what is wrong or missing in the library",
		Long: `Lint reads the library in DIR (default: ssf/core and those that the nearest
model names) and tells what is wrong in it: keys, references, conditions, ids of
CWE and CAPEC that do not exist or are deprecated, circles, rules without their
cases, measures that nothing uses or that nobody could verify, and entries of
published lists that no rule is about. ` + "`ssf test`" + ` tries the cases.

Exit status: 0 nothing is wrong, 1 could not do it, 2 wrong usage or a fault in
the library's files, 3 something is missing.`,
		Args: upToOne,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := oneOf("--format", format, "text", "json"); err != nil {
				return err
			}
			total := &ruletest.Lint{Findings: []ruletest.Failure{}, Coverage: []ruletest.Coverage{}}
			err := a.eachLibrary(first(args), func(s ruletest.Suite) error {
				l, err := ruletest.Check(s)
				if err == nil {
					total.Findings, total.Coverage = append(total.Findings, l.Findings...), append(total.Coverage, l.Coverage...)
				}
				return err
			})
			if err != nil {
				return err
			}
			if format == "json" {
				err = report.JSON(a.env.Stdout, total)
			} else {
				err = ruletest.LintText(a.env.Stdout, total)
			}
			if err == nil && !total.Passed() {
				err = exit(exitNo)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// eachLibrary calls do for the library in a folder, or for ssf/core and those
// of the nearest model, if there is one. Faults in files end it.
func (a *app) eachLibrary(dir string, do func(ruletest.Suite) error) error {
	core := library.Index()
	if dir == "" {
		if err := do(ruletest.Suite{FS: library.Core, Own: core, Library: core}); err != nil {
			return err
		}
		if _, err := a.dir(""); err != nil {
			return nil
		}
	}
	libs, root, err := a.libraries(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := a.sound(libs); err != nil {
		return err
	}
	for i := range libs.Added {
		l := &libs.Added[i]
		fsys, err := fs.Sub(root.FS(), l.Dir)
		if err != nil {
			return err
		}
		if err := do(ruletest.Suite{FS: fsys, Shown: l.Shown, Own: &l.Library, Library: libs.Whole}); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) suggestCommand() *cobra.Command {
	var dir string
	var only []string
	cmd := &cobra.Command{
		Use:   "suggest THREAT...",
		Short: "write mitigations and verifications for threats",
		Long: `Suggest prints, as a file of the model, what the library knows against threats:
its measures as planned mitigations, and for each how it is verified and how to
see the verification fail. THREAT is a threat of the model, such as
sql-injection@web-to-db, or a rule. Of analysers it names the rules that read the
technologies of the elements.

  ssf suggest sql-injection@web-to-db csrf@pay >ssf/mitigations.yaml
` + exits,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("suggest takes one threat or more")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			lib := library.Index()
			var c *ssf.Case
			var m *ssf.Model
			if _, e := a.dir(dir); e == nil || dir != "" || strings.Contains(strings.Join(args, " "), "@") {
				found, in, err := a.evaluate(cmd.Context(), dir)
				if err != nil {
					return err
				}
				style, err := a.style("text")
				if err != nil {
					return err
				}
				if err := a.erroneous(found, style); err != nil {
					return err
				}
				c, m, lib = found, in.Model, in.Library
			}
			return a.suggest(args, lib, m, c, only)
		},
	}
	cmd.Flags().StringSliceVar(&only, "measure", nil, "only these measures")
	cmd.Flags().StringVarP(&dir, "dir", "C", "", "the model's folder")
	return cmd
}

func (a *app) suggest(args []string, lib *ssf.Library, m *ssf.Model, c *ssf.Case, only []string) error {
	var rules, measures []string
	for i := range lib.Threats {
		rules = append(rules, string(lib.Threats[i].ID))
	}
	var ids []ssf.ID
	for _, id := range args {
		name, at, instance := strings.Cut(id, "@")
		i := slices.Index(rules, name)
		switch {
		case strings.HasPrefix(name, "own/"):
			return usagef("%s is a threat of your own, and the library knows no measures against it", id)
		case i < 0:
			return usagef("there is no threat %q%s", name, didYouMean(name, rules))
		case instance && !slices.ContainsFunc(c.Threats, func(t ssf.Threat) bool { return string(t.ID) == id }):
			if !slices.Contains(elementIDs(c), at) {
				return usagef("there is no element %q in the model%s", at, renamed(at, c))
			}
			return usagef("%s is not derived; `ssf explain %s` says why", id, id)
		}
		ids = append(ids, ssf.ID(id))
		for _, m := range lib.Threats[i].Measures {
			measures = append(measures, string(m.ID))
		}
	}
	var chosen []ssf.ID
	for _, m := range only {
		if !slices.Contains(measures, m) {
			return usagef("%q is no measure against %s%s; they are %s", m, strings.Join(args, ", "), didYouMean(m, measures), strings.Join(measures, ", "))
		}
		chosen = append(chosen, ssf.ID(m))
	}
	return report.Suggest(a.env.Stdout, ids, lib, m, c, chosen)
}
