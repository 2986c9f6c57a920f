package main

import (
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
)

func optionsOf(asked about) ([]trustlayer.VerifyOption, error) {
	var options []trustlayer.VerifyOption
	switch asked.Consistency {
	case "":
	case "BOUNDED":
		options = append(options, trustlayer.Bounded())
	case "STRONG":
		options = append(options, trustlayer.Strong())
	default:
		return nil, probeError("INVALID_ARGUMENT")
	}
	if asked.Degraded != nil {
		options = append(options, trustlayer.Degraded(time.Duration(asked.Degraded.MaxStaleMs)*time.Millisecond))
	}
	if asked.Client != (clientFacts{}) {
		options = append(options, trustlayer.From(trustlayer.ClientFacts(asked.Client)))
	}
	if len(asked.Clients) > 0 {
		clients := make([]trustlayer.ClientFacts, len(asked.Clients))
		for i, client := range asked.Clients {
			clients[i] = trustlayer.ClientFacts(client)
		}
		options = append(options, trustlayer.FromEach(clients...))
	}
	return options, nil
}
