package tenant_test

import (
	"testing"

	"custodex.dev/internal/tenant"
)

func TestIsControl(t *testing.T) {
	t.Parallel()
	for _, c := range "\x00\t\n\r\x1b\x7f\u0085\u009b\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" {
		if !tenant.IsControl(c) {
			t.Errorf("IsControl(%U) = false", c)
		}
	}
	for _, c := range "a é\u0301王\u00a0\u05d0\u0627\u200d\u200e🙂<>&\"'" {
		if tenant.IsControl(c) {
			t.Errorf("IsControl(%U) = true", c)
		}
	}
}
