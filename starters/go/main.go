// Command trust-layer-starter is a small app with real sign-in. It starts the app and, for the demonstration, the two
// services behind it: in production each runs on its own.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	s := readSettings()
	servers := []*http.Server{
		start("", s.port, web(s)),
		start("127.0.0.1", s.ordersPort(), orders(s)),
		start("127.0.0.1", s.billingPort(), billing(s)),
	}
	fmt.Printf("Open %s in a browser. (orders: port %d, billing: port %d)\n", s.publicURL, s.ordersPort(), s.billingPort())

	asked, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	<-asked.Done()
	stop()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	for _, server := range servers {
		_ = server.Shutdown(ctx)
	}
}

// start serves at a port from now on, or ends the program.
func start(host string, port int, handler http.Handler) *http.Server {
	listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", host, port))
	if err != nil {
		log.Fatalf("Port %d cannot be used (%v). Set PORT; the app takes it and the two after it.", port, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(listener); err != http.ErrServerClosed {
			log.Fatal(err)
		}
	}()
	return server
}

// must ends the program where a setting is malformed. The errors of the SDK name the setting, never its value.
func must[T any](made T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return made
}
