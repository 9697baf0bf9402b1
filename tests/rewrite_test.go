package tests

import (
	"fmt"
	"strings"
	"testing"
)

// TestPolicyCustomersAreWrittenAgainWithTheirHistory keeps internal/history the only caller of
// CustomerUpdate: a change anywhere else would not keep what the customer was before.
func TestPolicyCustomersAreWrittenAgainWithTheirHistory(t *testing.T) {
	t.Parallel()
	files := sourceFiles(t, ".go")
	for _, complaint := range forgetful(files) {
		t.Error(complaint)
	}
	if len(files) < 300 {
		t.Errorf("only %d files were looked at", len(files))
	}
}

// forgetful finds calls of CustomerUpdate outside internal/history. The stores and their suite
// implement it and try it, and internal/written passes it on.
func forgetful(files []sourceFile) []string {
	var found []string
	calls := 0
	for _, f := range files {
		if f.isTest() || strings.HasPrefix(f.path, "internal/store/") || strings.HasPrefix(f.path, "internal/written/") || strings.HasPrefix(f.path, "tests/") {
			continue
		}
		n := strings.Count(string(f.text), ".CustomerUpdate(")
		switch {
		case strings.HasPrefix(f.path, "internal/history/"):
			calls += n
		case n > 0:
			found = append(found, fmt.Sprintf("%s calls CustomerUpdate; use history.Save", f.path))
		}
	}
	if calls != 1 {
		found = append(found, fmt.Sprintf("internal/history calls CustomerUpdate %d times, want once", calls))
	}
	return found
}

func TestPolicyCustomersAreWrittenAgainWithTheirHistoryRule(t *testing.T) {
	t.Parallel()
	save := sourceFile{"internal/history/save.go", []byte("tx.CustomerUpdate(row)")}
	for want, files := range map[int][]sourceFile{
		0: {save, {"internal/store/sqlite/customers.go", []byte("t.CustomerUpdate(x)")}, {"internal/records/x_test.go", []byte("tx.CustomerUpdate(row)")}},
		1: {save, {"internal/records/x.go", []byte("tx.CustomerUpdate(row)")}},
		2: {{"internal/records/x.go", []byte("tx.CustomerUpdate(row)")}},
	} {
		if got := forgetful(files); len(got) != want {
			t.Errorf("forgetful(%v) = %q, want %d", files, got, want)
		}
	}
}
