package main

import (
	"net/http"

	"github.com/trust-layer/trust-layer/sdks/go/middleware/nethttp"
)

// billing is the last service of the chain. It needs no key and no connection to the Trust Layer: the token tells all.
func billing(s settings) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /balance", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, seenBy(nethttp.TrustTokenOf(r.Context()).Claims()))
	})
	return nethttp.RequireTrustToken(acceptor(s, "billing"), mux)
}
