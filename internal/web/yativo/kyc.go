package yativo

import (
	"net/http"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

// Submissions of identity checks are only recorded: nobody here checks anything. What a
// request hands in beside the customer's id and type is read and dropped, documents
// among it.

const (
	messageSubmitted = "KYC submitted successfully"
	messageUpdated   = "KYC submission updated successfully"
)

// fetchKYC: Yativo, "KYC status".
func (a *api) fetchKYC(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	c, err := a.fetch(r, caller)
	if err != nil {
		return err
	}
	return wire.WriteCustomer(w, r, c.Revision, a.encodeKYC(&c))
}

// updateKYC: Yativo, "Update KYC". The body names the customer and its type.
func (a *api) updateKYC(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	key, object, err := a.readRequest(r)
	if err != nil {
		return err
	}
	text, side, err := readSubmission(object)
	if err != nil {
		return err
	}
	return a.submit(w, r, caller, text, side, key, messageUpdated)
}

// submitKYC: Yativo, "Submit KYC" and "Submit KYB". The path says the type, and the body
// may repeat it.
func (a *api) submitKYC(side customer.Side) wire.Handler {
	return func(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
		key, object, err := a.readRequest(r)
		if err != nil {
			return err
		}
		text, problems := requiredText(object, "customer_id")
		if problems = append(problems, checkType(object, side)...); len(problems) > 0 {
			return fault.Validation(problems...)
		}
		return a.submit(w, r, caller, text, side, key, messageSubmitted)
	}
}

// patchKYC changes a submission of the customer in the path (package yativo-fiat-sdk,
// update_individual and update_business).
func (a *api) patchKYC(side customer.Side) wire.Handler {
	return func(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
		key, object, err := a.readRequest(r)
		if err != nil {
			return err
		}
		if problems := checkType(object, side); len(problems) > 0 {
			return fault.Validation(problems...)
		}
		return a.submit(w, r, caller, r.PathValue("id"), side, key, messageUpdated)
	}
}

// submit records a submission of the customer that a text names.
func (a *api) submit(w http.ResponseWriter, r *http.Request, caller tenant.Caller, text string, side customer.Side, key, message string) error {
	target, err := readTarget(r, text)
	if err != nil {
		return err
	}
	reply, err := a.Records.SubmitKYC(r.Context(), caller, target, records.Submission{
		Side: side, IdempotencyKey: key, Encode: encodeSubmission(message),
	})
	if err != nil {
		return translate(err)
	}
	wire.WriteReply(w, http.StatusOK, reply)
	return nil
}

var errNoEndorsements = fault.New(fault.NotFound, "no_endorsements",
	"Endorsements are not offered here: this server records identity checks and makes none")

// resubmitEndorsement is in the vendor's package. An endorsement is a provider's leave to
// use one of its services, and there is no provider here. The customer is looked up first,
// so that the request is recorded and that of a stranger learns nothing.
func (a *api) resubmitEndorsement(_ http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	if _, _, err := a.readRequest(r); err != nil {
		return err
	}
	target, err := readID(r.PathValue("id"))
	if err != nil {
		return err
	}
	if _, err := a.Records.FetchCustomer(r.Context(), caller, records.ByID(target)); err != nil {
		return err
	}
	return errNoEndorsements
}

// kycRoutes are the routes of the identity checks.
func (a *api) kycRoutes() map[string]web.Methods {
	one := func(method string, h wire.Handler) web.Methods { return web.Methods{method: a.tagged(h)} }
	return map[string]web.Methods{
		pathKYC:              one(http.MethodGet, a.fetchKYC),
		pathKYCUpdate:        one(http.MethodPut, a.updateKYC),
		pathResubmit:         {http.MethodPost: a.authenticated(a.resubmitEndorsement)},
		pathSubmitIndividual: one(http.MethodPost, a.submitKYC(customer.IndividualSide)),
		pathSubmitBusiness:   one(http.MethodPost, a.submitKYC(customer.BusinessSide)),
		pathPatchIndividual:  one(http.MethodPatch, a.patchKYC(customer.IndividualSide)),
		pathPatchBusiness:    one(http.MethodPatch, a.patchKYC(customer.BusinessSide)),
	}
}
