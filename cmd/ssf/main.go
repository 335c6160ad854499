// Command ssf carries out the Secure Software Framework for a software
// product: it reads the product's model, finds what is missing, what threatens
// it and why, and says which phase of the framework has been reached.
package main

import (
	"context"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(Run(ctx, osEnv(), os.Args[1:]))
}
