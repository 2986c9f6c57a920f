package trustlayer

import (
	"hash/crc32"
	"strings"
)

const (
	base62Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	randomLength   = 43
	checksumLength = 6
	// 2^256-1 in base 62. The alphabet is in ASCII order, so texts of one length compare as their integers do.
	greatestRandom = "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1"
)

// IsSessionID says whether text has the form of a session_id: `ts_`, 43 base62 characters below 2^256 and 6 of CRC-32
// (SEC-1 to SEC-4). It makes no call and proves nothing: only [TrustClient.Verify] tells whether a session is active.
func IsSessionID(text string) bool {
	body, found := strings.CutPrefix(text, "ts_")
	return found && wellFormed(text, body)
}

// IsSignInCode says whether text has the form of a one-time sign-in code: `tc_`, then as a session_id.
func IsSignInCode(text string) bool {
	body, found := strings.CutPrefix(text, "tc_")
	return found && wellFormed(text, body)
}

// IsServiceKey says whether text has the form of a service key: `tlk_`, 16 base62 characters (its public id), `_`, then
// as a session_id.
func IsServiceKey(text string) bool {
	rest, found := strings.CutPrefix(text, "tlk_")
	if !found || len(rest) < 17 || rest[16] != '_' || !isBase62(rest[:16]) {
		return false
	}
	return wellFormed(text, rest[17:])
}

func wellFormed(text, body string) bool {
	if len(body) != randomLength+checksumLength || !isBase62(body) || body[:randomLength] > greatestRandom {
		return false
	}
	return body[randomLength:] == base62Checksum(text[:len(text)-checksumLength])
}

func isBase62(text string) bool {
	for i := range len(text) {
		if strings.IndexByte(base62Alphabet, text[i]) < 0 {
			return false
		}
	}
	return true
}

func base62Checksum(text string) string {
	rest := crc32.ChecksumIEEE([]byte(text))
	digits := [checksumLength]byte{}
	for i := checksumLength - 1; i >= 0; i-- {
		digits[i] = base62Alphabet[rest%62]
		rest /= 62
	}
	return string(digits[:])
}
