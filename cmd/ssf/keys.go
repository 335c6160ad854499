package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"ssf/internal/evidence"
	"ssf/internal/report"
)

// keyVariable holds a private key as PEM, for machines that keep no files.
const keyVariable = "SSF_KEY"

func (a *app) keysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "make and list the keys that sign evidence",
		Long: `Keys are Ed25519 keys, kept as PEM files that only you can read in the folder
keys of your settings (SSF_CONFIG says where these are, if not in the usual
place). ` + "`ssf verify`" + ` signs with the one that there is, the one that --key names,
or in CI the one whose PEM text the variable SSF_KEY holds.

A command that you trust runs as you: it can read the files of keys, and SSF_KEY
in what started ssf (not in ssf itself, on Linux, unless it runs as root).

A model names in ` + "`signers:`" + ` whose evidence counts, by the public key.
` + exits,
		Args: a.onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.newKeyCommand(), a.listKeysCommand())
	return cmd
}

func (a *app) newKeyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "new [NAME]",
		Short: "make a key; its name is `default` if none is given",
		Long: `New makes a key and prints its public part, as ` + "`signers:`" + ` of a model takes it. A
key that is there already is not touched.
` + exits,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("keys new takes one name at most")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := a.keyFolder()
			if err != nil {
				return err
			}
			name := first(args)
			if name == "" {
				name = "default"
			}
			k, err := evidence.NewKey(dir, name)
			if errors.Is(err, fs.ErrExist) {
				return usagef("there is a key %s already; `ssf keys list` shows it", name)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(a.env.Stderr, "wrote %s; keep it to yourself, and put into ssf.yaml:\nsigners: {%s: {key: '%s'}}\n", filepath.Join(dir, name+".pem"), name, k.Public())
			_, err = fmt.Fprintln(a.env.Stdout, k.Public())
			return err
		},
	}
}

func (a *app) listKeysCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "list the keys by name and public part",
		Long: `List prints the name and the public part of each key.
` + exits,
		Args: a.onlyCommands,
		RunE: func(*cobra.Command, []string) error {
			if _, err := a.style(format); err != nil {
				return err
			}
			dir, err := a.keyFolder()
			if err != nil {
				return err
			}
			keys, faults := evidence.Keys(dir)
			type key struct {
				Name string `json:"name"`
				Key  string `json:"key"`
			}
			out := []key{}
			for _, k := range keys {
				out = append(out, key{k.Name(), k.Public()})
			}
			if format == "json" {
				err = report.JSON(a.env.Stdout, out)
			} else {
				for _, k := range out {
					fmt.Fprintf(a.env.Stdout, "%-16s %s\n", k.Name, k.Key)
				}
				if len(out) == 0 && faults == nil {
					fmt.Fprintln(a.env.Stderr, "ssf: there are no keys; `ssf keys new` makes one")
				}
			}
			return errors.Join(err, faults)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

var errNoConfig = errors.New("there is no folder for settings: set SSF_CONFIG or HOME")

func (a *app) keyFolder() (string, error) {
	if a.env.Config == "" {
		return "", errNoConfig
	}
	return filepath.Join(a.env.Config, "keys"), nil
}

// key is the key to sign with: the one that is named, else that of the
// environment, else the only one there is. It is nil if there is none.
func (a *app) key(name string) (*evidence.Key, error) {
	if text := a.env.Getenv(keyVariable); name == "" && text != "" {
		k, err := evidence.ParseKey(text)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", keyVariable, err)
		}
		return &k, nil
	}
	dir, err := a.keyFolder()
	if err != nil && name == "" {
		return nil, nil
	}
	if name != "" {
		k, err := evidence.LoadKey(dir, name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, usagef("there is no key %q; `ssf keys list` shows those that there are", name)
		}
		return &k, err
	}
	keys, err := evidence.Keys(dir)
	switch {
	case err != nil:
		return nil, err
	case len(keys) == 1:
		return &keys[0], nil
	case len(keys) > 1:
		return nil, usagef("there are %d keys; say with --key which of them signs", len(keys))
	}
	return nil, nil
}

// onlyCommands refuses arguments where a command is wanted.
func (a *app) onlyCommands(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	if len(names) == 0 {
		return usagef("%s takes no argument, and there is %q", cmd.CommandPath(), args[0])
	}
	return usagef("%s has no command %q%s", cmd.CommandPath(), args[0], didYouMean(args[0], names))
}
