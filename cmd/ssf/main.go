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

func main() {
	// One run reads, answers and ends, so collecting garbage seldom is worth its
	// memory. GOGC still has the last word.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(150)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(Run(ctx, osEnv(), os.Args[1:]))
}
