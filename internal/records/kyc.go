package records

import (
	"context"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/tenant"
)

// SetKYC records the outcome of a customer's identity checks, as an operator states it.
// Approval without a time is approval now. Faults: Forbidden, Invalid, NotFound,
// Stale.
func (s *Service) SetKYC(ctx context.Context, caller tenant.Caller, target Target, kyc customer.KYC) (Reply, error) {
	o, err := s.authorize(ctx, caller, authz.CustomerKYC, target.ids()...)
	if err != nil {
		return Reply{}, err
	}
	kyc, problems := kyc.Stated(s.now())
	if len(problems) > 0 {
		return Reply{}, fault.Validation(problems...)
	}
	return o.apply(ctx, target, nil, func(*customer.Customer) []byte { return nil }, func(*customer.Customer) (customer.Change, error) {
		return customer.Change{KYC: &kyc}, nil
	})
}

// Submission says that a customer's data was submitted for identity checks.
type Submission struct {
	Side           customer.Side // must be the customer's
	IdempotencyKey string        // as in Write
	Encode         func(*customer.Customer) []byte
}

// SubmitKYC records a submission: the state of the identity checks becomes submitted,
// whatever it was, and the outcome of an earlier check is removed. SubmitKYC never
// approves. Faults: Forbidden, Invalid (type, code mismatch, if the customer is of the
// other side), NotFound, Stale, Conflict of the idempotency key, Unavailable.
func (s *Service) SubmitKYC(ctx context.Context, caller tenant.Caller, target Target, in Submission) (Reply, error) {
	o, err := s.authorize(ctx, caller, authz.CustomerKYCSubmit, target.ids()...)
	if err != nil {
		return Reply{}, err
	}
	change := customer.Change{Side: &in.Side, KYC: &customer.KYC{Status: customer.KYCSubmitted}}
	idem := o.idempotency(in.IdempotencyKey, target.String(), change.AppendBinary(nil))
	return o.apply(ctx, target, idem, in.Encode, func(c *customer.Customer) (customer.Change, error) {
		if c.Type.Side() != in.Side {
			return change, errOtherSide
		}
		return change, nil
	})
}

var errOtherSide = fault.Validation(fault.Field{
	Path: customer.PathType, Code: CodeMismatch, Message: "type is not the customer's",
})

// CodeMismatch is the code of a type that is not the one the customer has.
const CodeMismatch = "mismatch"
