module trust-layer-starter

go 1.26.0

require github.com/trust-layer/trust-layer/sdks/go v0.1.0

require (
	github.com/go-json-experiment/json v1.27.2 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20261104224025-d1e00e9f33ab // indirect
	google.golang.org/grpc v1.85.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)

// Inside this repository the SDK is that of the same commit. In an app of your own drop this line and `go get` the SDK.
replace github.com/trust-layer/trust-layer/sdks/go => ../../sdks/go
