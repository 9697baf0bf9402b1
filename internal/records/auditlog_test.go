package records_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

func (e *testEnv) listAudit(t *testing.T, in records.AuditFilter) []records.AuditView {
	t.Helper()
	views, err := e.ListAudit(t.Context(), e.operator(e.app.ID), in)
	if err != nil {
		t.Fatal(err)
	}
	return views
}

// actions gives the entries as action and outcome, in order.
func actions(views []records.AuditView) []string {
	var all []string
	for _, v := range views {
		all = append(all, fmt.Sprintf("%s %s", v.Action, v.Outcome))
	}
	return all
}

func TestListAudit(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("A", "B", ""))
	if _, err := env.FetchCustomer(t.Context(), env.me, records.ByID(c)); err != nil {
		t.Fatal(err)
	}
	views := env.listAudit(t, records.AuditFilter{})
	want := []string{"customer.fetch done", "customer.create done", "app.create done"}
	if diff := cmp.Diff(want, actions(views)); diff != "" {
		t.Fatalf("entries (-want +got):\n%s", diff)
	}
	got := views[0]
	wantView := records.AuditView{
		Entry: audit.Entry{
			Seq: 2, Time: got.Time, App: env.app.ID, Actor: string(env.me.Credential), Action: authz.CustomerFetch, Outcome: audit.Done,
			Dialect: "devdraft", Request: env.me.Origin.Request, Targets: []id.Customer{c}, Personal: got.Personal,
		},
		Origin: audit.Origin{Owner: "Ada Owner", Address: "192.0.2.7", UserAgent: "test agent", ActingUser: "agent-7"},
	}
	if diff := cmp.Diff(wantView, got); diff != "" || time.Since(got.Time) > time.Minute {
		t.Errorf("the fetch's entry (-want +got):\n%s", diff)
	}
}

func TestListAuditFilters(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("A", "B", ""))
	env.mustCreate(t, env.me, person("C", "D", ""))
	other := env.me
	other.Credential = id.NewCredential()
	if _, err := env.FetchCustomer(t.Context(), other, records.ByID(c)); err != nil {
		t.Fatal(err)
	}
	all := env.listAudit(t, records.AuditFilter{})
	hour := time.Now().Add(time.Hour)
	for name, tt := range map[string]struct {
		in     records.AuditFilter
		want   []string
		fields []string
	}{
		"customer":   {records.AuditFilter{Customer: &c}, []string{"customer.fetch done", "customer.create done"}, []string{"filter:customer", "entries:1-3"}},
		"credential": {records.AuditFilter{Credential: string(other.Credential)}, []string{"customer.fetch done"}, []string{"filter:credential", "entries:3-3"}},
		"action":     {records.AuditFilter{Action: "app.create"}, []string{"app.create done"}, []string{"filter:action", "entries:0-0"}},
		"time":       {records.AuditFilter{From: hour}, nil, []string{"filter:time"}},
		"before":     {records.AuditFilter{Before: all[2].Seq}, []string{"app.create done"}, []string{"entries:0-0"}},
		"limit":      {records.AuditFilter{Limit: 1, To: all[0].Time.Add(1), Before: 4}, []string{"customer.fetch done"}, []string{"filter:time", "entries:3-3"}},
	} {
		if diff := cmp.Diff(tt.want, actions(env.listAudit(t, tt.in))); diff != "" {
			t.Errorf("%s: entries (-want +got):\n%s", name, diff)
		}
		last := env.listAudit(t, records.AuditFilter{Action: "audit.list", Limit: 1})[0]
		if diff := cmp.Diff(tt.fields, last.Fields); diff != "" {
			t.Errorf("%s: the listing's own entry has fields (-want +got):\n%s", name, diff)
		}
		if wantTargets := tt.in.Customer != nil; wantTargets != (len(last.Targets) == 1) {
			t.Errorf("%s: the listing's own entry has %d targets", name, len(last.Targets))
		}
	}
}

func TestListAuditPages(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	for range 7 {
		env.fetchNothing(t, env.me)
	}
	var seqs []int64
	before := env.entries(t, env.app.ID)
	for in := (records.AuditFilter{Limit: 3, Before: before}); ; {
		page := env.listAudit(t, in)
		for _, v := range page {
			seqs = append(seqs, v.Seq)
		}
		if len(page) < in.Limit || page[len(page)-1].Seq == 0 {
			break
		}
		in.Before = page[len(page)-1].Seq
	}
	if diff := cmp.Diff([]int64{7, 6, 5, 4, 3, 2, 1, 0}, seqs); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

func TestListAuditInvalid(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	_, err := env.ListAudit(t.Context(), env.operator(env.app.ID), records.AuditFilter{
		Credential: "x", Action: "customer.destroy", From: time.Unix(2, 0), To: time.Unix(1, 0), Before: -1, Limit: 1001,
	})
	var paths []string
	for _, f := range fault.Of(err).Fields {
		paths = append(paths, f.Path)
	}
	if diff := cmp.Diff([]string{"credential", "action", "to", "before", "limit"}, paths); diff != "" {
		t.Errorf("%v: problems (-want +got):\n%s", err, diff)
	}
}

func TestListAuditShowsDamage(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*store.AuditRow){
		"actor":         func(r *store.AuditRow) { r.Actor = "cred_other" },
		"outcome":       func(r *store.AuditRow) { r.Outcome = 1 },
		"time":          func(r *store.AuditRow) { r.At++ },
		"detail":        func(r *store.AuditRow) { r.Detail = r.Detail[:3] },
		"personal part": func(r *store.AuditRow) { r.Personal = slices.Clone(r.Personal[1:]) },
		"targets":       func(r *store.AuditRow) { r.Targets = append(r.Targets, 0) },
		"checksum":      func(r *store.AuditRow) { r.MAC = nil },
	} {
		st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
		env := newEnvOn(t, st)
		env.fetchNothing(t, env.me)
		env.fetchNothing(t, env.me)
		st.Set(storetest.CorruptEntry(1, change))
		views := env.listAudit(t, records.AuditFilter{})
		st.Set(storetest.Hooks{})
		var damaged []int64
		for _, v := range views {
			if v.Damaged {
				damaged = append(damaged, v.Seq)
			}
		}
		if len(views) != 3 || !slices.Equal(damaged, []int64{1}) {
			t.Errorf("%s altered: entries %v of %d are shown damaged, want 1", name, damaged, len(views))
		}
	}
}

func TestExportAudit(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("Grace", "Hopper", "grace@example.com"))
	anchor, err := env.SequenceAudit(t.Context(), env.operator(env.app.ID))
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		env.fetchNothing(t, env.me)
	}
	for _, tt := range []struct {
		in      records.AuditExport
		entries int64 // 0: all that there were
	}{
		{records.AuditExport{}, 0},
		{records.AuditExport{Open: true}, 0},
		{records.AuditExport{From: 1, To: 4}, 3},
		{records.AuditExport{From: 2, To: 2}, 0},
	} {
		before := env.entries(t, env.app.ID)
		var out bytes.Buffer
		if err := env.ExportAudit(t.Context(), env.operator(env.app.ID), &out, tt.in); err != nil {
			t.Fatalf("ExportAudit(%+v): %v", tt.in, err)
		}
		text := out.String()
		trusted := anchor.Note
		if tt.in.From >= anchor.Entries {
			trusted = nil
		}
		report, err := audit.VerifyExport(&out, anchor.Keys, trusted)
		if err != nil {
			t.Fatalf("ExportAudit(%+v): VerifyExport: %v", tt.in, err)
		}
		want := tt.entries
		if tt.in.To == 0 {
			want = before
		}
		if got := report.To - report.From; got != want || report.App != env.app.ID || report.Checkpoint.Size != before {
			t.Errorf("ExportAudit(%+v) holds %d entries of %d, want %d of %d", tt.in, got, report.Checkpoint.Size, want, before)
		}
		if strings.Contains(text, "192.0.2.7") != tt.in.Open {
			t.Errorf("ExportAudit(%+v): the address is there: %t", tt.in, !tt.in.Open)
		}
		if strings.Contains(text, "Grace") || strings.Contains(text, "grace@") {
			t.Errorf("ExportAudit(%+v) holds values of customer %s", tt.in, c)
		}
		e := env.listAudit(t, records.AuditFilter{Action: "audit.export", Limit: 1})[0]
		fields := []string{fmt.Sprintf("entries:%d-%d", report.From, report.To-1)}
		if tt.in.Open {
			fields = append(fields, "opened")
		}
		if diff := cmp.Diff(fields, e.Fields); diff != "" || e.Seq != before {
			t.Errorf("ExportAudit(%+v): its entry %d has fields (-want +got):\n%s", tt.in, e.Seq, diff)
		}
	}
}

func TestExportAuditRefuses(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	size := env.entries(t, env.app.ID)
	for _, in := range []records.AuditExport{{From: -1}, {To: size + 1}, {From: 1, To: -1}, {From: size + 1}} {
		if err := env.ExportAudit(t.Context(), env.operator(env.app.ID), nil, in); !errors.Is(err, fault.Invalid) {
			t.Errorf("ExportAudit(%+v) = %v, want invalid", in, err)
		}
	}
	full := errors.New("disk full")
	if err := env.ExportAudit(t.Context(), env.operator(env.app.ID), failingWriter{full}, records.AuditExport{}); !errors.Is(err, full) {
		t.Errorf("ExportAudit to a writer that fails = %v, want its error", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }
