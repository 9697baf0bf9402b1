package authz_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/authz"
)

// actions reads the constants of type Action from the source, so that a new one cannot be forgotten.
func actions(t *testing.T) []authz.Action {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "authz.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []authz.Action
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Action" {
			for _, v := range spec.Values {
				text, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, authz.Action(text))
			}
		}
		return true
	})
	if len(found) < 10 || !slices.Contains(found, authz.AuditCheck) {
		t.Fatalf("the source seems to have the actions %v only", found)
	}
	return found
}

// ofApplications reports whether keys of applications may do the action. They reach
// customers and what hangs on them; but what came of identity checks is an operator's
// to say.
func ofApplications(do authz.Action) bool {
	noun, _, _ := strings.Cut(string(do), ".")
	return slices.Contains([]string{"customer", "group", "transaction", "liquidation_address"}, noun) && do != authz.CustomerKYC && do != authz.CustomerSum
}

func TestEveryActionHasItsScope(t *testing.T) {
	t.Parallel()
	seen := make(map[authz.Action]bool)
	for _, do := range actions(t) {
		if seen[do] {
			t.Errorf("two actions are called %q", do)
		}
		seen[do] = true
		need := authz.Needs(do)
		switch {
		case authz.OnlyRecorded(do):
			if need != "" {
				t.Errorf("Needs(%q) = %q, but nobody is allowed it: the server alone records it", do, need)
			}
		case need == "":
			t.Errorf("Needs(%q) is nothing, so nobody can do it", do)
		case strings.HasPrefix(string(do), "audit.") != (need == authz.AuditRead):
			t.Errorf("Needs(%q) = %q: auditors read the log, and nothing else", do, need)
		case (need == authz.Manage || need == authz.AuditRead) == ofApplications(do):
			t.Errorf("Needs(%q) = %q: operators manage, and keys of applications reach customers", do, need)
		}
	}
}

func TestAllow(t *testing.T) {
	t.Parallel()
	past := authz.CustomersHistory
	read, write, remove := authz.CustomersRead, authz.CustomersWrite, authz.CustomersDelete
	tests := []struct {
		do    authz.Action
		needs authz.Scope
	}{
		{authz.CustomerCreate, write}, {authz.CustomerUpdate, write},
		{authz.CustomerImport, write}, {authz.CustomerFetch, read}, {authz.CustomerList, read},
		{authz.CustomerHistory, past}, {authz.CustomerDelete, remove}, {authz.CustomerGetOrCreate, write}, {authz.CustomerValidate, write}, {authz.CustomerKYCSubmit, write},
		{authz.GroupCreate, write}, {authz.GroupUpdate, write}, {authz.GroupDelete, write},
		{authz.GroupFetch, read}, {authz.GroupList, read},
		{authz.TransactionCreate, write}, {authz.TransactionList, read},
		{authz.AddressCreate, write}, {authz.AddressFetch, read}, {authz.AddressList, read},
		{authz.AuditList, authz.AuditRead}, {authz.AuditCheck, authz.AuditRead},
	}
	want := make(map[authz.Action]authz.Scope)
	for _, tt := range tests {
		want[tt.do] = tt.needs
	}
	for _, do := range actions(t) {
		if _, ok := want[do]; !ok && !authz.OnlyRecorded(do) {
			want[do] = authz.Manage
		}
		for _, have := range []authz.Scopes{nil, {}, {""}, {read}, {write}, {remove}, {read, write}, {write, read}, {read, write, remove}, {past}, {authz.Manage},
			{authz.AuditRead}, {read, authz.AuditRead},
			{"customers:*"}, {"*"}, {"audit:*"}, {"MANAGE"}, {"manage "}, {"customers:read,customers:write"}} {
			allowed := want[do] != "" && (slices.Contains(have, want[do]) ||
				want[do] == authz.AuditRead && slices.Contains(have, authz.Manage))
			if got := authz.Allow(have, do); got != allowed {
				t.Errorf("Allow(%q, %q) = %t, want %t", have, do, got, allowed)
			}
		}
	}
}

// No set of scopes that an application's credential may carry reaches anything of the operators'.
func TestCustomersScopesDoNotManage(t *testing.T) {
	t.Parallel()
	every := authz.OfApplications()
	for _, do := range actions(t) {
		manages := !ofApplications(do)
		for _, have := range []authz.Scopes{authz.DefaultScopes, every} {
			if got := authz.Allow(have, do); got == manages && do != authz.CustomerDelete && do != authz.CustomerHistory || got && manages {
				t.Errorf("Allow(%q, %q) = %t", have, do, got)
			}
		}
		if got := authz.Allow(authz.Scopes{authz.Manage}, do); got && !manages {
			t.Errorf("an operator may %q without a credential of the application", do)
		}
	}
}

func TestUnknownActionIsDenied(t *testing.T) {
	t.Parallel()
	all := append(authz.Scopes{authz.Manage, ""}, authz.DefaultScopes...)
	for _, do := range []authz.Action{"", "customer", "customer.forget", "customer.Fetch", "manage", "customers:read", authz.Authenticate} {
		if authz.Allow(all, do) {
			t.Errorf("Allow(%q, %q) = true", all, do)
		}
		if need := authz.Needs(do); need != "" {
			t.Errorf("Needs(%q) = %q, want nothing", do, need)
		}
	}
}

func TestParseScopes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		names []string
		want  authz.Scopes
	}{
		{[]string{"customers:read"}, authz.Scopes{authz.CustomersRead}},
		{[]string{"customers:write", "customers:read"}, authz.Scopes{authz.CustomersWrite, authz.CustomersRead}},
		{[]string{" customers:read ", "customers:read"}, authz.Scopes{authz.CustomersRead}},
		{[]string{"audit:read"}, authz.Scopes{authz.AuditRead}},
		{nil, nil},
		{[]string{"", "x"}, authz.Scopes{"", "x"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, authz.ParseScopes(tt.names)); diff != "" {
			t.Errorf("ParseScopes(%q) (-want +got):\n%s", tt.names, diff)
		}
	}
}

// Scopes are stored as their text.
func TestScopesReadAsTheyPrint(t *testing.T) {
	t.Parallel()
	for _, s := range []authz.Scopes{authz.DefaultScopes, {authz.CustomersRead}, {authz.CustomersWrite, authz.CustomersRead}} {
		if diff := cmp.Diff(s, authz.ParseScopes(strings.Split(s.String(), ","))); diff != "" {
			t.Errorf("ParseScopes(%q) (-want +got):\n%s", s.String(), diff)
		}
		if diff := cmp.Diff(s, authz.ParseScopes(s.Strings())); diff != "" {
			t.Errorf("ParseScopes(%q) (-want +got):\n%s", s.Strings(), diff)
		}
	}
	if got := (authz.Scopes{authz.Manage}).String(); got != "manage" {
		t.Errorf("String() = %q, want manage", got)
	}
	if got := (authz.Scopes{}).String(); got != "" {
		t.Errorf("String() of none = %q", got)
	}
}
