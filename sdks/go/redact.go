package trustlayer

import (
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

const redacted = "[redacted]"

// What a careless proxy or server could echo: our own secrets by their form, JWS and bearer values.
var secretForms = regexp.MustCompile(`(?i)\b(?:t[scpd]|tlk)_[0-9A-Za-z_]{8,}|\beyJ[\w-]+(?:\.[\w-]*)*|\bBearer\s+\S+`)

var plainWord = regexp.MustCompile(`^[A-Za-z]+$`)

// redact blots secrets out of a text that came from elsewhere: those given, and whatever has the form of one (SDK-7).
func redact(text string, secrets []string) string {
	// Longest first, so that no piece of a longer secret is left behind.
	own := slices.SortedFunc(slices.Values(secrets), func(a, b string) int { return len(b) - len(a) })
	for _, secret := range own {
		// A plain word stays: blotting out "password" where the server explains would tell the password.
		if len(secret) >= 4 && !plainWord.MatchString(secret) {
			text = strings.ReplaceAll(text, secret, redacted)
		}
	}
	return secretForms.ReplaceAllString(text, redacted)
}

// secretsOf lists the secrets of a request. All are members of the message itself.
func secretsOf(request proto.Message) []string {
	var found []string
	request.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case !isSecret(field) || field.Kind() != protoreflect.StringKind:
		case field.IsList():
			for i := range value.List().Len() {
				found = append(found, value.List().Get(i).String())
			}
		default:
			found = append(found, value.String())
		}
		return true
	})
	return found
}

// isSecret says whether the contract marks a field as one that may stand in no text.
func isSecret(field protoreflect.FieldDescriptor) bool {
	options, ok := field.Options().(*descriptorpb.FieldOptions)
	return ok && options.GetDebugRedact()
}
