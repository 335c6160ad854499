package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"bookshop/internal/account"
	"bookshop/internal/audit"
	"bookshop/internal/config"
	"bookshop/internal/pay"
	"bookshop/internal/session"
	"bookshop/internal/shop"
	"bookshop/internal/store"
	"bookshop/internal/web"
)

const (
	patience = 5 * time.Second  // with clients that send slowly
	goodbye  = 15 * time.Second // for requests that are under way when the shop ends
)

// run does what the arguments say, until it is done or ctx ends.
func run(ctx context.Context, args []string, env func(string) string, out, log io.Writer) error {
	c, err := config.Read(env)
	if err != nil {
		return err
	}
	if len(args) == 1 && args[0] == "verify" {
		return verify(c, out)
	}
	db, err := store.Open(ctx, c.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	switch {
	case len(args) == 0:
		return serve(ctx, c, db, web.NewLogger(log))
	case len(args) == 3 && args[0] == "role":
		return role(ctx, c, db, args[1], account.Role(args[2]))
	case len(args) == 1 && args[0] == "demo":
		return demo(ctx, shop.New(db, time.Now))
	}
	return fmt.Errorf("unknown arguments %q\n%s", args, usage)
}

// serve answers requests until ctx ends, and then those that are under way.
func serve(ctx context.Context, c config.Config, db *sql.DB, log *slog.Logger) error {
	records, err := audit.Open(c.AuditLog, c.AuditKey, time.Now)
	if err != nil {
		return err
	}
	defer records.Close()
	covers, err := os.OpenRoot(c.Covers)
	if err != nil {
		return fmt.Errorf("opening folder of covers: %w", err)
	}
	defer covers.Close()
	provider, err := pay.NewClient(c.PayURL, c.PayKey, c.PayAuthorities)
	if err != nil {
		return err
	}
	s := &web.Server{
		URL: c.URL, Accounts: account.New(db, account.DefaultCost, time.Now), Sessions: session.New(db, time.Now),
		Shop: shop.New(db, time.Now), Pay: provider, NoticeSecret: c.NoticeSecret,
		Audit: records, Covers: covers, Log: log, Now: time.Now,
	}
	server := web.NewHTTPServer(c.Addr, s.Handler(), patience, log)
	ended := make(chan error, 1)
	go func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		ended <- server.Shutdown(last)
	}()
	go sweep(ctx, s, log)
	log.Info("serving", "address", c.Addr)
	if c.TLSCert != "" {
		err = server.ListenAndServeTLS(c.TLSCert, c.TLSKey)
	} else {
		err = server.ListenAndServe()
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return <-ended
}

// sweep removes every minute what has come to its end.
func sweep(ctx context.Context, s *web.Server, log *slog.Logger) {
	for tick := time.NewTicker(time.Minute); ; {
		for _, step := range []func(context.Context) error{s.Sessions.Sweep, s.Shop.ReleaseUnpaid, s.Shop.Erase} {
			if err := step(ctx); err != nil && ctx.Err() == nil {
				log.Error("sweeping failed", "error", err.Error())
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// role is how the first admin comes to be: by somebody who may use the machine.
func role(ctx context.Context, c config.Config, db *sql.DB, name string, to account.Role) error {
	records, err := audit.Open(c.AuditLog, c.AuditKey, time.Now)
	if err != nil {
		return err
	}
	defer records.Close()
	if err := records.Record(audit.Event{What: "set_role", Outcome: audit.Done, Who: "operator", On: name + " " + string(to)}); err != nil {
		return err
	}
	u, err := account.New(db, account.DefaultCost, time.Now).SetRole(ctx, name, to)
	if err != nil {
		return err
	}
	return session.New(db, time.Now).EndAll(ctx, u)
}

func verify(c config.Config, out io.Writer) error {
	file, err := os.Open(c.AuditLog)
	if err != nil {
		return fmt.Errorf("opening audit log: %w", err)
	}
	defer file.Close()
	n, err := audit.Verify(file, c.AuditKey)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d records, all as they were written\n", n)
	return nil
}

func demo(ctx context.Context, s *shop.Shop) error {
	for _, b := range []shop.Book{
		{ISBN: "9780141439600", Title: "A Tale of Two Cities", Author: "Charles Dickens", Price: 9_50},
		{ISBN: "9780141439518", Title: "Pride and Prejudice", Author: "Jane Austen", Price: 8_95},
		{ISBN: "9780142437247", Title: "Moby-Dick", Author: "Herman Melville", Price: 14_00},
		{ISBN: "9780141439471", Title: "Frankenstein", Author: "Mary Shelley", Price: 7_50},
	} {
		if _, err := s.Save(ctx, b, 10); err != nil {
			return err
		}
	}
	return nil
}
