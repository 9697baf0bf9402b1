package tenant_test

import (
	"slices"
	"strings"
	"testing"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
	"custodex.dev/internal/tenant"
)

// An application that could be given an operator's credential would manage all the others.
func TestKindsOfApplications(t *testing.T) {
	t.Parallel()
	if kinds := tenant.Kinds(); slices.Contains(kinds, tenant.Operator) || slices.Contains(kinds, tenant.Auditor) || !slices.Contains(kinds, tenant.Devdraft) {
		t.Errorf("Kinds() = %v, want the dialects alone", kinds)
	}
	for app, operators := range map[id.App]bool{id.System: true, id.NewApp(): false} {
		kinds := tenant.KindsOf(app)
		if slices.Contains(kinds, tenant.Operator) != operators || slices.Contains(kinds, tenant.Devdraft) == operators ||
			!slices.Contains(kinds, tenant.Auditor) {
			t.Errorf("KindsOf(%s) = %v", app, kinds)
		}
	}
}

func TestKindOpens(t *testing.T) {
	t.Parallel()
	all := append(tenant.Kinds(), tenant.Operator, tenant.Auditor, "")
	for _, k := range all {
		for _, api := range all {
			want := k == api || k == tenant.Auditor && api == tenant.Operator
			if got := k.Opens(api); got != want {
				t.Errorf("%q.Opens(%q) = %t, want %t", k, api, got, want)
			}
		}
	}
}

// An operator who asked for a key that reads the audit log was told to use customers:read, and
// then that the key has the scope manage. Every combination has one true sentence: what it tells
// to use is right, and no scope that it names is the one that was refused.
func TestFieldE4SentencesAboutScopes(t *testing.T) {
	t.Parallel()
	scopes := append(authz.OfApplications(), authz.AuditRead, authz.Manage, "customers:*", "")
	for _, app := range []id.App{id.System, id.NewApp()} {
		for _, kind := range append(tenant.KindsOf(app), "") {
			for set := range 1 << len(scopes) {
				var have authz.Scopes
				for i, s := range scopes {
					if set&(1<<i) != 0 {
						have = append(have, s)
					}
				}
				checkSentence(t, app, kind, have)
			}
		}
	}
}

func checkSentence(t *testing.T, app id.App, kind tenant.Kind, have authz.Scopes) {
	t.Helper()
	if kind == "" {
		kind = tenant.DefaultKind(app, have)
	}
	got, good := kind.ScopesProblem(have), true
	var want string
	switch kind {
	case tenant.Operator:
		good, want = slices.Equal(have, authz.Scopes{authz.Manage}), "an operator's key has the scope manage, which includes audit:read, and no other"
	case tenant.Auditor:
		good, want = slices.Equal(have, authz.Scopes{authz.AuditRead}), "an auditor's key has the scope audit:read and no other"
	default:
		const names = "customers:read, customers:write, customers:delete, customers:history"
		others := slices.DeleteFunc(slices.Clone(have), func(s authz.Scope) bool { return slices.Contains(authz.OfApplications(), s) })
		good, want = len(have) > 0 && len(others) == 0, "unknown scope; use "+names
		switch {
		case len(have) == 0:
			want = "name at least one scope of " + names
		case slices.Contains(others, authz.Manage):
			want = "manage is for operators alone, whose keys belong to app_system; use " + names
		case slices.Contains(others, authz.AuditRead):
			want = "audit:read needs a key of its own, of the kind auditor and without another scope"
		}
	}
	if good {
		want = ""
	}
	if got != want {
		t.Errorf("%s of %s with %q: %q, want %q", kind, app, have, got, want)
	}
}

func TestDefaultsOfKinds(t *testing.T) {
	t.Parallel()
	for _, app := range []id.App{id.System, id.NewApp()} {
		for _, kind := range tenant.KindsOf(app) {
			if problem := kind.ScopesProblem(kind.DefaultScopes()); problem != "" {
				t.Errorf("the default scopes of %s: %s", kind, problem)
			}
		}
		if kind := tenant.DefaultKind(app, authz.Scopes{authz.AuditRead}); kind != tenant.Auditor {
			t.Errorf("DefaultKind(%s, audit:read) = %s", app, kind)
		}
		if kind := tenant.DefaultKind(app, nil); kind != tenant.KindsOf(app)[0] {
			t.Errorf("DefaultKind(%s, nothing) = %s", app, kind)
		}
	}
}

// Who names another application gets nothing of it unless an operator.
func TestCallerOf(t *testing.T) {
	t.Parallel()
	own, other := id.NewApp(), id.NewApp()
	tests := []struct {
		scopes string
		app    id.App
		want   string // application and scopes
	}{
		{"manage", other, string(other) + " manage"},
		{"manage", own, string(own) + " manage"},
		{"audit:read", own, string(own) + " audit:read"},
		{"audit:read", other, string(own) + " "},
		{"audit:read", id.System, string(own) + " "},
		{"customers:read,customers:write", other, string(own) + " "},
	}
	for _, tt := range tests {
		c := tenant.Caller{App: own, Scopes: authz.ParseScopes(strings.Split(tt.scopes, ","))}.ScopedTo(tt.app)
		if got := string(c.App) + " " + c.Scopes.String(); got != tt.want {
			t.Errorf("a caller with %s names %s: %q, want %q", tt.scopes, tt.app, got, tt.want)
		}
	}
}
