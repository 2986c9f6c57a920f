package trustlayer

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
)

// WatchKeySource serves the keys of a client's tenant, read by GetTrustKeys over the channel of the client. It keeps them as
// [JwksKeySource] does, and reads again when a change names a signing key (SDK-40). Safe for concurrent use. Make it with
// [NewWatchKeySource].
type WatchKeySource struct {
	keyCache
	stop func()
}

// NewWatchKeySource makes a key source of a client, which must stay open. It does no I/O.
func NewWatchKeySource(client *TrustClient) (*WatchKeySource, error) {
	if client == nil {
		return nil, errors.New("trustlayer: a key source that watches needs a client")
	}
	s := &WatchKeySource{keyCache: keyCache{clock: time.Now}}
	s.load = func(ctx context.Context) (map[string]TrustKey, error) {
		client.watch.begin()
		answer, err := client.GetTrustKeys(ctx, &trustv1.GetTrustKeysRequest{})
		if err != nil {
			return nil, errKeysUnavailable
		}
		return keysOf(answer)
	}
	s.stop = register(&client.watch.listeners, &client.watch.listeners.keys, s.changed)
	return s, nil
}

// Close ends the following of changes; the keys are then read every 60 s.
func (s *WatchKeySource) Close() {
	s.stop()
}

// keysOf reads an answer as the JWKS that it stands for (TOK-26).
func keysOf(answer *trustv1.GetTrustKeysResponse) (map[string]TrustKey, error) {
	set := struct {
		Keys []json.RawMessage `json:"keys"`
	}{Keys: []json.RawMessage{}}
	for _, key := range answer.GetKeys() {
		if json.Valid([]byte(key.GetJwk())) {
			set.Keys = append(set.Keys, json.RawMessage(key.GetJwk()))
		}
	}
	text, err := json.Marshal(set)
	if err != nil {
		return nil, errKeysUnavailable
	}
	return parseJWKS(text)
}
