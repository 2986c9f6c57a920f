package trustlayer

import (
	"net"
	"testing"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
)

func TestPlanChannel(t *testing.T) {
	withTLS := &TLSConfig{}
	for _, c := range []struct {
		address string
		config  Config
		target  string
		secure  bool
	}{
		{"127.0.0.1:50051", Config{}, "dns:///127.0.0.1:50051", false},
		{"127.9.9.9:50051", Config{}, "dns:///127.9.9.9:50051", false},
		{"[::1]:50051", Config{}, "dns:///[::1]:50051", false},
		{"LocalHost.:50051", Config{}, "dns:///LocalHost.:50051", false},
		{"localhost:50051", Config{TLS: withTLS}, "dns:///localhost:50051", true},
		{"trust-layer:50051", Config{}, "dns:///trust-layer:50051", true},
		{"trust-layer:50051", Config{Plaintext: true}, "dns:///trust-layer:50051", false},
		{"0.0.0.0:50051", Config{}, "dns:///0.0.0.0:50051", true},
		{"[::]:50051", Config{}, "dns:///[::]:50051", true},
		{"127.0.0.1.nip.example:1", Config{}, "dns:///127.0.0.1.nip.example:1", true},
		{"localhost.evil.example:1", Config{}, "dns:///localhost.evil.example:1", true},
		{"127.1:50051", Config{}, "dns:///127.1:50051", true},
		{"dns:50051", Config{}, "dns:///dns:50051", true},
		{"unix:50051", Config{}, "dns:///unix:50051", true},
		{"dns:///localhost:50051", Config{}, "dns:///localhost:50051", false},
		{"dns:///trust-layer:50051", Config{}, "dns:///trust-layer:50051", true},
		{"dns://9.9.9.9/localhost:50051", Config{}, "dns://9.9.9.9/localhost:50051", true},
		{"unix:///run/trust.sock", Config{}, "unix:///run/trust.sock", false},
		{"127.0.0.1:1,[::1]:2", Config{}, "trust-layer-list:///127.0.0.1:1", false},
		{"127.0.0.1:1,10.0.0.1:2", Config{}, "trust-layer-list:///127.0.0.1:1", true},
		{"ipv4:127.0.0.1:1,127.0.0.1:2", Config{}, "trust-layer-list:///127.0.0.1:1", false},
		{"ipv4:127.0.0.1:1,10.0.0.1:2", Config{}, "trust-layer-list:///127.0.0.1:1", true},
	} {
		t.Run("SDK-5 "+c.address, func(t *testing.T) {
			c.config.Address = c.address
			plan, err := planChannel(c.config)
			if err != nil || plan.target != c.target || plan.secure != c.secure {
				t.Errorf("got %+v, %v", plan, err)
			}
			if key := newKeyCredentials("k", plan.secure); key.RequireTransportSecurity() != c.secure {
				t.Error("the service key could leave on a channel of less security than planned")
			}
		})
	}
}

func TestKeepAliveAndLimits(t *testing.T) {
	if keepAliveTime != 30*time.Second || keepAliveTimeout != 10*time.Second || receiveLimit != 4*1024*1024 {
		t.Error("SDK-6: other values than the standard's")
	}
	connect := connectParams()
	if connect.Backoff.BaseDelay != 100*time.Millisecond || connect.Backoff.MaxDelay != 250*time.Millisecond {
		t.Error("SDK-6: retries no longer outlast the wait for a connection")
	}
	if DefaultTimeout != 3*time.Second || DefaultTenant != "default" {
		t.Error("other defaults than the standard's")
	}
}

// SDK-5: a loopback name that turns out to lead elsewhere gets no plain text that was not asked for.
func TestAutomaticPlaintextStaysLocal(t *testing.T) {
	listener := listenBeyondLoopback(t)
	server := fake.Serve(t, listener, nil)
	for _, asked := range []bool{false, true} {
		plan := channelPlan{target: "dns:///" + server.Address, local: true}
		connection, err := plan.dial(Config{Plaintext: asked}, newKeyCredentials("tlk_x", false))
		if err != nil {
			t.Fatal(err)
		}
		_, err = trustv1.NewSessionServiceClient(connection).Verify(t.Context(), &trustv1.VerifyRequest{})
		if (err == nil) != asked {
			t.Errorf("asked for: %t, got %v", asked, err)
		}
		_ = connection.Close()
	}
	if got := len(server.Calls()); got != 1 {
		t.Errorf("%d calls arrived", got)
	}
}

func listenBeyondLoopback(t *testing.T) net.Listener {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok && !network.IP.IsLoopback() && network.IP.To4() != nil {
			if listener, err := net.Listen("tcp", net.JoinHostPort(network.IP.String(), "0")); err == nil {
				return listener
			}
		}
	}
	t.Skip("this machine has no address but loopback")
	return nil
}
