module github.com/trust-layer/trust-layer/bench

go 1.26.0

replace github.com/trust-layer/trust-layer/sdks/go => ../sdks/go

require (
	github.com/go-jose/go-jose/v4 v4.1.9
	github.com/trust-layer/trust-layer/sdks/go v0.0.0-00010101000000-000000000000
	google.golang.org/grpc v1.85.0
)

require (
	github.com/go-json-experiment/json v1.27.2 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20261104224025-d1e00e9f33ab // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
