package yativo

import (
	"net/http"

	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

// fetchKYC: Yativo, "KYC status".
func (a *api) fetchKYC(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	c, err := a.fetch(r, caller)
	if err != nil {
		return err
	}
	web.JSON(w, http.StatusOK, a.encodeKYC(&c))
	return nil
}

// submitKYC: Yativo, "Update KYC". It records that something was handed in; what
// that was is ignored, for nobody here checks it.
func (a *api) submitKYC(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	key, object, err := a.readRequest(r)
	if err != nil {
		return err
	}
	text, side, err := readSubmission(object)
	if err != nil {
		return err
	}
	target, err := readID(text)
	if err != nil {
		return err
	}
	reply, err := a.Records.SubmitKYC(r.Context(), caller, target, records.Submission{
		Side: side, IdempotencyKey: key, Encode: encodeSubmission,
	})
	if err != nil {
		return translate(err)
	}
	wire.WriteReply(w, http.StatusOK, reply)
	return nil
}
