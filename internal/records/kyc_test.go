package records_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/redact"
)

func TestSetKYC(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	env := newEnv(t, func(c *records.Config) { c.Now = func() time.Time { return now } })
	c := env.mustCreate(t, env.me, person("A", "B", ""))
	op := env.operator(env.app.ID)
	for _, tt := range []struct{ set, want customer.KYC }{
		{customer.KYC{Status: customer.KYCSubmitted, Reason: "dropped"}, customer.KYC{Status: customer.KYCSubmitted}},
		{customer.KYC{Status: customer.KYCRejected, Reason: "blurred"}, customer.KYC{Status: customer.KYCRejected, Reason: "blurred"}},
		{customer.KYC{Status: customer.KYCApproved, Accounts: true}, customer.KYC{Status: customer.KYCApproved, VerifiedAt: now, Accounts: true}},
		{customer.KYC{Status: customer.KYCApproved, VerifiedAt: now.Add(-time.Hour)}, customer.KYC{Status: customer.KYCApproved, VerifiedAt: now.Add(-time.Hour)}},
		// Times are kept in UTC and to the millisecond.
		{customer.KYC{Status: customer.KYCApproved, VerifiedAt: now.Add(time.Microsecond).In(time.FixedZone("", 7200))}, customer.KYC{Status: customer.KYCApproved, VerifiedAt: now}},
	} {
		if _, err := env.SetKYC(t.Context(), op, records.ByID(c), tt.set); err != nil {
			t.Fatal(err)
		}
		views, err := env.ListAudit(t.Context(), op, records.AuditFilter{Limit: 1})
		if err != nil || len(views) != 1 || views[0].Action != "customer.kyc" || strings.Join(views[0].Fields, ",") != "kyc" || views[0].Actor != string(env.op.Credential) {
			t.Errorf("the entry is %+v (%v)", views, err)
		}
		got, err := env.FetchCustomer(t.Context(), env.me, records.ByID(c))
		if err != nil || got.KYC != tt.want {
			t.Errorf("after %s the customer shows another state (%v)", tt.set.Status, err)
		}
	}
}

func TestSetKYCRefused(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("A", "B", ""))
	op := env.operator(env.app.ID)
	before := env.entries(t, env.app.ID)
	for _, kyc := range []customer.KYC{{}, {Status: "verified"}, {Status: customer.KYCRejected, Reason: redact.Personal(strings.Repeat("r", 256))}} {
		if _, err := env.SetKYC(t.Context(), op, records.ByID(c), kyc); !errors.Is(err, fault.Invalid) {
			t.Errorf("SetKYC(%s) = %v, want invalid", kyc.Status, err)
		}
	}
	if env.entries(t, env.app.ID) != before {
		t.Error("an invalid request left an entry")
	}
	approved := customer.KYC{Status: customer.KYCApproved}
	// An application cannot approve its own customers.
	if _, err := env.SetKYC(t.Context(), env.me, records.ByID(c), approved); !errors.Is(err, fault.Forbidden) {
		t.Errorf("SetKYC by the application = %v, want forbidden", err)
	}
	if got := env.newest(t, env.app.ID, c); got != "customer.kyc denied insufficient_scope +" {
		t.Errorf("its entry is %q", got)
	}
	if _, err := env.SetKYC(t.Context(), op, records.ByID(absent), approved); !errors.Is(err, fault.NotFound) {
		t.Errorf("SetKYC of nobody = %v, want not found", err)
	}
	if got := env.newest(t, env.app.ID, absent); got != "customer.kyc refused customer_not_found +" {
		t.Errorf("its entry is %q", got)
	}
	other, _ := env.newApp(t, "Other")
	if _, err := env.SetKYC(t.Context(), env.operator(other.ID), records.ByID(c), approved); fault.Of(err).Code != records.ErrOtherApplication.Code {
		t.Errorf("SetKYC through another application = %v", err)
	}
	if got := env.newest(t, other.ID, c); got != "customer.kyc denied other_application +" {
		t.Errorf("its entry is %q", got)
	}
	got, err := env.FetchCustomer(t.Context(), env.me, records.ByID(c))
	if err != nil || got.KYC.State() != customer.KYCNotStarted {
		t.Errorf("after refusals only the state is %s (%v)", got.KYC.State(), err)
	}
}

func TestSubmitKYC(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("A", "B", ""))
	if _, err := env.SetKYC(t.Context(), env.operator(env.app.ID), records.ByID(c), customer.KYC{Status: customer.KYCApproved, Accounts: true}); err != nil {
		t.Fatal(err)
	}
	submit := func(side customer.Side, key string) (records.Reply, error) {
		return env.SubmitKYC(t.Context(), env.me, records.ByID(c), records.Submission{Side: side, IdempotencyKey: key, Encode: encode})
	}
	if _, err := submit(customer.BusinessSide, ""); !errors.Is(err, fault.Invalid) || fault.Of(err).Fields[0].Code != records.CodeMismatch {
		t.Errorf("a submission of the other side = %v", err)
	}
	first, err := submit(customer.IndividualSide, "k")
	if err != nil {
		t.Fatal(err)
	}
	got, err := env.FetchCustomer(t.Context(), env.me, records.ByID(c))
	if err != nil || got.KYC != (customer.KYC{Status: customer.KYCSubmitted}) {
		t.Errorf("after a submission the state is %s (%v)", got.KYC.State(), err)
	}
	if again, err := submit(customer.IndividualSide, "k"); err != nil || !again.Replayed || string(again.Body) != string(first.Body) {
		t.Errorf("the retry replayed %v (%v)", again.Replayed, err)
	}
	if err := env.DeleteCustomer(t.Context(), env.me, records.ByID(c)); err != nil {
		t.Fatal(err)
	}
	if _, err := submit(customer.IndividualSide, "k"); !errors.Is(err, fault.NotFound) {
		t.Errorf("a replay after the deletion = %v", err)
	}
}

// An answer that says something of a customer is recorded, though the request was
// invalid: here, that it exists and is an individual.
func TestInvalidAfterALookIsRecorded(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("A", "B", ""))
	before := env.entries(t, env.app.ID)
	_, err := env.SubmitKYC(t.Context(), env.me, records.ByID(c), records.Submission{Side: customer.BusinessSide, Encode: encode})
	if !errors.Is(err, fault.Invalid) {
		t.Fatalf("SubmitKYC of the wrong side = %v, want invalid", err)
	}
	e := env.lastEntry(t, env.app.ID)
	if env.entries(t, env.app.ID) != before+1 || e.Outcome != uint8(audit.Refused) || !bytes.Equal(e.Targets, c[:]) {
		t.Errorf("it left %d entries, the last with outcome %d", env.entries(t, env.app.ID)-before, e.Outcome)
	}
}
