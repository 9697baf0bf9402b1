package records

import (
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/store"
)

// The faults that a dialect words in its own way. Compare with errors.Is, or by Code
// where a test makes its own.
var (
	// ErrEmailTaken is the fault of a second customer with an e-mail address.
	ErrEmailTaken = store.ErrEmailTaken

	// ErrKeyInProgress is the fault of an idempotency key whose first request has not
	// ended.
	ErrKeyInProgress = fault.New(fault.Conflict, "idempotency_key_in_progress",
		"A request with this idempotency key is still in progress").After(time.Second)

	// ErrKeyReused is the fault of an idempotency key that another request has used.
	ErrKeyReused = fault.New(fault.Conflict, "idempotency_key_reused",
		"This idempotency key was used with a different request")

	// ErrNoGroup is the fault of a group that the application does not have.
	ErrNoGroup = fault.Of(store.NotFound("group"))

	// ErrOtherApplication is the fault of a customer that another application has. With
	// Config.Conceal such a customer is not found instead.
	ErrOtherApplication = fault.New(fault.Forbidden, "other_application", "Customer does not belong to your application")

	errScope = fault.New(fault.Forbidden, "insufficient_scope", "This credential may not do that")
)
