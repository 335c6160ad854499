package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
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
	case len(args) == 2 && args[0] == "person":
		return person(ctx, c, db, args[1], out)
	case len(args) == 2 && args[0] == "forget":
		return forget(ctx, c, db, args[1])
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
			if err := attempt(ctx, step); err != nil && ctx.Err() == nil {
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

// attempt makes an error of a panic, so that one step ends neither the others
// nor the shop.
func attempt(ctx context.Context, step func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return step(ctx)
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
	_, err = account.New(db, account.DefaultCost, time.Now).SetRole(ctx, name, to)
	return err
}

// person writes what the shop has about somebody, for himself.
func person(ctx context.Context, c config.Config, db *sql.DB, name string, out io.Writer) error {
	records, u, err := asked(ctx, c, db, "see_person", name)
	if err != nil {
		return err
	}
	defer records.Close()
	s := shop.New(db, time.Now)
	basket, err := s.Basket(ctx, u.ID)
	if err != nil {
		return err
	}
	orders, err := s.AllOrdersOf(ctx, u)
	if err != nil {
		return err
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Name   string
		Role   account.Role
		Basket []shop.Line
		Orders []shop.Order
	}{u.Name, u.Role, basket, orders})
}

// forget erases somebody who wishes it: his account, and the addresses of his
// orders. The orders stay without him, as tax law asks.
func forget(ctx context.Context, c config.Config, db *sql.DB, name string) error {
	records, u, err := asked(ctx, c, db, "forget_person", name)
	if err != nil {
		return err
	}
	defer records.Close()
	if err := shop.New(db, time.Now).Forget(ctx, u.ID); err != nil {
		return err
	}
	return account.New(db, account.DefaultCost, time.Now).Erase(ctx, u)
}

// asked finds an account about which somebody asked, and records that.
func asked(ctx context.Context, c config.Config, db *sql.DB, what, name string) (*audit.Log, account.User, error) {
	u, err := account.New(db, account.DefaultCost, time.Now).Find(ctx, name)
	if err != nil {
		return nil, u, err
	}
	records, err := audit.Open(c.AuditLog, c.AuditKey, time.Now)
	if err != nil {
		return nil, u, err
	}
	if err := records.Record(audit.Event{What: what, Outcome: audit.Done, Who: "operator", On: u.Name}); err != nil {
		records.Close()
		return nil, u, err
	}
	return records, u, nil
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
