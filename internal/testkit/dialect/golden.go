package dialect

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
)

// Golden compares with a file under testdata, or rewrites it.
func Golden(t testing.TB, update bool, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// cause is what no answer may show.
const cause = "secret cause"

// ErrBug is a failure that is no fault.
var ErrBug = errors.New(cause)

// EveryKind gives a fault of each kind with a cause that must stay hidden.
func EveryKind() []error {
	var all []error
	for _, k := range fault.Kinds() {
		all = append(all, fault.Wrap(ErrBug, k, "some_code", "Some message"))
	}
	return all
}

// Waits gives faults that say when to come back.
func Waits() []error {
	return []error{
		records.ErrKeyInProgress,
		fault.New(fault.TooMany, "rate_limited", "x").After(44100 * time.Millisecond),
		fault.New(fault.TooMany, "rate_limited", "x").After(time.Minute),
		fault.New(fault.Unavailable, "busy", "The server is busy; try again").After(time.Hour),
	}
}

// Show writes what a dialect made of a fault: the status, those of the headers that are
// there, and the body. The test fails if a cause is shown.
func Show(t testing.TB, b *strings.Builder, w *httptest.ResponseRecorder, headers ...string) {
	t.Helper()
	fmt.Fprint(b, w.Code)
	for _, name := range headers {
		if v := w.Header().Get(name); v != "" {
			fmt.Fprintf(b, " %s: %s", strings.ToLower(name), v)
		}
	}
	body := strings.TrimSpace(w.Body.String())
	if strings.Contains(body, cause) {
		t.Errorf("a cause is shown: %s", body)
	}
	fmt.Fprintf(b, "\n  %s\n", body)
}
