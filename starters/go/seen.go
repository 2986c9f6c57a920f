package main

import (
	"encoding/json"
	"log"
	"net/http"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
)

// seen is what a service learns from a Trust Token; the rest of the claims is in docs/guide/trust_tokens.md.
type seen struct {
	Subject     string `json:"subject"`
	Audience    string `json:"audience"`
	Caller      string `json:"caller"`
	Scope       string `json:"scope"`
	Transaction string `json:"transaction"`
}

func seenBy(claims *trustlayer.Claims) seen {
	return seen{
		Subject: claims.Subject, Audience: claims.Audience, Caller: claims.RequestingService,
		Scope: claims.Scope, Transaction: claims.TransactionID,
	}
}

// chain is what orders answers.
type chain struct {
	Orders        []order `json:"orders"`
	SeenByOrders  seen    `json:"seen_by_orders"`
	SeenByBilling seen    `json:"seen_by_billing"`
}

type order struct {
	Number int    `json:"number"`
	Item   string `json:"item"`
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Printf("answer not written: %v", err)
	}
}
