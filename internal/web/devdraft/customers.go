package devdraft

import (
	"net/http"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
)

var (
	errID  = fault.New(fault.Invalid, "bad_id", "Invalid UUID format")
	errKey = fault.New(fault.Invalid, "bad_idempotency_key",
		"Idempotency key must be 1 to 255 printable characters")
)

// createCustomer: Devdraft, "Create Customer".
func (a *api) createCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	write, err := readWrite(r, caller)
	if err != nil {
		return err
	}
	reply, err := a.Records.CreateCustomer(r.Context(), caller, write)
	if err != nil {
		return bodyTexts.word(err)
	}
	w.Header().Set("Location", pathCustomers+"/"+reply.Customer.String())
	writeReply(w, r, http.StatusCreated, reply)
	return nil
}

// fetchCustomer: Devdraft, "Fetch Customer".
func (a *api) fetchCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readID(r)
	if err != nil {
		return err
	}
	if err := body.None(r); err != nil {
		return err
	}
	withGroup, err := readInclude(r)
	if err != nil {
		return err
	}
	c, err := a.Records.FetchCustomer(r.Context(), caller, records.ByID(target))
	if err != nil {
		return err
	}
	web.JSON(w, http.StatusOK, encodeFetched(&c, caller, withGroup))
	return nil
}

// updateCustomer: Devdraft, "Update Customer".
func (a *api) updateCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readID(r)
	if err != nil {
		return err
	}
	write, err := readWrite(r, caller)
	if err != nil {
		return err
	}
	reply, err := a.Records.UpdateCustomer(r.Context(), caller, records.ByID(target), write)
	if err != nil {
		return bodyTexts.word(err)
	}
	writeReply(w, r, http.StatusOK, reply)
	return nil
}

// writeReply writes the answer of a create or update, and says if it was given
// before.
func writeReply(w http.ResponseWriter, r *http.Request, status int, reply records.Reply) {
	if reply.Replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	web.JSON(w, status, reply.Body)
}

func readID(r *http.Request) (id.Customer, error) {
	target, err := id.ParseCustomer(r.PathValue("id"))
	if err != nil {
		return target, errID
	}
	return target, nil
}

// readWrite takes a create or update request off the wire.
func readWrite(r *http.Request, caller tenant.Caller) (records.Write, error) {
	key, object, err := readKeyed(r)
	if err != nil {
		return records.Write{}, err
	}
	withGroup, err := readInclude(r)
	if err != nil {
		return records.Write{}, err
	}
	return records.Write{
		Input: readCustomer(object), IdempotencyKey: key, Encode: encodeCustomer(caller.App, withGroup), Shown: shown,
	}, nil
}

// readKeyed takes the idempotency key and the body of a POST or PATCH off the wire.
func readKeyed(r *http.Request) (key string, object body.Object, err error) {
	if key, err = readIdempotencyKey(r); err != nil {
		return "", object, err
	}
	data, err := web.ReadBody(r)
	if err != nil {
		return "", object, err
	}
	object, err = body.Parse(data)
	return key, object, err
}

// readIdempotencyKey gives the key of a POST or PATCH, "" for none. The pages ask
// for a UUID; published test suites send words with spaces.
func readIdempotencyKey(r *http.Request) (string, error) {
	key, present, err := web.OneHeader(r, "idempotency-key")
	if err != nil || !present {
		return "", err
	}
	if len(key) < 1 || len(key) > 255 {
		return "", errKey
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return "", errKey
		}
	}
	return key, nil
}
