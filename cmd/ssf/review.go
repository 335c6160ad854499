package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ssf"
	"ssf/internal/eval"
	"ssf/internal/evidence"
	"ssf/internal/lang"
	"ssf/internal/report"
)

func (a *app) reviewCommand() *cobra.Command {
	var format, dir string
	var all, yes bool
	cmd := &cobra.Command{
		Use:   "review [PATTERN]",
		Short: "show what was decided and not confirmed, and confirm it",
		Long: `Review compares the decisions of the model with ssf.lock and shows

  unreviewed  what a pattern covers and nobody has confirmed: it counts as open
  stale       what rests on facts that have changed since: it counts as open
  new         what names one threat, and is not pinned yet
  gone        what the lock file pins and the model decides no more

with what changed. On a terminal it asks, group by group; with --yes it confirms
all that it shows. What is confirmed is pinned in ssf.lock, which belongs in
version control; the rest stays as it was, and without a yes nothing is written.
But if Git left both sides of a merge in the file, both are kept, and the marks
go.

PATTERN restricts it: an id with * for any part, such as csrf@*, *@web, csrf or
orders.integrity.

Exit status: 0 nothing is left to confirm, 1 could not do it, 2 wrong usage or
an error in the model, 3 something is left to confirm.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("review takes one pattern at most; quote it, so that the shell leaves it alone")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			style, err := a.style(format)
			if err != nil {
				return err
			}
			if dir, err = a.dir(dir); err != nil {
				return err
			}
			c, in, err := a.evaluate(cmd.Context(), dir)
			if err != nil {
				return err
			}
			if err := a.erroneous(c, style); err != nil {
				return err
			}
			shown, err := pinsFitting(c, first(args), all)
			if err != nil {
				return usagef("%w%s", err, a.beside(first(args), "review"))
			}
			r := reviewer{app: a, yes: yes, said: map[*ssf.Pin]bool{}, style: style, summary: a.env.Stdout}
			if format == "json" {
				r.summary = a.env.Stderr // what reads JSON reads nothing after it
				out := []ssf.Pin{}
				for _, p := range shown {
					out = append(out, *p)
				}
				r.hear(shown)
				err = report.JSON(a.env.Stdout, out)
			} else {
				err = r.show(cmd.Context(), c, shown)
			}
			if err != nil {
				return err
			}
			return r.finish(filepath.Join(dir, lang.LockFile), first(args), in.Lock, c, shown)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringVarP(&dir, "dir", "C", "", "the model's folder")
	cmd.Flags().BoolVar(&all, "all", false, "show what is confirmed too")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "confirm what is shown, without asking")
	return cmd
}

// pinsFitting are the pins that a pattern names, and of these, unless all are
// wanted, those that are not confirmed.
func pinsFitting(c *ssf.Case, pattern string, all bool) (out []*ssf.Pin, err error) {
	var names []string
	known := pattern == ""
	for i := range c.Pins {
		p := &c.Pins[i]
		rule, _, _ := strings.Cut(string(p.ID), "@")
		names = append(names, string(p.ID), rule)
		if pattern != "" && !ssf.Match(pattern, string(p.ID)) && !ssf.Match(pattern, rule) {
			continue
		}
		known = true
		if all || p.Status != ssf.Confirmed {
			out = append(out, p)
		}
	}
	if !known {
		return nil, usagef("nothing that is decided or pinned fits %q%s", pattern, didYouMean(pattern, names))
	}
	return out, nil
}

// A reviewer shows pins and hears what is said of them.
type reviewer struct {
	*app
	yes   bool
	said  map[*ssf.Pin]bool
	style report.Style

	summary io.Writer
}

// hear confirms what is shown, if that was said beforehand.
func (r *reviewer) hear(shown []*ssf.Pin) {
	for _, p := range shown {
		r.said[p] = r.yes
	}
}

// show writes the pins group by group, and on a terminal asks after each.
func (r *reviewer) show(ctx context.Context, c *ssf.Case, shown []*ssf.Pin) error {
	in := bufio.NewReader(r.env.Stdin)
	for group := range report.ReviewGroups(shown) {
		if err := report.Review(r.env.Stdout, c, group, r.style); err != nil {
			return err
		}
		if r.yes || !r.env.Asks || group[0].Status == ssf.Confirmed {
			r.hear(group)
			continue
		}
		answer, err := ask(ctx, r.env.Stdout, in)
		if err != nil {
			return err
		}
		switch answer {
		case 'y', 'a':
			for _, p := range group {
				r.said[p] = true
			}
			r.yes = answer == 'a'
		case 'q':
			return nil
		}
	}
	return nil
}

// ask reads one answer: y, n, a for all that follow, q for none of them. The
// end of the input is q; an interruption ends the command.
func ask(ctx context.Context, w io.Writer, in *bufio.Reader) (byte, error) {
	for {
		if _, err := fmt.Fprint(w, "confirm? [y]es, [n]o, [a]ll that follow, [q]uit: "); err != nil {
			return 0, err
		}
		line, err := readLine(ctx, in)
		answer := strings.ToLower(strings.TrimSpace(line))
		switch {
		case answer != "" && strings.Contains(" yes no all quit ", " "+answer+" "), len(answer) == 1 && strings.Contains("ynaq", answer):
			return answer[0], nil
		case errors.Is(err, io.EOF):
			fmt.Fprintln(w)
			return 'q', nil
		case ctx.Err() != nil:
			fmt.Fprintln(w)
			return 0, fmt.Errorf("interrupted; nothing was confirmed")
		case err != nil:
			return 0, fmt.Errorf("reading the answer: %w", err)
		}
	}
}

// readLine reads a line, or gives up waiting for it when ctx ends.
func readLine(ctx context.Context, in *bufio.Reader) (line string, err error) {
	done := make(chan struct{})
	go func() {
		line, err = in.ReadString('\n')
		close(done)
	}()
	select {
	case <-done:
		return line, err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// finish writes the lock file where it is to change, and says what is left.
func (r *reviewer) finish(name, pattern string, lock *ssf.Lock, c *ssf.Case, shown []*ssf.Pin) error {
	left := 0
	for _, p := range shown {
		if p.Status != ssf.Confirmed && !r.said[p] {
			left++
		}
	}
	release, err := evidence.LockFolder(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer release()
	now, faults, err := lang.ReadLock(os.DirFS(filepath.Dir(name)))
	if err != nil {
		return err
	}
	if lock != nil && now != nil && len(faults) == 0 { // a verification may have set checkpoints since
		lock = &ssf.Lock{Conflict: lock.Conflict, Pins: slices.Concat(decisionsOf(lock.Pins), slices.DeleteFunc(now.Pins, func(p ssf.Pin) bool { return p.Kind != ssf.PinCheckpoint }))}
	}
	pins := eval.Confirm(lock, c.Pins, func(p *ssf.Pin) bool { return r.said[p] })
	text := lang.FormatLock(pins)
	said := 0
	for p, yes := range r.said {
		if yes && p.Status != ssf.Confirmed {
			said++
		}
	}
	if said > 0 || lock != nil && (r.yes && text != lang.FormatLock(lock.Pins) || lock.Conflict.Known()) {
		if len(text) > lang.MaxLockSize { // what cannot be read again is not written
			return fmt.Errorf("writing %s: it would be larger than the limit of %d MiB; let patterns cover fewer threats", lang.LockFile, lang.MaxLockSize>>20)
		}
		err := r.replace(name, ordinary, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
		if err != nil {
			return fmt.Errorf("writing %s: %w", lang.LockFile, err)
		}
		fmt.Fprintf(r.env.Stderr, "wrote %s\n", name)
	}
	if err := report.ReviewSummary(r.summary, shown, said, left, pattern, r.style); err != nil {
		return err
	}
	if left > 0 {
		return exit(exitNo)
	}
	return nil
}
