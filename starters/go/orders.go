package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/middleware/nethttp"
)

// orders is a service that accepts Trust Tokens for `orders`, offline, and passes the caller on to `billing`.
func orders(s settings) http.Handler {
	client := connect(s.trustAddress, s.ordersKey())
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders", func(w http.ResponseWriter, r *http.Request) {
		token := nethttp.TrustTokenOf(r.Context())
		if !token.Claims().HasScope("orders:read") {
			http.Error(w, "Forbidden", http.StatusForbidden)
			return
		}
		balance, err := askBilling(r, client, s, token)
		if err != nil {
			log.Printf("orders: %s", describe(err))
			http.Error(w, "Not available", http.StatusServiceUnavailable)
			return
		}
		writeJSON(w, chain{
			Orders:        []order{{Number: 1, Item: "One lighthouse"}},
			SeenByOrders:  seenBy(token.Claims()),
			SeenByBilling: balance,
		})
	})
	return nethttp.RequireTrustToken(acceptor(s, "orders"), mux)
}

// askBilling exchanges the token: one for `orders` is worth nothing to `billing`, and the new one is narrower.
func askBilling(
	r *http.Request, client *trustlayer.TrustClient, s settings, token *trustlayer.VerifiedTrustToken,
) (balance seen, err error) {
	next, err := client.ExchangeTrustToken(r.Context(), &trustv1.ExchangeTrustTokenRequest{
		TrustToken: token.Token(), Audience: "billing",
	})
	if err != nil {
		return seen{}, err
	}
	answer, err := call(r.Context(), fmt.Sprintf("http://127.0.0.1:%d/balance", s.billingPort()), next.GetTrustToken())
	if err != nil {
		return seen{}, err
	}
	defer answer.Body.Close()
	return balance, json.NewDecoder(answer.Body).Decode(&balance)
}
