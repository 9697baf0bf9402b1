package customer_test

import (
	"strings"
	"testing"

	"custodex.dev/internal/customer"
)

func TestValidPhone(t *testing.T) {
	t.Parallel()
	good := []string{
		// Published examples of the three contracts, and what the SDKs' test suites send.
		"+1-555-123-4567", "+1-555-987-6543", "+233244567890", "+19203751411", "+1234567890", "+15551234567",
		"+1 (555) 123-4567", "1-555-123-4567", "15551234567",
		// The pattern of the OpenAPI document: [+]?[1-9]\d{1,14}.
		"12", "+12", "123456789012345", "+123456789012345",
		// Signs, and spellings of other countries.
		"(555) 123-4567", "555.123.4567", "+44 20 7946 0958", "+49 (0)30 901820", "+61-2-9374-4000", "+1 - 5", "1 2", "--12",
	}
	for _, s := range good {
		if !customer.ValidPhone(s) {
			t.Errorf("ValidPhone(%q) = false", s)
		}
	}
	bad := []string{
		"", "+", "-", "()", " ", "1", "+1", "0", "01", "+0123456789", "0123456789", "(0)123", "1234567890123456", "+1234567890123456",
		"1+234", "++1234", "(+1) 555", " +1234", "+1+2", "555-CALL", "+1 555 123 x9", "+1 555 123 ext. 9", "+1/555", "+1,555",
		"+1;555", "+1*#", "tel:+15551234567", "+1\t555", "+1\n555", "+1\u00a0555", "+1–555", "＋1555", "+１５５５", "+٣٤٥", "+1\x00555",
		"null", "+1_555", "\xff12",
	}
	for _, s := range bad {
		if customer.ValidPhone(s) {
			t.Errorf("ValidPhone(%q) = true", s)
		}
	}
}

func FuzzPhone(f *testing.F) {
	for _, s := range []string{"+1-555-123-4567", "(555) 1", "0", "+１"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, s)
		want := len(digits) >= 2 && len(digits) <= 15 && digits[0] != '0' &&
			strings.Trim(s, "0123456789 -().+") == "" && strings.LastIndexByte(s, '+') <= 0
		for _, r := range s {
			want = want && strings.ContainsRune("0123456789 -().+", r)
		}
		if got := customer.ValidPhone(s); got != want {
			t.Errorf("ValidPhone(%q) = %t, want %t", s, got, want)
		}
	})
}
