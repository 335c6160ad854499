// Command ssf carries out the Secure Software Framework for a software
// product: it reads the product's model, finds what is missing, what threatens
// it and why, and says which phase of the framework has been reached.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// Most of what a run allocates lives until its end. A small model is done before
// the first collection, which waits for the ballast, whose pages are never touched
// and take no memory; a large one is collected often, since to wait for its heap
// to double would save no time. GOGC has the last word.
var ballast = make([]byte, 32<<20)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(70)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(Run(ctx, osEnv(), os.Args[1:]))
}
