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
	// Above this, memory counts more than time: large models stay within what a
	// small build machine has. GOMEMLIMIT has the last word.
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(440 << 20)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(Run(ctx, osEnv(), os.Args[1:]))
}
