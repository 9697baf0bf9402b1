package manage

import (
	"net/http"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web/wire"
)

var errNoCustomer = fault.New(fault.NotFound, "customer_not_found", "customer not found")

// setKYC records what came of a customer's identity checks, in place of what was
// recorded before.
func (a *api) setKYC(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	m, err := readMembers(r)
	if err != nil {
		return err
	}
	kyc := customer.KYC{Status: customer.KYCStatus(m.requiredText("status"))}
	kyc.Reason = redact.Personal(m.text("reason"))
	kyc.VerifiedAt = m.time("verified_at")
	kyc.Accounts = m.flag("virtual_accounts")
	if err := m.done(); err != nil {
		return err
	}
	target, err := id.ParseCustomer(r.PathValue("customer"))
	if err != nil {
		return errNoCustomer
	}
	check, err := wire.Precondition(r)
	if err != nil {
		return err
	}
	_, err = a.records.SetKYC(r.Context(), caller, records.ByID(target).In(check), kyc)
	switch {
	case err == nil:
	case fault.Of(err).Code == records.ErrOtherApplication.Code:
		return errNoCustomer // it is not this application's
	default:
		return err
	}
	return answer(w, http.StatusOK, kycResponse{CustomerID: target.String(), Status: string(kyc.Status)})
}
