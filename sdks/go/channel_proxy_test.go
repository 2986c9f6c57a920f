package trustlayer_test

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
)

// SDK-5: a proxy that the environment names gets no plain text. The environment of proxies is read once in a process, so
// the call is made in another.
func TestPlaintextPassesNoProxy(t *testing.T) {
	if address := os.Getenv("TEST_CALL"); address != "" {
		plaintext := os.Getenv("TEST_PLAINTEXT") != ""
		client := newClient(t, trustlayer.Config{Address: address, ServiceKey: serviceKey, Plaintext: plaintext, Timeout: time.Second})
		_, _ = client.Verify(t.Context(), fake.SessionID)
		return
	}
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = proxy.Close() }()
	asked := make(chan string, 100)
	go func() {
		for {
			connection, err := proxy.Accept()
			if err != nil {
				return
			}
			buffer := make([]byte, 512)
			n, _ := connection.Read(buffer)
			asked <- string(buffer[:n])
			_ = connection.Close()
		}
	}()
	call := func(plaintext string) {
		command := exec.Command(os.Args[0], "-test.run=^TestPlaintextPassesNoProxy$")
		command.Env = append(os.Environ(), "HTTPS_PROXY=http://"+proxy.Addr().String(), "NO_PROXY=",
			"TEST_CALL=192.0.2.1:50051", "TEST_PLAINTEXT="+plaintext)
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	}
	call("yes")
	select {
	case text := <-asked:
		t.Fatalf("the proxy saw %q", text)
	default:
	}
	// The same with TLS does reach it, which shows that the test could have failed.
	call("")
	select {
	case text := <-asked:
		if !strings.HasPrefix(text, "CONNECT 192.0.2.1:50051") || strings.Contains(text, serviceKey) {
			t.Errorf("the proxy saw %q", text)
		}
	case <-time.After(10 * time.Second):
		t.Error("the proxy was never asked")
	}
}
