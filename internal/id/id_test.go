package id_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"custodex.dev/internal/id"
)

func TestParseCustomer(t *testing.T) {
	t.Parallel()
	const given = "123e4567-e89b-12d3-a456-426614174000" // the id in a published curl line, version 1
	good := []string{given, strings.ToUpper(given), "123E4567-e89b-12D3-a456-426614174000",
		"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"}
	for version := '0'; version <= '9'; version++ {
		for _, variant := range "0378bcef" {
			good = append(good, "0f8fad5b-d9cb-"+string(version)+"69f-"+string(variant)+"165-70867728950e")
		}
	}
	for _, s := range good {
		c, err := id.ParseCustomer(s)
		if err != nil {
			t.Errorf("ParseCustomer(%q) = %v, want any version and variant accepted", s, err)
			continue
		}
		if got, want := c.String(), strings.ToLower(s); got != want {
			t.Errorf("ParseCustomer(%q) prints as %q, want %q", s, got, want)
		}
	}

	bad := []string{
		"", "non-existent-id", "cust_" + given,
		"{" + given + "}", "urn:uuid:" + given, "URN:UUID:" + given, strings.ReplaceAll(given, "-", ""),
		given + " ", " " + given, given + "\n", given[:35], given + "0",
		"{" + given[1:35] + "}",
		"123e4567e-89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456_426614174000",
		"123e4567-e89b-12d3-a456-42661417400g", "123e4567-e89b-12d3-a456-42661417400\x00",
		"１23e4567-e89b-12d3-a456-4266141740", "--------------------------" + "----------",
		"+23e4567-e89b-12d3-a456-426614174000", "0x3e4567-e89b-12d3-a456-426614174000",
	}
	for _, s := range bad {
		c, err := id.ParseCustomer(s)
		if !errors.Is(err, id.ErrMalformed) {
			t.Errorf("ParseCustomer(%q) = %v, %v, want %v", s, c, err, id.ErrMalformed)
		}
		if !c.IsZero() {
			t.Errorf("ParseCustomer(%q) failed and gave %v", s, c)
		}
	}
}

func TestCustomerPrintsAsItParses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var c id.Customer
		copy(c[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "bytes"))
		if got := string(c.AppendText([]byte("x"))); got != "x"+c.String() {
			rt.Errorf("AppendText = %q, want x and %q", got, c.String())
		}
		if back, err := id.ParseCustomer(c.String()); err != nil || back != c {
			rt.Errorf("ParseCustomer(%q) = %v, %v, want it back", c, back, err)
		}
		if c.IsZero() != (c == id.Customer{}) {
			rt.Errorf("IsZero(%v) = %t", c, c.IsZero())
		}
	})
}

// A published client accepts the versions 1 to 5 only.
func TestNewCustomerIsVersion4(t *testing.T) {
	t.Parallel()
	seen := make(map[id.Customer]bool)
	for range 10_000 {
		c := id.NewCustomer()
		if u := uuid.UUID(c); u.Version() != 4 || u.Variant() != uuid.RFC4122 {
			t.Fatalf("NewCustomer() = %v, version %v of variant %v", c, u.Version(), u.Variant())
		}
		if seen[c] {
			t.Fatalf("NewCustomer() = %v, twice", c)
		}
		seen[c] = true
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	const (
		lower  = "abcdefghijkmnpqrstuvwxyz23456789"
		letter = "abcdefghijklmnopqrstuvwxyzABCDEF"
	)
	tests := []struct {
		name, prefix, signs string
		length              int
		make                func() string
	}{
		{"NewApp", "app_", lower, 16, func() string { return string(id.NewApp()) }},
		{"NewCredential", "cred_", lower, 16, func() string { return string(id.NewCredential()) }},
		{"NewJob", "job_", lower, 16, func() string { return string(id.NewJob()) }},
		{"NewRequest", "", letter, 20, func() string { return string(id.NewRequest()) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			seen := make(map[string]bool)
			counts := make(map[rune]int)
			const rounds = 10_000
			for range rounds {
				s := tt.make()
				random, ok := strings.CutPrefix(s, tt.prefix)
				if !ok || len(random) != tt.length {
					t.Fatalf("%q, want %q and %d signs", s, tt.prefix, tt.length)
				}
				if seen[s] {
					t.Fatalf("%q, twice", s)
				}
				seen[s] = true
				for _, r := range random {
					counts[r]++
				}
			}
			// 32 signs, so 5 bits each: 80 bits name an application, 100 a request.
			if len(counts) != 32 {
				t.Errorf("%d signs are used, want 32", len(counts))
			}
			even := rounds * tt.length / 32
			for r, n := range counts {
				if !strings.ContainsRune(tt.signs, r) {
					t.Errorf("sign %q is not of the alphabet", r)
				}
				if n < even/2 || n > even*2 { // many standard deviations away
					t.Errorf("sign %q came %d times, want about %d", r, n, even)
				}
			}
		})
	}
}

// A published client takes the digits 404 in any header of a failure for its status.
func TestRequestHasNoDigit(t *testing.T) {
	t.Parallel()
	for range 10_000 {
		if r := id.NewRequest(); strings.ContainsAny(string(r), "0123456789") {
			t.Fatalf("NewRequest() = %q, want letters only", r)
		}
	}
}

func TestParseAppAndCredential(t *testing.T) {
	t.Parallel()
	for range 1000 {
		app, cred := id.NewApp(), id.NewCredential()
		if got, err := id.ParseApp(string(app)); err != nil || got != app {
			t.Errorf("ParseApp(%q) = %q, %v", app, got, err)
		}
		if got, err := id.ParseCredential(string(cred)); err != nil || got != cred {
			t.Errorf("ParseCredential(%q) = %q, %v", cred, got, err)
		}
	}
	const tail = "abcdefgh23456789"
	tails := []string{"", tail[1:], tail + "a", strings.ToUpper(tail), tail[:15] + "1", tail[:15] + "0", tail[:15] + "A",
		tail[:15] + " ", tail[:15] + "_", tail[:15] + "\x00", tail[:14] + "é", " " + tail[1:]}
	for _, s := range tails {
		if got, err := id.ParseApp("app_" + s); !errors.Is(err, id.ErrMalformed) || got != "" {
			t.Errorf("ParseApp(app_%q) = %q, %v, want %v", s, got, err, id.ErrMalformed)
		}
		if got, err := id.ParseCredential("cred_" + s); !errors.Is(err, id.ErrMalformed) || got != "" {
			t.Errorf("ParseCredential(cred_%q) = %q, %v, want %v", s, got, err, id.ErrMalformed)
		}
	}
	for _, prefix := range []string{"", "app", "APP_", "cred-", "key_", "cred_", "\x00app"} {
		if got, err := id.ParseApp(prefix + tail); err == nil {
			t.Errorf("ParseApp(%q) = %q", prefix+tail, got)
		}
	}
	if got, err := id.ParseCredential("app_a" + tail); err == nil {
		t.Errorf("ParseCredential of an application's id = %q", got)
	}
}

// The system's own application must not be reachable by a name that a caller sends.
func TestSystemDoesNotParse(t *testing.T) {
	t.Parallel()
	if got, err := id.ParseApp(string(id.System)); err == nil {
		t.Errorf("ParseApp(%q) = %q, want %v", id.System, got, id.ErrMalformed)
	}
}

func TestErrorsDoNotEcho(t *testing.T) {
	t.Parallel()
	const text = "jane@example.com"
	_, customer := id.ParseCustomer(text)
	_, app := id.ParseApp(text)
	_, cred := id.ParseCredential(text)
	if !slices.Equal([]error{customer, app, cred}, []error{id.ErrMalformed, id.ErrMalformed, id.ErrMalformed}) {
		t.Errorf("errors are %v, %v and %v, want the constant alone", customer, app, cred)
	}
}

func FuzzParseCustomer(f *testing.F) {
	for _, s := range []string{"", "123e4567-e89b-12d3-a456-426614174000", "{123e4567-e89b-12d3-a456-42661417400}",
		"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := id.ParseCustomer(s)
		switch {
		case err != nil && !errors.Is(err, id.ErrMalformed):
			t.Errorf("ParseCustomer(%q) = %v", s, err)
		case err == nil && c.String() != strings.ToLower(s):
			t.Errorf("ParseCustomer(%q) prints as %q", s, c)
		}
	})
}
