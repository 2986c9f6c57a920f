package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// play asks line by line and gives the answers.
func play(t *testing.T, lines ...string) []string {
	t.Helper()
	input, asked := io.Pipe()
	answered, output := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- serve(t.Context(), input, output)
		_ = output.Close()
	}()
	var answers []string
	reader := bufio.NewReader(answered)
	for _, line := range lines {
		_, _ = io.WriteString(asked, line+"\n")
		if strings.TrimSpace(line) != "" {
			answer, err := reader.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			answers = append(answers, strings.TrimSuffix(answer, "\n"))
		}
	}
	_ = asked.Close()
	if rest, err := io.ReadAll(reader); len(rest) > 0 || err != nil {
		t.Errorf("more answers than questions: %s %v", rest, err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return answers
}

func sameJSON(t *testing.T, got, want string) {
	t.Helper()
	var left, right any
	if err := json.Unmarshal([]byte(got), &left); err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	if err := json.Unmarshal([]byte(want), &right); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(left, right) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestProbe(t *testing.T) {
	at := timestamppb.New(time.Date(2026, 11, 23, 10, 0, 0, 120_000_000, time.UTC))
	server := fake.Start(t, func(_ context.Context, call fake.Call) (proto.Message, error) {
		switch call.Request.(type) {
		case *trustv1.VerifyRequest:
			return &trustv1.VerifyResponse{Verdict: fake.Rejected(trustv1.RejectionReason_REJECTION_REASON_REVOKED)}, nil
		case *trustv1.BatchVerifyRequest:
			return &trustv1.BatchVerifyResponse{Verdicts: []*trustv1.Verdict{fake.Active()}}, nil
		case *trustv1.GetIdentityRequest:
			return &trustv1.GetIdentityResponse{Identity: &trustv1.Identity{
				Id: "idn_1", State: trustv1.IdentityState_IDENTITY_STATE_ACTIVE, Version: 1<<53 - 1, CreatedAt: at,
				Identifiers: []*trustv1.Identifier{{Type: trustv1.IdentifierType_IDENTIFIER_TYPE_EMAIL, Value: "a@b.example"}},
			}}, nil
		case *trustv1.DeleteIdentityRequest:
			return nil, fake.Fail(codes.NotFound, "IDENTITY_NOT_FOUND")
		case *trustv1.FindIdentityRequest:
			return nil, fake.Fail(codes.InvalidArgument, "INVALID_FIELD", &errdetails.BadRequest{
				FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "value"}, {Field: "type"}},
			})
		}
		return nil, nil
	})
	key := fake.NewKey("k1")
	token := key.Token(fake.Claims(time.Unix(1_900_000_000, 0)))
	claims, _ := json.Marshal(fake.Claims(time.Unix(1_900_000_000, 0)))
	configure := fmt.Sprintf(`{"id":1,"do":"configure","with":{"address":[%q],"service_key":"tlk_x","issuer":%q,"audience":%q,`+
		`"jwks":%s,"now":1900000000,"watch":false}}`, server.Address, fake.Issuer, fake.Audience, fake.JWKS(key))
	identity := `{"id":"idn_0b6f1d2e3c4a59687786a5b4c3d2e1f0","display_name":"Ada","roles":[],"epoch":0,"metadata":{},"version":0}`
	session := `{"handle":"ses_5a1e0cc27bd94f3f8e6d7c8b9a0f1e2d","tenant_id":"","identity_id":"idn_0b6f1d2e3c4a59687786a5b4c3d2e1f0",` +
		`"version":1,"epoch":0,"acr":"","amr":[],"idle_timeout_seconds":0}`
	exchanges := [][2]string{
		{configure, `{"id":1,"ok":{}}`},
		{`{"id":2,"do":"verify","with":{"session_id":"` + fake.SessionID + `","consistency":"STRONG"}}`,
			`{"id":2,"ok":{"active":false,"reason":"REVOKED"}}`},
		{`{"id":2,"do":"verify","with":{"session_id":"x"}}`, `{"id":2,"ok":{"active":false,"reason":"MALFORMED"}}`},
		{`{"id":2,"do":"metrics"}`, `{"id":2,"ok":{"hits":0,"misses":1,"degraded":0,"batches":1,"entries":0,"tombstones":0,"streams":0}}`},
		{`{"id":2,"do":"await_lease","with":{"timeout_ms":5000}}`, `{"id":2,"ok":{"leased":false}}`},
		{`{"id":3,"do":"batch_verify","with":{"session_ids":["` + fake.SessionID + `"]}}`,
			`{"id":3,"ok":{"verdicts":[{"active":true,"session":` + session + `,"identity":` + identity + `}]}}`},
		{`{"id":4,"do":"get_identity","with":{"identity_id":"idn_1"}}`,
			`{"id":4,"ok":{"identity":{"id":"idn_1","tenant_id":"","state":"IDENTITY_STATE_ACTIVE","identifiers":[` +
				`{"type":"IDENTIFIER_TYPE_EMAIL","value":"a@b.example","verified":false}],"display_name":"","roles":[],"metadata":{},` +
				`"epoch":0,"version":9007199254740991,"created_at":"2026-11-23T10:00:00.120Z","state_reason":""}}}`},
		{`{"id":5,"do":"delete_identity","with":{"identity_id":"idn_1"}}`,
			`{"id":5,"error":{"reason":"IDENTITY_NOT_FOUND","code":"NOT_FOUND"}}`},
		{`{"id":5,"do":"find_identity"}`,
			`{"id":5,"error":{"reason":"INVALID_FIELD","code":"INVALID_ARGUMENT","fields":["value","type"]}}`},
		{`{"id":6,"do":"revoke_session","with":{"handle":"ses_1"}}`, `{"id":6,"ok":{"handle":"","version":0}}`},
		{`{"id":7,"do":"verify_trust_token","with":{"trust_token":"` + token + `"}}`, `{"id":7,"ok":{"claims":` + string(claims) + `}}`},
		{`{"id":8,"do":"verify_trust_token","with":{"trust_token":"x"}}`,
			`{"id":8,"error":{"reason":"TRUST_TOKEN_REJECTED","code":"TOKEN_MALFORMED"}}`},
		{`{"id":9,"do":"check_session_id","with":{"session_id":"` + fake.SessionID + `"}}`, `{"id":9,"ok":{"well_formed":true}}`},
		{`{"id":10,"do":"safe_return_path","with":{"path":"//x"}}`, `{"id":10,"ok":{"path":"/"}}`},
		{`{"id":"a","do":"no_such_rpc"}`, `{"id":"a","error":{"reason":"UNKNOWN","code":"UNIMPLEMENTED"}}`},
		{`{"id":11,"do":"close","with":{}}`, `{"id":11,"error":{"reason":"UNKNOWN","code":"UNIMPLEMENTED"}}`},
		{`{"id":12,"do":"get_identity","with":{"no_such_field":1}}`, `{"id":12,"error":{"reason":"UNKNOWN","code":"INVALID_ARGUMENT"}}`},
		{`no JSON`, `{"id":null,"error":{"reason":"UNKNOWN","code":"INVALID_ARGUMENT"}}`},
	}
	var lines []string
	for _, exchange := range exchanges {
		lines = append(lines, exchange[0])
	}
	answers := play(t, lines...)
	if len(answers) != len(exchanges) {
		t.Fatalf("%d answers to %d questions", len(answers), len(exchanges))
	}
	for i, exchange := range exchanges {
		sameJSON(t, answers[i], exchange[1])
	}
	if got := server.Calls()[0].Request.(*trustv1.VerifyRequest).GetConsistency(); got != trustv1.Consistency_CONSISTENCY_STRONG {
		t.Errorf("asked with %v", got)
	}
}

func TestProbeLeeway(t *testing.T) {
	key := fake.NewKey("k1")
	configure := fmt.Sprintf(`{"id":1,"do":"configure","with":{"issuer":%q,"audience":%q,"jwks":%s,"now":1900000062,"leeway_seconds":`,
		fake.Issuer, fake.Audience, fake.JWKS(key))
	verify := `{"id":2,"do":"verify_trust_token","with":{"trust_token":"` + key.Token(fake.Claims(time.Unix(1_900_000_000, 0))) + `"}}`
	answers := play(t, configure+`5}}`, verify, configure+`0}}`, verify, configure+`6}}`)
	if strings.Contains(answers[1], "error") || !strings.Contains(answers[3], "TOKEN_EXPIRED") || !strings.Contains(answers[4], "error") {
		t.Errorf("got %q", answers)
	}
}

func TestProbeBeforeConfigure(t *testing.T) {
	for _, do := range []string{"verify", "batch_verify", "get_tenant", "verify_trust_token"} {
		got := play(t, `{"id":1,"do":"`+do+`","with":{}}`, "", "  ")
		if len(got) != 1 {
			t.Fatalf("answered empty lines: %q", got)
		}
		sameJSON(t, got[0], `{"id":1,"error":{"reason":"UNKNOWN","code":"FAILED_PRECONDITION"}}`)
	}
}
