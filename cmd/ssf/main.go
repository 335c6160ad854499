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

// ballast makes the first collection that finds something wait until a small model
// is done. Its pages are never touched and take no memory.
var ballast []byte

func main() {
	// Most of what a run allocates lives until its end, so a large heap is collected
	// before it doubles, which would save no time. GOGC and GOMEMLIMIT have the last
	// word.
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(-1)
		ballast = make([]byte, 32<<20)
		debug.SetGCPercent(70)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(Run(ctx, osEnv(), os.Args[1:]))
}
