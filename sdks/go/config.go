package trustlayer

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"
)

const (
	// DefaultTenant is the tenant that always exists.
	DefaultTenant = "default"
	// DefaultTimeout is the deadline of a call where [Config] names none.
	DefaultTimeout = 3 * time.Second
	// MaxTimeout is the longest deadline that [Config] takes.
	MaxTimeout = time.Hour
	// DefaultMaxEntries is how many sessions are kept in memory where [Config] names no number.
	DefaultMaxEntries = 100_000
)

var serviceKeyForm = regexp.MustCompile(`^[\x21-\x7e]{1,256}$`)

// Config holds the options of a [TrustClient]. Nothing is read from the environment. Its text forms show neither the
// service key nor a private key (SDK-7).
type Config struct {
	// Address is where the Trust Layer is: `host:port`, several of them parted by commas (calls go round robin over
	// all), or a gRPC target such as `dns:///trust-layer:50051` or `unix:///run/trust.sock`. Required.
	Address string
	// ServiceKey is the key `tlk_…` of the calling service, sent as `authorization: Bearer`. Empty where a client
	// certificate names the service.
	ServiceKey string `json:"-"`
	// TenantID is put into every request that names none. Empty means `default`.
	TenantID string
	// TLS holds roots, client certificate and server name. Nil means the system's roots, or plain text if every address
	// is loopback; set it to ask for TLS on loopback too.
	TLS *TLSConfig
	// Plaintext asks for plain text beyond loopback, where the service key then travels unprotected. Plain text is used
	// by itself only if every address is loopback.
	Plaintext bool
	// Timeout is the deadline of each call, all retries included: 1 ms to 1 h; 0 means 3 s. An earlier deadline of the
	// call's context holds.
	Timeout time.Duration
	// DisableWatch makes the client ask for every verdict, for commands and functions that end soon. Otherwise the first
	// question opens a stream, and verdicts are kept in memory under a lease: no yes of it outlives a revocation by more
	// than 2 s.
	DisableWatch bool
	// MaxEntries is how many sessions are kept in memory: 1 to 10,000,000; 0 means 100,000.
	MaxEntries int
}

// TLSConfig holds the transport security of a [Config]. All PEM. Its text forms show no key.
type TLSConfig struct {
	// RootCerts may have signed the server's certificate; empty means the system's roots.
	RootCerts []byte
	// Cert is the certificate chain of this client, for mTLS. Needs Key.
	Cert []byte
	// Key is the private key of Cert.
	Key []byte `json:"-"`
	// ServerName is the name that the server's certificate must carry; empty means the host of each address.
	ServerName string
}

// check gives the config with its defaults filled in. Its errors hold no value.
func (c Config) check() (Config, error) {
	if c.ServiceKey != "" && !serviceKeyForm.MatchString(c.ServiceKey) {
		return c, errors.New("trustlayer: ServiceKey must be 1 to 256 visible ASCII characters")
	}
	if c.TenantID == "" {
		c.TenantID = DefaultTenant
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Timeout < time.Millisecond || c.Timeout > MaxTimeout {
		return c, errors.New("trustlayer: Timeout must be 1 ms to 1 h")
	}
	if c.MaxEntries == 0 {
		c.MaxEntries = DefaultMaxEntries
	}
	if c.MaxEntries < 1 || c.MaxEntries > 10_000_000 {
		return c, errors.New("trustlayer: MaxEntries must be 1 to 10,000,000")
	}
	return c, nil
}

// Format shows every option but the secrets, for every verb.
func (c Config) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "trustlayer.Config{Address:%q TenantID:%q Plaintext:%t Timeout:%s DisableWatch:%t MaxEntries:%d "+
		"ServiceKey:%s TLS:%v}", c.Address, c.TenantID, c.Plaintext, c.Timeout, c.DisableWatch, c.MaxEntries, blot(c.ServiceKey),
		c.TLS)
}

// LogValue keeps the secrets out of logs.
func (c Config) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprint(c))
}

// Format shows the server name, and of the rest only whether it is there.
func (t TLSConfig) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "trustlayer.TLSConfig{ServerName:%q RootCerts:%s Cert:%s Key:%s}",
		t.ServerName, blot(string(t.RootCerts)), blot(string(t.Cert)), blot(string(t.Key)))
}

// LogValue keeps the key out of logs.
func (t TLSConfig) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprint(t))
}

func blot(secret string) string {
	if secret == "" {
		return "none"
	}
	return redacted
}
