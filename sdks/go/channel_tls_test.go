package trustlayer_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// authority signs certificates of the tests.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{certificate, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// issue makes a certificate and its key in PEM, for a DNS name or an IP address.
func (a authority) issue(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if address := net.ParseIP(name); address != nil {
		template.IPAddresses = []net.IP{address}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &private.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

func (a authority) serve(t *testing.T, name string, clients *authority) *fake.Server {
	t.Helper()
	cert, key := a.issue(t, name)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	settings := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if clients != nil {
		settings.ClientCAs = x509.NewCertPool()
		settings.ClientCAs.AddCert(clients.certificate)
		settings.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return fake.Start(t, nil, grpc.Creds(credentials.NewTLS(settings)))
}

func TestTLS(t *testing.T) {
	root, other := newAuthority(t), newAuthority(t)
	server := root.serve(t, "127.0.0.1", nil)
	named := root.serve(t, "trust.example", nil)
	guarded := root.serve(t, "127.0.0.1", &root)
	cert, key := root.issue(t, "backend")
	badCert, badKey := other.issue(t, "backend")
	for _, c := range []struct {
		name    string
		address string
		tls     *trustlayer.TLSConfig
		ok      bool
	}{
		{"roots given", server.Address, &trustlayer.TLSConfig{RootCerts: root.pem}, true},
		{"system roots do not know it", server.Address, &trustlayer.TLSConfig{}, false},
		{"other roots", server.Address, &trustlayer.TLSConfig{RootCerts: other.pem}, false},
		{"another name", named.Address, &trustlayer.TLSConfig{RootCerts: root.pem}, false},
		{"server_name", named.Address, &trustlayer.TLSConfig{RootCerts: root.pem, ServerName: "trust.example"}, true},
		{"wrong server_name", server.Address, &trustlayer.TLSConfig{RootCerts: root.pem, ServerName: "x.example"}, false},
		{"mTLS", guarded.Address, &trustlayer.TLSConfig{RootCerts: root.pem, Cert: cert, Key: key}, true},
		{"mTLS without certificate", guarded.Address, &trustlayer.TLSConfig{RootCerts: root.pem}, false},
		{"mTLS of another authority", guarded.Address, &trustlayer.TLSConfig{RootCerts: root.pem, Cert: badCert, Key: badKey}, false},
		{"list, each by its own name", server.Address + "," + guarded.Address,
			&trustlayer.TLSConfig{RootCerts: root.pem, Cert: cert, Key: key}, true},
		{"plain text to a TLS server", server.Address, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := newClient(t, trustlayer.Config{Address: c.address, TLS: c.tls, ServiceKey: serviceKey})
			_, err := client.Verify(t.Context(), fake.SessionID)
			if (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
			if !c.ok && trustlayer.ReasonOf(err) != trustlayer.ReasonUnreachable {
				t.Errorf("got %v", err)
			}
		})
	}
}

// SDK-5: without Plaintext nothing but a TLS handshake reaches a host that is not loopback by its name.
func TestPlaintextRule(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	var first atomic.Value
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			buffer := make([]byte, 512)
			n, _ := connection.Read(buffer)
			first.Store(string(buffer[:n]))
			_ = connection.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	// The last two of these reach this machine, but not by a name that means loopback.
	for _, c := range []struct {
		address   string
		plaintext bool
		sees      string
	}{
		{"127.0.0.1:" + port, false, "PRI * HTTP/2.0"},
		{"localhost:" + port, false, "PRI * HTTP/2.0"},
		{"dns:///127.0.0.1:" + port, false, "PRI * HTTP/2.0"},
		{"127.0.0.1:" + port + ",127.0.0.1:1", false, "PRI * HTTP/2.0"},
		{"0.0.0.0:" + port, false, "\x16\x03"},
		{"0.0.0.0:" + port, true, "PRI * HTTP/2.0"},
	} {
		t.Run(c.address, func(t *testing.T) {
			first.Store("")
			client := newClient(t, trustlayer.Config{
				Address: c.address, ServiceKey: serviceKey, Plaintext: c.plaintext, Timeout: time.Second,
			})
			_, _ = client.Verify(t.Context(), fake.SessionID)
			if got := first.Load().(string); !strings.HasPrefix(got, c.sees) || strings.Contains(got, serviceKey) && !c.plaintext {
				t.Errorf("SDK-5: the server saw %q", got)
			}
		})
	}
}

// SDK-6: the members of a list may have certificates of different names; each must carry its own.
func TestListOfDifferentNames(t *testing.T) {
	root := newAuthority(t)
	byAddress, byName := root.serve(t, "127.0.0.1", nil), root.serve(t, "localhost", nil)
	named := strings.Replace(byName.Address, "127.0.0.1", "localhost", 1)
	client := newClient(t, trustlayer.Config{
		Address: byAddress.Address + "," + named, TLS: &trustlayer.TLSConfig{RootCerts: root.pem},
	})
	until := time.Now().Add(10 * time.Second)
	for (len(byAddress.Calls()) == 0 || len(byName.Calls()) == 0) && time.Now().Before(until) {
		_, _ = client.Verify(t.Context(), fake.SessionID)
	}
	if len(byAddress.Calls()) == 0 || len(byName.Calls()) == 0 {
		t.Errorf("%d and %d calls", len(byAddress.Calls()), len(byName.Calls()))
	}
}
