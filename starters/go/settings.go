package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
)

// settings is everything that differs between a laptop and production.
type settings struct {
	port      int
	publicURL string
	// trustAddress is where the Trust Layer is, over gRPC.
	trustAddress string
	// pages is the URL of its hosted pages, also the issuer of Trust Tokens.
	pages string
	// Secrets: functions, so that nothing which prints the settings shows them.
	serviceKey, ordersKey func() string
}

func (s settings) ordersPort() int  { return s.port + 1 }
func (s settings) billingPort() int { return s.port + 2 }

func readSettings() settings {
	port := must(strconv.Atoi(env("PORT", "3000")))
	return settings{
		port:         port,
		publicURL:    origin(env("PUBLIC_URL", fmt.Sprintf("http://localhost:%d", port))),
		trustAddress: env("TRUST_ADDRESS", "127.0.0.1:50051"),
		pages:        origin(env("TRUST_PAGES_URL", "http://localhost:8080")),
		serviceKey:   readKey("TRUST_SERVICE_KEY", "../../data/service-key"),
		ordersKey:    readKey("TRUST_ORDERS_KEY", "../../data/service-key.orders"),
	}
}

// origin takes off the slash that people like to put after it: both are compared as they are.
func origin(url string) string {
	return strings.TrimRight(url, "/")
}

// readKey reads a service key from the variable, or from the file that the variable with `_FILE` names.
func readKey(name, file string) func() string {
	key, found := os.LookupEnv(name)
	if !found {
		file = env(name+"_FILE", file)
		content, err := os.ReadFile(file)
		if err != nil {
			log.Fatalf("No service key at %s. Start the Trust Layer first (npm start), or set %s_FILE.", file, name)
		}
		key = strings.TrimSpace(string(content))
	}
	return func() string { return key }
}

func env(name, otherwise string) string {
	if value, found := os.LookupEnv(name); found {
		return value
	}
	return otherwise
}
