// Command ssf carries out the Secure Software Framework for a software
// product: it reads the product's model, finds what is missing, what threatens
// it and why, and says which phase of the framework has been reached.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

func main() {
	// Most of what a run allocates lives until its end, so a large heap is collected
	// before it doubles, which would save no time. The ballast, whose pages are never
	// touched and take no memory, lets a small model end before it is collected in
	// earnest. GOGC and GOMEMLIMIT have the last word.
	var ballast []byte
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(-1)
		ballast = make([]byte, 32<<20)
		debug.SetGCPercent(70)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := Run(ctx, osEnv(), os.Args[1:])
	runtime.KeepAlive(ballast)
	os.Exit(code)
}
