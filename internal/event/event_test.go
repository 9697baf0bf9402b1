package event_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/event"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

var at = time.UnixMilli(1_790_000_000_123).UTC()

func TestOf(t *testing.T) {
	t.Parallel()
	a, b := id.NewCustomer(), id.NewCustomer()
	one, two := []id.Customer{a}, []id.Customer{a, b}
	tests := map[string]struct {
		entry audit.Entry
		want  []store.EventRow
	}{
		"a customer is created": {
			audit.Entry{Action: authz.CustomerCreate, Targets: one, Fields: []string{"email"}},
			[]store.EventRow{{Type: "customer.created", Object: a.String(), Version: store.CommitVersion}},
		},
		"get-or-create creates": {
			audit.Entry{Action: authz.CustomerGetOrCreate, Targets: one},
			[]store.EventRow{{Type: "customer.created", Object: a.String(), Version: store.CommitVersion}},
		},
		"get-or-create gets":    {audit.Entry{Action: authz.CustomerGetOrCreate, Targets: one, Code: "existed"}, nil},
		"an answer is replayed": {audit.Entry{Action: authz.CustomerUpdate, Targets: one, Fields: []string{"email"}, Code: "replayed"}, nil},
		"an import leaves out one": {
			audit.Entry{Action: authz.CustomerImport, Targets: two, Code: "email_taken", Fields: []string{"email"}},
			[]store.EventRow{
				{Type: "customer.created", Object: a.String(), Version: store.CommitVersion},
				{Type: "customer.created", Object: b.String(), Version: store.CommitVersion},
			},
		},
		"an import leaves out all": {audit.Entry{Action: authz.CustomerImport, Outcome: audit.Refused, Code: "email_taken"}, nil},
		"a customer is updated": {
			audit.Entry{Action: authz.CustomerUpdate, Targets: one, Fields: []string{"email", "address.city"}},
			[]store.EventRow{{Type: "customer.updated", Object: a.String(), Version: store.CommitVersion, Fields: "email,address.city"}},
		},
		"an update changes nothing": {audit.Entry{Action: authz.CustomerUpdate, Targets: one}, nil},
		"an update is denied":       {audit.Entry{Action: authz.CustomerUpdate, Outcome: audit.Denied, Targets: one, Fields: []string{"email"}}, nil},
		"a customer is deleted": {
			audit.Entry{Action: authz.CustomerDelete, Targets: one},
			[]store.EventRow{{Type: "customer.deleted", Object: a.String(), Version: store.CommitVersion}},
		},
		"a group is made": {
			audit.Entry{Action: authz.GroupCreate, Subject: "group 12", Fields: []string{"name", "description"}},
			[]store.EventRow{{Type: "group.created", Object: "12"}},
		},
		"a transaction": {
			audit.Entry{Action: authz.TransactionCreate, Targets: one, Subject: "0f0e"},
			[]store.EventRow{{Type: "transaction.recorded", Object: "0f0e", Customer: a.String()}},
		},
		"a key is changed": {
			audit.Entry{Action: authz.KeyUpdate, Subject: "cred_x", Fields: []string{"name", "scopes: a b -> a", "handling: x -> y"}},
			[]store.EventRow{{Type: "key.changed", Object: "cred_x", Fields: "name,scopes,handling"}},
		},
		"an application is renamed": {
			audit.Entry{Action: authz.AppUpdate, Subject: "app_x", Fields: []string{"name: Old, Inc. -> New: Inc."}},
			[]store.EventRow{{Type: "application.renamed", Object: "app_x", Fields: "name"}},
		},
		"an application is removed with keys": {
			audit.Entry{Action: authz.AppRemove, Subject: "app_x", Fields: []string{"revoked: cred_a", "revoked: cred_b"}},
			[]store.EventRow{{Type: "key.revoked", Object: "cred_a"}, {Type: "key.revoked", Object: "cred_b"}, {Type: "application.removed", Object: "app_x"}},
		},
		"an application is removed again": {audit.Entry{Action: authz.AppRemove, Subject: "app_x", Code: event.Unchanged}, nil},
		"a read":                          {audit.Entry{Action: authz.CustomerList, Targets: two, Fields: []string{"filter:name"}}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.entry.Time = at
			if tt.entry.Outcome == 0 {
				tt.entry.Outcome = audit.Done
			}
			for i := range tt.want {
				tt.want[i].At = at.UnixMilli()
			}
			if diff := cmp.Diff(tt.want, event.Of(&tt.entry)); diff != "" {
				t.Errorf("Of(%+v) (-want +got):\n%s", tt.entry, diff)
			}
		})
	}
}

// Every action either makes an event when it is done, or is named as having none.
func TestEveryActionIsDecided(t *testing.T) {
	t.Parallel()
	var seen []string
	for _, do := range actions(t) {
		rows := event.Of(&audit.Entry{
			Time: at, Action: do, Outcome: audit.Done, Targets: []id.Customer{id.NewCustomer()}, Subject: "subject", Fields: []string{"field"},
		})
		if silent := event.Silent(do); silent != (len(rows) == 0) {
			t.Errorf("%q makes %d events and is silent: %t; decide it in package event", do, len(rows), silent)
		}
		if len(rows) == 0 {
			continue
		}
		if !slices.Contains(event.Types(), rows[0].Type) {
			t.Errorf("%q makes an event of type %q, which Types does not list", do, rows[0].Type)
		}
		seen = append(seen, rows[0].Type)
	}
	slices.Sort(seen)
	if diff := cmp.Diff(event.Types(), slices.Compact(seen)); diff != "" {
		t.Errorf("types that no action makes (-Types +made):\n%s", diff)
	}
}

// actions reads the actions from their source, so that a new one cannot be forgotten.
func actions(t *testing.T) (found []authz.Action) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../authz/authz.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			v := spec.(*ast.ValueSpec)
			if kind, ok := v.Type.(*ast.Ident); !ok || kind.Name != "Action" {
				continue
			}
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, authz.Action(text))
		}
	}
	if len(found) < 30 || !slices.ContainsFunc(found, func(a authz.Action) bool { return strings.HasPrefix(string(a), "alarm.") }) {
		t.Fatalf("the source seems to have the actions %v only", found)
	}
	return found
}
