package trustlayer

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxNesting is deeper than any token that is accepted (TOK-11): act nests 8 deep. The outermost object counts.
const maxNesting = 64

// jsonObject holds the members of a JSON object by their exact names, values as they were written.
type jsonObject map[string]jsontext.Value

// splitToken parts a token in three and decodes header, payload and signature (TOK-11).
func splitToken(token string) (parts [3][]byte, ok bool) {
	texts := strings.Split(token, ".")
	if len(texts) != len(parts) {
		return parts, false
	}
	for i, text := range texts {
		if parts[i], ok = decodeBase64URL(text); !ok {
			return parts, false
		}
	}
	return parts, true
}

// decodeBase64URL decodes canonical base64url without padding (RFC 4648, section 5) that is not empty. The way back
// must give the same text: the library overlooks line breaks and, by default, unused bits.
func decodeBase64URL(text string) ([]byte, bool) {
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(decoded) == 0 || base64.RawURLEncoding.EncodeToString(decoded) != text {
		return nil, false
	}
	return decoded, true
}

// parseStrictObject reads one JSON object (RFC 8259) in UTF-8 with nothing before or after it, without duplicate member
// names at any depth, and nested at most 64 deep (TOK-11, TOK-18). The library refuses invalid UTF-8 and duplicates by
// default, and compares names exactly.
func parseStrictObject(text []byte) (jsonObject, bool) {
	decoder := jsontext.NewDecoder(bytes.NewReader(text))
	for {
		switch _, err := decoder.ReadToken(); {
		case err != nil || decoder.StackDepth() > maxNesting:
			return nil, false
		case decoder.StackDepth() == 0:
			if _, err := decoder.ReadToken(); err != io.EOF {
				return nil, false
			}
			return membersOf(text)
		}
	}
}

// membersOf takes an object that was checked as a whole apart.
func membersOf(value jsontext.Value) (jsonObject, bool) {
	decoder := jsontext.NewDecoder(bytes.NewReader(value))
	if first, err := decoder.ReadToken(); err != nil || first.Kind() != '{' {
		return nil, false
	}
	members := jsonObject{}
	for decoder.PeekKind() != '}' {
		name, err := decoder.ReadToken()
		if err != nil || name.Kind() != '"' {
			return nil, false
		}
		key := name.String()
		member, err := decoder.ReadValue()
		if err != nil {
			return nil, false
		}
		members[key] = member.Clone()
	}
	return members, true
}

// itemsOf takes a list apart.
func itemsOf(value jsontext.Value) ([]jsontext.Value, bool) {
	decoder := jsontext.NewDecoder(bytes.NewReader(value))
	if first, err := decoder.ReadToken(); err != nil || first.Kind() != '[' {
		return nil, false
	}
	items := []jsontext.Value{}
	for decoder.PeekKind() != ']' {
		item, err := decoder.ReadValue()
		if err != nil {
			return nil, false
		}
		items = append(items, item.Clone())
	}
	return items, true
}

// stringOf reads a JSON string.
func stringOf(value jsontext.Value) (string, bool) {
	if value.Kind() != '"' {
		return "", false
	}
	text, err := jsontext.AppendUnquote(nil, value)
	return string(text), err == nil
}
