package postgres_test

import (
	"bufio"
	"bytes"
	"context"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
)

// labelled runs fn and gives it a function that counts the goroutines that have come
// of it and still run, fn's own included, whatever other tests do meanwhile.
func labelled(t *testing.T, fn func(running func() int)) {
	t.Helper()
	const key = "test"
	pprof.Do(t.Context(), pprof.Labels(key, t.Name()), func(context.Context) {
		fn(func() int {
			var b bytes.Buffer
			if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
				t.Fatal(err)
			}
			return countLabelled(&b, strconv.Quote(key)+":"+strconv.Quote(t.Name()))
		})
	})
}

// countLabelled sums the heads of groups, such as "3 @ 0x46…", whose next line has
// the label.
func countLabelled(profile *bytes.Buffer, label string) int {
	sum, size := 0, 0
	for lines := bufio.NewScanner(profile); lines.Scan(); {
		text := lines.Text()
		if n, _, ok := strings.Cut(text, " @ "); ok {
			size, _ = strconv.Atoi(n)
		} else if strings.HasPrefix(text, "# labels:") && strings.Contains(text, label) {
			sum += size
		}
	}
	return sum
}
