package trustlayer

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"
)

// ErrorDomain is `google.rpc.ErrorInfo.domain` of every error of the Trust Layer (ERR-1).
const ErrorDomain = "trust-layer"

var reasonForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,62}$`)

// FieldViolation is a refused field of a request (`google.rpc.BadRequest`).
type FieldViolation struct {
	// Field is its path in the request, such as `device.user_agent` or `identifiers[2].value`.
	Field string
	// Description says what is wrong with it, never the refused value.
	Description string
}

// Error is the one error type of the SDK (ERR-7). It means that no decision was made or that a Trust Token was refused:
// treat it as a denial. Get at it with [errors.As]. It holds no secret: texts of the server are blotted.
type Error struct {
	// Reason says why; decide by this. One of the Reason constants, but a newer server may send others.
	Reason string
	// Code is the name of the gRPC status code, such as `UNAVAILABLE`; for a Trust Token that the [Verifier] did not
	// accept the code of chapter 3 of the standard, such as [TokenExpired].
	Code string
	// Fields are the refused fields; empty unless the reason is about fields.
	Fields []FieldViolation
	// RetryAfter is how long to wait before the next try (`google.rpc.RetryInfo`); 0 if not said.
	RetryAfter time.Duration
	// Metadata holds further facts by name, such as `request_id` or `scope` (`google.rpc.ErrorInfo.metadata`).
	Metadata map[string]string
	// Message is for people; may be empty.
	Message string
}

// Error gives reason, code, names of refused fields, and the message.
func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString("trust layer: " + e.Reason + " (" + e.Code + ")")
	for i, violation := range e.Fields {
		text.WriteString(map[bool]string{true: " in ", false: ", "}[i == 0] + violation.Field)
	}
	if e.Message != "" {
		text.WriteString(": " + e.Message)
	}
	return text.String()
}

// Is makes errors.Is(err, context.Canceled) and errors.Is(err, context.DeadlineExceeded) hold for calls that ended so.
func (e *Error) Is(target error) bool {
	switch target {
	case context.Canceled:
		return e.Reason == ReasonCancelled
	case context.DeadlineExceeded:
		return e.Reason == ReasonDeadlineExceeded
	default:
		return false
	}
}

// ReasonOf gives the reason of an [*Error] anywhere in err's chain, [ReasonUnknown] for any other error, and "" for nil.
func ReasonOf(err error) string {
	if err == nil {
		return ""
	}
	if found, ok := errors.AsType[*Error](err); ok && found != nil {
		return found.Reason
	}
	return ReasonUnknown
}

// errorOf translates what grpc returned (ERR-7). Details that cannot be read count as absent; nothing of err is kept
// but what has been blotted.
func errorOf(err error, secrets []string) error {
	if err == nil {
		return nil
	}
	failed, ok := status.FromError(err)
	if !ok {
		failed = status.FromContextError(err)
	}
	result := &Error{Reason: localReason(failed.Code()), Code: codeName(failed.Code())}
	result.Message = redact(failed.Message(), secrets)
	known := false
	for _, detail := range failed.Proto().GetDetails() {
		known = result.read(detail, known, secrets) || known
	}
	return result
}

// read takes one detail in and says whether it was the ErrorInfo of our domain, of which the first counts.
func (e *Error) read(detail *anypb.Any, known bool, secrets []string) bool {
	message, err := detail.UnmarshalNew()
	if err != nil {
		return false
	}
	switch message := message.(type) {
	case *errdetails.ErrorInfo:
		if known || message.GetDomain() != ErrorDomain {
			return false
		}
		e.Reason = ReasonUnknown
		if reasonForm.MatchString(message.GetReason()) {
			e.Reason = message.GetReason()
		}
		e.Metadata = make(map[string]string, len(message.GetMetadata()))
		for name, value := range message.GetMetadata() {
			e.Metadata[redact(name, secrets)] = redact(value, secrets)
		}
		return true
	case *errdetails.BadRequest:
		for _, violation := range message.GetFieldViolations() {
			e.Fields = append(e.Fields, FieldViolation{
				Field:       redact(violation.GetField(), secrets),
				Description: redact(violation.GetDescription(), secrets),
			})
		}
	case *errdetails.RetryInfo:
		e.RetryAfter = max(0, message.GetRetryDelay().AsDuration())
	}
	return false
}

func localReason(code codes.Code) string {
	switch code {
	case codes.Unavailable:
		return ReasonUnreachable
	case codes.DeadlineExceeded:
		return ReasonDeadlineExceeded
	case codes.Canceled:
		return ReasonCancelled
	default:
		return ReasonUnknown
	}
}

// codeName gives the name that all languages use, such as `INVALID_ARGUMENT`; Go's own differ.
func codeName(number codes.Code) string {
	if name, ok := code.Code_name[int32(number)]; ok {
		return name
	}
	return "UNKNOWN"
}
