package wire

import (
	"net/http"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/web"
)

var errNobody = fault.New(fault.NotFound, "customer_not_found", "customer not found")

// ConcealOther gives, in place of the fault that a customer belongs to another application, that
// there is none, in the header of the answer too: whoever asks learns nothing. The log keeps the
// true fault. Other faults are given back.
func ConcealOther(w http.ResponseWriter, f *fault.Error) *fault.Error {
	if f.Code != records.ErrOtherApplication.Code {
		return f
	}
	w.Header().Set(web.ErrorHeader, errNobody.Code)
	return errNobody
}
