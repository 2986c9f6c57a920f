package trustlayer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// failing gives the error of a call that the server answers with failed.
func failing(t *testing.T, failed error) *trustlayer.Error {
	t.Helper()
	server := fake.Start(t, func(context.Context, fake.Call) (proto.Message, error) { return nil, failed })
	client := newClient(t, trustlayer.Config{Address: server.Address, ServiceKey: serviceKey})
	_, err := client.CreateSession(t.Context(), &trustv1.CreateSessionRequest{})
	if err == nil {
		t.Fatal("no error")
	}
	var found *trustlayer.Error
	if !errors.As(fmt.Errorf("wrapped: %w", err), &found) {
		t.Fatalf("ERR-7: %T is no *Error", err)
	}
	return found
}

func withDetails(code codes.Code, domain, reason string) error {
	failed, err := status.New(code, "").WithDetails(&errdetails.ErrorInfo{Domain: domain, Reason: reason})
	if err != nil {
		return err
	}
	return failed.Err()
}

func TestErrorTable(t *testing.T) {
	type file struct {
		Domain string
		Rows   []struct {
			Reason, Code string
			Number       int32
			CodeNumber   uint32 `json:"code_number"`
		}
		Local  []struct{ Reason, Code string }
		Tokens []string `json:"token_codes"`
	}
	table := vectors[file](t, "error_table.json")
	if table.Domain != trustlayer.ErrorDomain {
		t.Error("domain")
	}
	constants := stringConstants(t, "error_reasons_gen.go")
	maps.Copy(constants, stringConstants(t, "error_reasons.go"))
	for _, row := range table.Rows {
		t.Run("ERR-7 "+row.Reason, func(t *testing.T) {
			found := failing(t, fake.Fail(codes.Code(row.CodeNumber), row.Reason))
			if found.Reason != row.Reason || found.Code != row.Code {
				t.Errorf("got %s (%s), want %s (%s)", found.Reason, found.Code, row.Reason, row.Code)
			}
			if !constants[row.Reason] || trustv1.ErrorReason_value["ERROR_REASON_"+row.Reason] != row.Number {
				t.Error("no constant, or another number than in the contract")
			}
		})
	}
	for _, row := range table.Local {
		if !constants[row.Reason] {
			t.Errorf("no constant for %s", row.Reason)
		}
	}
	for _, code := range table.Tokens {
		if !constants[code] {
			t.Errorf("no constant for %s", code)
		}
	}
}

// stringConstants gives the values of the string constants of a file.
func stringConstants(t *testing.T, name string) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if value, err := strconv.Unquote(literal.Value); err == nil {
				found[value] = true
			}
		}
		return true
	})
	return found
}

func TestErrorWithoutOurInfo(t *testing.T) {
	for _, c := range []struct {
		name   string
		failed error
		reason string
		code   string
	}{
		{"UNAVAILABLE", status.Error(codes.Unavailable, ""), "UNREACHABLE", "UNAVAILABLE"},
		{"DEADLINE_EXCEEDED", status.Error(codes.DeadlineExceeded, ""), "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"},
		{"CANCELLED", status.Error(codes.Canceled, ""), "CANCELLED", "CANCELLED"},
		{"another code", status.Error(codes.PermissionDenied, ""), "UNKNOWN", "PERMISSION_DENIED"},
		{"a code that no one knows", status.Error(codes.Code(77), ""), "UNKNOWN", "UNKNOWN"},
		{"a plain error", errors.New("x"), "UNKNOWN", "UNKNOWN"},
		{"another domain", withDetails(codes.Unavailable, "other.example", "DATABASE_UNAVAILABLE"), "UNREACHABLE", "UNAVAILABLE"},
		{"no reason", withDetails(codes.Aborted, "trust-layer", ""), "UNKNOWN", "ABORTED"},
		{"a reason that is no name", withDetails(codes.Aborted, "trust-layer", "a\nb"), "UNKNOWN", "ABORTED"},
		{"a reason of a newer server", withDetails(codes.Aborted, "trust-layer", "NEW_REASON"), "NEW_REASON", "ABORTED"},
	} {
		t.Run("ERR-7 "+c.name, func(t *testing.T) {
			if found := failing(t, c.failed); found.Reason != c.reason || found.Code != c.code {
				t.Errorf("got %s (%s)", found.Reason, found.Code)
			}
		})
	}
}

func TestErrorDetails(t *testing.T) {
	t.Run("SDK-8 fields", func(t *testing.T) {
		violations := []*errdetails.BadRequest_FieldViolation{
			{Field: "device.user_agent", Description: "at most 512 bytes"}, {Field: "amr[2]", Description: "empty"},
		}
		found := failing(t, fake.Fail(codes.InvalidArgument, "INVALID_FIELD", &errdetails.BadRequest{FieldViolations: violations}))
		if len(found.Fields) != 2 || found.Fields[0] != (trustlayer.FieldViolation{
			Field: "device.user_agent", Description: "at most 512 bytes",
		}) || found.Fields[1].Field != "amr[2]" {
			t.Errorf("got %v", found.Fields)
		}
		if text := found.Error(); !strings.Contains(text, "INVALID_FIELD (INVALID_ARGUMENT) in device.user_agent, amr[2]") {
			t.Error(text)
		}
	})
	t.Run("SDK-8 retry_after", func(t *testing.T) {
		for delay, want := range map[time.Duration]time.Duration{1500 * time.Millisecond: 1500 * time.Millisecond, -time.Second: 0} {
			info := &errdetails.RetryInfo{RetryDelay: durationpb.New(delay)}
			if found := failing(t, fake.Fail(codes.ResourceExhausted, "RATE_LIMITED", info)); found.RetryAfter != want {
				t.Errorf("got %s, want %s", found.RetryAfter, want)
			}
		}
	})
	t.Run("ERR-7 metadata, and the first info counts", func(t *testing.T) {
		failed, err := status.New(codes.PermissionDenied, "").WithDetails(
			&errdetails.ErrorInfo{Domain: "proxy.example", Reason: "BLOCKED", Metadata: map[string]string{"a": "b"}},
			&errdetails.ErrorInfo{Domain: "trust-layer", Reason: "SCOPE_MISSING", Metadata: map[string]string{"scope": "x:y"}},
			&errdetails.ErrorInfo{Domain: "trust-layer", Reason: "INTERNAL"})
		if err != nil {
			t.Fatal(err)
		}
		found := failing(t, failed.Err())
		if found.Reason != "SCOPE_MISSING" || len(found.Metadata) != 1 || found.Metadata["scope"] != "x:y" {
			t.Errorf("got %+v", found)
		}
	})
}

func TestErrorIsContextError(t *testing.T) {
	if err := failing(t, status.Error(codes.Canceled, "")); !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		t.Error("CANCELLED")
	}
	if err := failing(t, status.Error(codes.DeadlineExceeded, "")); !errors.Is(err, context.DeadlineExceeded) {
		t.Error("DEADLINE_EXCEEDED")
	}
	if trustlayer.ReasonOf(nil) != "" || trustlayer.ReasonOf(errors.New("x")) != "UNKNOWN" {
		t.Error("ReasonOf")
	}
}

// SDK-7: a server or proxy that echoes what it got makes no secret appear in an error.
func TestErrorsHoldNoSecret(t *testing.T) {
	password := "correct horse battery"
	echo := "got " + fake.SessionID + " " + fake.Code + " " + serviceKey + " " + password + " Bearer abc eyJhbGciOi.eyJ.sig"
	server := fake.Start(t, func(context.Context, fake.Call) (proto.Message, error) {
		failed, err := status.New(codes.InvalidArgument, echo).WithDetails(
			&errdetails.ErrorInfo{Domain: "trust-layer", Reason: "INVALID_FIELD", Metadata: map[string]string{"a": echo, password: "x"}},
			&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: echo, Description: echo}}})
		if err != nil {
			return nil, err
		}
		return nil, failed.Err()
	})
	client := newClient(t, trustlayer.Config{Address: server.Address, ServiceKey: serviceKey})
	_, err := client.SignInWithPassword(t.Context(), &trustv1.SignInWithPasswordRequest{Password: password})
	for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		text := fmt.Sprintf(form, err) + fmt.Sprintf(form, []any{struct{ err error }{err}}) + string(mustJSON(t, err))
		for _, secret := range []string{fake.SessionID, fake.Code, serviceKey, password, "abc", "eyJhbGciOi"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %q: %s", form, secret, text)
			}
		}
	}
}
