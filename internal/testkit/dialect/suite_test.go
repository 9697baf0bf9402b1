package dialect_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"custodex.dev/internal/testkit/dialect"
)

func TestCheckDecimals(t *testing.T) {
	t.Parallel()
	for body, ok := range map[string]bool{
		`{"at":"2026-03-01T12:00:15.000Z","of":null}`:                       true,
		`{"message":"write it as 2030-01-31T12:00:00Z"}`:                    true,
		`{"at":"2026-03-01T12:00:15Z"}`:                                     false,
		`{"at":"2026-03-01T12:00:15.00Z"}`:                                  false,
		`{"at":"2026-03-01T12:00:15.000+00:00"}`:                            false,
		`{"at":"2026-03-01T12:00:15.000Z","to":"2026-03-01T12:00:15.0000"}`: false,
	} {
		resp := &http.Response{Body: io.NopCloser(strings.NewReader(body))}
		if err := dialect.CheckDecimals(resp, 3); (err == nil) != ok {
			t.Errorf("CheckDecimals(%s, 3) = %v, want no error: %v", body, err, ok)
		}
		if again, err := io.ReadAll(resp.Body); err != nil || string(again) != body {
			t.Errorf("CheckDecimals(%s, 3) left %q, %v", body, again, err)
		}
	}
}
