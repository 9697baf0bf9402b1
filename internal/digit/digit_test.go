package digit_test

import (
	"testing"
	"unicode"

	"custodex.dev/internal/digit"
)

// Every decimal digit of Unicode becomes an ASCII one, each ten in order, and nothing else changes.
func TestASCII(t *testing.T) {
	t.Parallel()
	want := '0'
	for r := rune(0); r <= unicode.MaxRune; r++ {
		got := digit.ASCII(r)
		if !unicode.IsDigit(r) {
			if got != r {
				t.Errorf("ASCII(%U) = %q, want it as it is", r, got)
			}
			continue
		}
		if got != want {
			t.Errorf("ASCII(%U) = %q, want %q", r, got, want)
		}
		if want++; want > '9' {
			want = '0'
		}
	}
	if got := string([]rune{digit.ASCII('٣'), digit.ASCII('९'), digit.ASCII('5'), digit.ASCII('𝟘')}); got != "3950" {
		t.Errorf("ASCII gives %q, want 3950", got)
	}
}
