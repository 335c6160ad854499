// Command fakepay is a payment provider for trying the shop on one machine. It
// takes no money.
package main

import (
	"flag"
	"log"
	"net/http"
	"os"
	"time"

	"bookshop/internal/fakepay"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8081", "address to listen on")
	shop := flag.String("shop", "http://localhost:8080/payments/notice", "where the shop takes notices")
	flag.Parse()
	p := &fakepay.Provider{
		Key:    os.Getenv("BOOKSHOP_PAY_KEY"),
		Secret: []byte(os.Getenv("BOOKSHOP_NOTICE_SECRET")),
		Shop:   *shop,
		Self:   "http://" + *addr,
		Client: &http.Client{Timeout: 5 * time.Second},
	}
	server := &http.Server{Addr: *addr, Handler: p.Handler(), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}
