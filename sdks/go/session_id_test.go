package trustlayer_test

import (
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
)

// vectors reads a file of spec/vectors.
func vectors[T any](t *testing.T, name string) T {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "spec", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	var found T
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestIsSessionIDVectors(t *testing.T) {
	type file struct {
		Vectors []struct {
			Name, Rule string
			SessionID  string `json:"session_id"`
			WellFormed bool   `json:"well_formed"`
		}
	}
	all := vectors[file](t, "session_ids.json").Vectors
	if len(all) < 50 {
		t.Fatalf("only %d vectors", len(all))
	}
	for _, vector := range all {
		t.Run(vector.Rule+" "+vector.Name, func(t *testing.T) {
			if got := trustlayer.IsSessionID(vector.SessionID); got != vector.WellFormed {
				t.Errorf("got %t, want %t", got, vector.WellFormed)
			}
		})
	}
}

func TestSecretForms(t *testing.T) {
	key := "tlk_0123456789abcdef_OXri6dT6JszNd1tTKec3jagDC2lRf40gPKEZtNTEYbU2Oiobxx"
	for _, c := range []struct {
		name  string
		check func(string) bool
		text  string
		want  bool
	}{
		{"SEC-1 sign-in code", trustlayer.IsSignInCode, fake.Code, true},
		{"SEC-1 session_id is no code", trustlayer.IsSignInCode, fake.SessionID, false},
		{"SEC-1 code is no session_id", trustlayer.IsSessionID, fake.Code, false},
		{"SEC-3 wrong checksum of a service key", trustlayer.IsServiceKey, key, false},
		{"SEC-1 service key without its second part", trustlayer.IsServiceKey, "tlk_0123456789abcdef_", false},
		{"SEC-1 service key whose id is short", trustlayer.IsServiceKey, strings.Replace(key, "0123", "123", 1), false},
		{"SEC-1 empty service key", trustlayer.IsServiceKey, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.check(c.text); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestServiceKeyOfVectors(t *testing.T) {
	type file struct {
		Vectors []struct {
			Name      string
			SessionID string `json:"session_id"`
		}
	}
	for _, vector := range vectors[file](t, "session_ids.json").Vectors {
		if strings.HasPrefix(vector.Name, "a service key") {
			if !trustlayer.IsServiceKey(vector.SessionID) {
				t.Error("SEC-1: a well-formed service key was refused")
			}
			return
		}
	}
	t.Error("no service key among the vectors")
}

func TestGreatestRandomIsTwoTo256(t *testing.T) {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	rest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	text := ""
	for digit := new(big.Int); rest.Sign() > 0; {
		rest.DivMod(rest, big.NewInt(62), digit)
		text = string(alphabet[digit.Int64()]) + text
	}
	if text != "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1" {
		t.Errorf("SEC-2: 2^256-1 is %s", text)
	}
}
