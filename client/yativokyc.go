package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// YativoKYC is what the server knows of a customer's identity checks.
type YativoKYC struct {
	FirstName        string   `json:"first_name"`
	LastName         string   `json:"last_name"`
	Status           string   `json:"status"`
	RejectionReasons []string `json:"kyc_rejection_reasons"`
	RequirementsDue  []string `json:"kyc_requirements_due"`
	BioData          struct {
		KYCStatus       string     `json:"customer_kyc_status"`
		KYCVerifiedDate *time.Time `json:"kyc_verified_date"`
	} `json:"bio_data"`
	Link         string `json:"kyc_link"`
	IsVAApproved bool   `json:"is_va_approved"`
}

// YativoSubmission is what the server recorded of a submission. It keeps none of the
// particulars and documents of one, so the client sends none.
type YativoSubmission struct {
	CustomerID string    `json:"customer_id"`
	Type       string    `json:"type"`
	Status     string    `json:"status"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// YativoSide says what a customer is checked as.
type YativoSide string

// The sides.
const (
	Individual YativoSide = "individual"
	Business   YativoSide = "business"
)

// FetchKYC gives what is known of a customer's identity checks.
func (y *Yativo) FetchKYC(ctx context.Context, id string) (YativoKYC, error) {
	out, err := answer[enveloped[YativoKYC]](ctx, y.t, call{
		method: http.MethodGet, path: yativoPath + "/kyc/" + url.PathEscape(id),
	})
	return out.Data, err
}

// SubmitKYC records that a customer's particulars were handed in to be checked.
// idempotencyKey works as for Create.
func (y *Yativo) SubmitKYC(ctx context.Context, id string, side YativoSide, idempotencyKey string) (YativoSubmission, error) {
	return y.submit(ctx, call{
		method: http.MethodPost, path: kycPath(side) + "/submit", body: map[string]string{"customer_id": id},
		idempotencyKey: keyOr(idempotencyKey),
	})
}

// PatchKYC records that a submission was changed. idempotencyKey works as for Create.
func (y *Yativo) PatchKYC(ctx context.Context, id string, side YativoSide, idempotencyKey string) (YativoSubmission, error) {
	return y.submit(ctx, call{
		method: http.MethodPatch, path: kycPath(side) + "/" + url.PathEscape(id), body: struct{}{},
		idempotencyKey: keyOr(idempotencyKey),
	})
}

// UpdateKYC is PatchKYC at the address of the older pages.
func (y *Yativo) UpdateKYC(ctx context.Context, id string, side YativoSide, idempotencyKey string) (YativoSubmission, error) {
	return y.submit(ctx, call{
		method: http.MethodPut, path: yativoPath + "/kyc/update",
		body:           map[string]string{"customer_id": id, "type": string(side)},
		idempotencyKey: keyOr(idempotencyKey),
	})
}

// ResubmitEndorsement is in the vendor's clients. A server that makes no identity checks
// has no endorsements and answers it with the status 404.
func (y *Yativo) ResubmitEndorsement(ctx context.Context, id, endorsement, idempotencyKey string) (YativoSubmission, error) {
	return y.submit(ctx, call{
		method: http.MethodPost, path: yativoPath + "/kyc/resubmit/" + url.PathEscape(id) + "/" + url.PathEscape(endorsement),
		body: struct{}{}, idempotencyKey: keyOr(idempotencyKey),
	})
}

func (y *Yativo) submit(ctx context.Context, c call) (YativoSubmission, error) {
	out, err := answer[enveloped[YativoSubmission]](ctx, y.t, c)
	return out.Data, err
}

func kycPath(side YativoSide) string { return "api/v1/" + string(side) + "-kyc" }
