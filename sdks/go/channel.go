package trustlayer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/credentials/local"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

//go:embed service_config.json
var serviceConfig string

const (
	receiveLimit     = 4 << 20
	keepAliveTime    = 30 * time.Second
	keepAliveTimeout = 10 * time.Second
	// Retries outlast the longest wait for a connection, so that one address that serves is enough (SDK-6).
	minReconnectBackoff = 100 * time.Millisecond
	maxReconnectBackoff = 250 * time.Millisecond
	connectTimeout      = 5 * time.Second
	listScheme          = "trust-layer-list"
	version             = "0.1.0"
)

var (
	hostPortForm = regexp.MustCompile(`^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9][A-Za-z0-9._-]*)):([0-9]{1,5})$`)
	targetForm   = regexp.MustCompile(`^(dns|ipv4|ipv6|unix|unix-abstract):(?://([^/]*)/)?(.+)$`)
)

var errAddress = errors.New(
	"trustlayer: Address must be host:port, several of them parted by commas, or a gRPC target such as dns:///host:port")

// channelPlan is what grpc needs to make the channel.
type channelPlan struct {
	target string
	// addresses is set if the target stands for a list.
	addresses []string
	// local says that every address is loopback.
	local  bool
	secure bool
}

// isLoopbackHost says whether a host name or address means this machine: only localhost, 127.0.0.0/8 and ::1 do.
func isLoopbackHost(host string) bool {
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if address, err := netip.ParseAddr(host); err == nil {
		return address.IsLoopback()
	}
	return strings.EqualFold(strings.TrimSuffix(host, "."), "localhost")
}

func hostOf(hostPort string) (string, bool) {
	match := hostPortForm.FindStringSubmatch(hostPort)
	if match == nil {
		return "", false
	}
	port, err := strconv.Atoi(match[3])
	return match[1] + match[2], err == nil && port >= 1 && port <= 65_535
}

// planChannel decides target and transport security (SDK-5, SDK-6).
func planChannel(config Config) (channelPlan, error) {
	plan, err := planTarget(config.Address)
	if err != nil {
		return channelPlan{}, err
	}
	if config.Plaintext && config.TLS != nil {
		return channelPlan{}, errors.New("trustlayer: Plaintext and TLS exclude each other")
	}
	plan.secure = !config.Plaintext && (config.TLS != nil || !plan.local)
	return plan, nil
}

func planTarget(address string) (channelPlan, error) {
	if match := targetForm.FindStringSubmatch(address); match != nil {
		if _, single := hostOf(address); !single {
			return planNamedTarget(address, match[1], match[2], match[3])
		}
	}
	return planList(strings.Split(address, ","))
}

func planNamedTarget(address, scheme, authority, path string) (channelPlan, error) {
	switch scheme {
	case "ipv4", "ipv6":
		return planList(strings.Split(path, ","))
	case "dns":
		host, found := hostOf(path)
		if !found {
			host = path
		}
		// A name server named in the target decides what localhost is, so it is not taken for this machine.
		return channelPlan{target: address, local: authority == "" && isLoopbackHost(host)}, nil
	default:
		return channelPlan{target: address, local: true}, nil
	}
}

func planList(addresses []string) (channelPlan, error) {
	plan := channelPlan{local: true}
	for _, item := range addresses {
		item = strings.TrimSpace(item)
		host, ok := hostOf(item)
		if !ok {
			return channelPlan{}, errAddress
		}
		plan.local = plan.local && isLoopbackHost(host)
		plan.addresses = append(plan.addresses, item)
	}
	if len(plan.addresses) == 1 {
		return channelPlan{target: "dns:///" + plan.addresses[0], local: plan.local}, nil
	}
	// The authority of calls is that of the first; each certificate is checked against the name of its own address.
	plan.target = listScheme + ":///" + plan.addresses[0]
	return plan, nil
}

// dial makes the channel. It does no I/O; the first call does.
func (p channelPlan) dial(config Config, key *keyCredentials) (*grpc.ClientConn, error) {
	transport, err := p.credentials(config)
	if err != nil {
		return nil, err
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(serviceConfig),
		// A TXT record must not replace the retry policy.
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(receiveLimit)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: keepAliveTime, Timeout: keepAliveTimeout, PermitWithoutStream: true,
		}),
		// An idle channel would drop its connections, and with them the keep-alive.
		grpc.WithIdleTimeout(0),
		grpc.WithConnectParams(connectParams()),
		grpc.WithUserAgent("trust-layer-go/" + version),
	}
	if key != nil {
		options = append(options, grpc.WithPerRPCCredentials(key))
	}
	if !p.secure {
		// A proxy named in the environment would carry the service key in plain text off this machine.
		options = append(options, grpc.WithNoProxy())
	}
	if p.addresses != nil {
		options = append(options, grpc.WithResolvers(listResolver(p.addresses)))
	}
	connection, err := grpc.NewClient(p.target, options...)
	if err != nil {
		return nil, errAddress
	}
	return connection, nil
}

func connectParams() grpc.ConnectParams {
	sooner := backoff.DefaultConfig
	sooner.BaseDelay, sooner.MaxDelay = minReconnectBackoff, maxReconnectBackoff
	return grpc.ConnectParams{Backoff: sooner, MinConnectTimeout: connectTimeout}
}

func listResolver(addresses []string) resolver.Builder {
	state := resolver.State{}
	for _, address := range addresses {
		host, _, _ := net.SplitHostPort(address)
		item := resolver.Address{Addr: address, ServerName: host}
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{item}})
		state.Addresses = append(state.Addresses, item)
	}
	builder := manual.NewBuilderWithScheme(listScheme)
	builder.InitialState(state)
	return builder
}

func (p channelPlan) credentials(config Config) (credentials.TransportCredentials, error) {
	if p.secure {
		return tlsCredentials(config.TLS)
	}
	if config.Plaintext {
		return insecure.NewCredentials(), nil
	}
	// Plain text that nobody asked for: these refuse a connection that turns out not to be local, whatever a name
	// resolved to.
	return local.NewCredentials(), nil
}

// tlsCredentials reads the PEM blocks. Its errors drop their causes on purpose: those may quote what they could not read.
func tlsCredentials(options *TLSConfig) (credentials.TransportCredentials, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if options == nil {
		return credentials.NewTLS(settings), nil
	}
	settings.ServerName = options.ServerName
	if len(options.RootCerts) > 0 {
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(options.RootCerts) {
			return nil, errors.New("trustlayer: TLS.RootCerts holds no certificate in PEM")
		}
	}
	if len(options.Cert) > 0 || len(options.Key) > 0 {
		pair, err := tls.X509KeyPair(options.Cert, options.Key)
		if err != nil {
			return nil, errors.New("trustlayer: TLS.Cert and TLS.Key must be a certificate and its key, both in PEM")
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(settings), nil
}

// keyCredentials sends the service key. It shows nothing of it in any text form.
type keyCredentials struct {
	header func() string
	secure bool
}

func newKeyCredentials(serviceKey string, secure bool) *keyCredentials {
	if serviceKey == "" {
		return nil
	}
	return &keyCredentials{header: func() string { return "Bearer " + serviceKey }, secure: secure}
}

func (k *keyCredentials) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": k.header()}, nil
}

// RequireTransportSecurity makes grpc refuse to send the key over a channel that was meant to be secure and is not.
func (k *keyCredentials) RequireTransportSecurity() bool {
	return k.secure
}

func (k *keyCredentials) Format(state fmt.State, _ rune) {
	_, _ = state.Write([]byte("service key " + redacted))
}
