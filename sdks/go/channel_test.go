package trustlayer_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

func TestServiceConfigIsThatOfTheStandard(t *testing.T) {
	ours, err := os.ReadFile("service_config.json")
	if err != nil {
		t.Fatal(err)
	}
	standard, err := os.ReadFile(filepath.Join("..", "..", "spec", "vectors", "service_config.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(ours, standard) {
		t.Error("SDK-4: service_config.json differs from spec/vectors/service_config.json; copy it")
	}
}

// retried gives the names of the RPCs that are retried.
func retried(t *testing.T) map[string]bool {
	t.Helper()
	type file struct {
		MethodConfig []struct {
			Name []struct{ Service, Method string }
		}
	}
	found := map[string]bool{}
	for _, config := range vectors[file](t, "service_config.json").MethodConfig {
		for _, name := range config.Name {
			found["/"+name.Service+"/"+name.Method] = true
		}
	}
	return found
}

func TestRetries(t *testing.T) {
	safe := retried(t)
	server := fake.Start(t, func(context.Context, fake.Call) (proto.Message, error) {
		return nil, fake.Fail(codes.Unavailable, "DATABASE_UNAVAILABLE")
	})
	client := newClient(t, trustlayer.Config{Address: server.Address})
	for _, descriptor := range unaryMethods() {
		name := string(descriptor.Name())
		full := "/" + string(descriptor.Parent().FullName()) + "/" + name
		t.Run("SDK-4 "+name, func(t *testing.T) {
			t.Parallel()
			want := 1
			if safe[full] {
				want = 5
			}
			err := callAny(t, client, name)
			if trustlayer.ReasonOf(err) != trustlayer.ReasonDatabaseUnavailable {
				t.Errorf("got %v", err)
			}
			tries := 0
			for _, call := range server.Calls() {
				if call.Method == full {
					tries++
				}
			}
			if tries != want {
				t.Errorf("%d tries, want %d", tries, want)
			}
		})
	}
}

func callAny(t *testing.T, client *trustlayer.TrustClient, name string) error {
	t.Helper()
	switch name {
	case "Verify":
		_, err := client.Verify(t.Context(), fake.SessionID)
		return err
	case "BatchVerify":
		_, err := client.BatchVerify(t.Context(), []string{fake.SessionID})
		return err
	default:
		request := reflect.ValueOf(client).MethodByName(name).Type().In(1)
		_, err := invoke(t.Context(), client, name, reflect.New(request.Elem()).Interface())
		return err
	}
}

func TestOnlyUnavailableIsRetried(t *testing.T) {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		t.Run("SDK-4 "+code.String(), func(t *testing.T) {
			t.Parallel()
			server := fake.Start(t, func(context.Context, fake.Call) (proto.Message, error) { return nil, status.Error(code, "") })
			client := newClient(t, trustlayer.Config{Address: server.Address})
			_, _ = client.Verify(t.Context(), fake.SessionID)
			want := 1
			if code == codes.Unavailable {
				want = 5
			}
			if got := len(server.Calls()); got != want {
				t.Errorf("%d tries, want %d", got, want)
			}
		})
	}
}

func TestRetrySucceeds(t *testing.T) {
	var server *fake.Server
	server = fake.Start(t, func(context.Context, fake.Call) (proto.Message, error) {
		if len(server.Calls()) < 3 {
			return nil, fake.Fail(codes.Unavailable, "DRAINING")
		}
		return &trustv1.VerifyResponse{Verdict: fake.Active()}, nil
	})
	client := newClient(t, trustlayer.Config{Address: server.Address})
	if verdict, err := client.Verify(t.Context(), fake.SessionID); err != nil || !verdict.Active {
		t.Errorf("SDK-4: got %v, %v", verdict, err)
	}
}

func TestDeadlines(t *testing.T) {
	server := fake.Start(t, func(ctx context.Context, _ fake.Call) (proto.Message, error) {
		<-ctx.Done()
		return nil, status.FromContextError(ctx.Err()).Err()
	})
	client := newClient(t, trustlayer.Config{Address: server.Address, Timeout: 80 * time.Millisecond})
	t.Run("SDK-3 of the client", func(t *testing.T) {
		_, err := client.Verify(t.Context(), fake.SessionID)
		if trustlayer.ReasonOf(err) != trustlayer.ReasonDeadlineExceeded {
			t.Errorf("got %v", err)
		}
	})
	t.Run("SDK-3 a later one of the context does not prolong it", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		_, _ = client.Verify(ctx, fake.SessionID)
		if time.Since(began) > 20*time.Second {
			t.Error("too late")
		}
	})
	t.Run("an earlier one of the context holds", func(t *testing.T) {
		slow := newClient(t, trustlayer.Config{Address: server.Address, Timeout: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := slow.Verify(ctx, fake.SessionID); trustlayer.ReasonOf(err) != trustlayer.ReasonDeadlineExceeded {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a context that ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := client.Verify(ctx, fake.SessionID); trustlayer.ReasonOf(err) != trustlayer.ReasonCancelled {
			t.Errorf("got %v", err)
		}
	})
}

func TestUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	client := newClient(t, trustlayer.Config{Address: address})
	verdict, err := client.Verify(t.Context(), fake.SessionID)
	if verdict.Active || trustlayer.ReasonOf(err) != trustlayer.ReasonUnreachable {
		t.Errorf("got %v, %v", verdict, err)
	}
	_ = client.Close()
	if _, err := client.Verify(t.Context(), fake.SessionID); trustlayer.ReasonOf(err) != trustlayer.ReasonCancelled {
		t.Errorf("after Close: %v", err)
	}
}

func TestRoundRobin(t *testing.T) {
	var servers []*fake.Server
	var addresses []string
	for range 3 {
		server := fake.Start(t, nil)
		servers, addresses = append(servers, server), append(addresses, server.Address)
	}
	// An address where nobody listens must not keep the others from serving.
	client := newClient(t, trustlayer.Config{Address: strings.Join(append(addresses, "127.0.0.1:1"), ", ")})
	until := time.Now().Add(20 * time.Second)
	ready := func() bool {
		for _, server := range servers {
			if len(server.Calls()) == 0 {
				return false
			}
		}
		return true
	}
	for !ready() && time.Now().Before(until) {
		if _, err := client.Verify(t.Context(), fake.SessionID); err != nil {
			t.Fatal(err)
		}
	}
	before := make([]int, len(servers))
	for i, server := range servers {
		before[i] = len(server.Calls())
	}
	for range 30 {
		if _, err := client.Verify(t.Context(), fake.SessionID); err != nil {
			t.Fatal(err)
		}
	}
	for i, server := range servers {
		if got := len(server.Calls()) - before[i]; got < 9 || got > 11 {
			t.Errorf("SDK-6: server %d got %d of 30 calls", i, got)
		}
	}
}

func TestReceiveLimit(t *testing.T) {
	size := 0
	server := fake.Start(t, func(context.Context, fake.Call) (proto.Message, error) {
		return &trustv1.GetTenantResponse{Tenant: &trustv1.Tenant{Id: strings.Repeat("x", size)}}, nil
	})
	client := newClient(t, trustlayer.Config{Address: server.Address})
	size = 4<<20 - 64
	if _, err := client.GetTenant(t.Context(), nil); err != nil {
		t.Errorf("SDK-6: 4 MiB refused: %v", err)
	}
	size = 4<<20 + 1
	if _, err := client.GetTenant(t.Context(), nil); trustlayer.ReasonOf(err) != trustlayer.ReasonUnknown {
		t.Errorf("SDK-6: over 4 MiB: %v", err)
	}
}

func TestNewTrustClientRefuses(t *testing.T) {
	for name, config := range map[string]trustlayer.Config{
		"no address":               {},
		"no port":                  {Address: "localhost"},
		"port 0":                   {Address: "localhost:0"},
		"port 65536":               {Address: "localhost:65536"},
		"a URL":                    {Address: "https://trust.example:443"},
		"an empty member":          {Address: "127.0.0.1:1,,127.0.0.1:2"},
		"a target in a list":       {Address: "127.0.0.1:1,dns:///x:1"},
		"xds":                      {Address: "xds:///trust"},
		"plain text and TLS":       {Address: "a.example:1", Plaintext: true, TLS: &trustlayer.TLSConfig{}},
		"roots that are no PEM":    {Address: "a.example:1", TLS: &trustlayer.TLSConfig{RootCerts: []byte("x")}},
		"a certificate alone":      {Address: "a.example:1", TLS: &trustlayer.TLSConfig{Cert: []byte("x")}},
		"a key alone":              {Address: "a.example:1", TLS: &trustlayer.TLSConfig{Key: []byte("x")}},
		"a key with a line break":  {Address: "127.0.0.1:1", ServiceKey: "tlk_x\nx: y"},
		"a key of 257 characters":  {Address: "127.0.0.1:1", ServiceKey: strings.Repeat("k", 257)},
		"a negative timeout":       {Address: "127.0.0.1:1", Timeout: -1},
		"a timeout under 1 ms":     {Address: "127.0.0.1:1", Timeout: time.Microsecond},
		"a timeout of over 1 hour": {Address: "127.0.0.1:1", Timeout: time.Hour + 1},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := trustlayer.NewTrustClient(config)
			if err == nil || client != nil {
				t.Fatal("accepted")
			}
			if config.ServiceKey != "" && strings.Contains(err.Error(), config.ServiceKey) {
				t.Errorf("SDK-7: %v", err)
			}
		})
	}
}
