// Command bookshop is the web shop. See README.md for its settings.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage: bookshop             serve the shop
       bookshop role NAME ROLE  give an account the role customer, clerk or admin; not while the shop runs
       bookshop person NAME     print what the shop has about somebody; not while the shop runs
       bookshop forget NAME     erase somebody who wishes it; not while the shop runs
       bookshop demo            put some books into an empty catalogue
       bookshop verify          verify the audit log`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bookshop:", err)
		os.Exit(1)
	}
}
