package customer

import (
	"slices"
	"time"
	"unicode/utf8"

	"custodex.dev/internal/fault"
)

// Stated validates what an operator states of identity checks. Approval without a time is approval
// now, and only a rejection has a reason.
func (k KYC) Stated(now time.Time) (KYC, []fault.Field) {
	if !slices.Contains(KYCStatuses(), k.Status) {
		return KYC{}, []fault.Field{{Path: "status", Code: CodeNotListed, Message: "status must be one of the listed values"}}
	}
	if utf8.RuneCountInString(k.Reason.Reveal()) > MaxText {
		return KYC{}, []fault.Field{{Path: "reason", Code: CodeTooLong, Message: "reason must have at most 255 characters"}}
	}
	if k.Status == KYCApproved && k.VerifiedAt.IsZero() {
		k.VerifiedAt = now
	}
	k.VerifiedAt = k.VerifiedAt.UTC().Truncate(time.Millisecond)
	if k.Status != KYCRejected {
		k.Reason = ""
	}
	return k, nil
}
