package manage

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
)

// defaultEntries is how many audit entries a page has when nobody says.
const defaultEntries = 100

// exportTime is how long an export may take, instead of the time of a request.
const exportTime = time.Hour

func (a *api) listAudit(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	p := readParameters(r)
	filter := auditFilterOf(p)
	if err := p.done(); err != nil {
		return err
	}
	views, err := a.records.ListAudit(r.Context(), caller, filter)
	if err != nil {
		return err
	}
	var next *string
	if last := len(views) - 1; len(views) == filter.Limit && views[last].Seq > 0 {
		before := strconv.FormatInt(views[last].Seq, 10)
		next = &before
	}
	return answer(w, http.StatusOK, listOf(views, entryOf, next))
}

func auditFilterOf(p *input) records.AuditFilter {
	var filter records.AuditFilter
	if text := p.text("customer"); text != "" {
		customer, err := id.ParseCustomer(text)
		if err != nil {
			p.bad("customer", "format", "customer must be a customer's id")
		}
		filter.Customer = &customer
	}
	filter.Credential = p.text("credential")
	filter.Action = p.text("action")
	filter.From = p.time("from")
	filter.To = p.time("to")
	filter.Limit = int(p.integer("limit", defaultEntries))
	if filter.Limit == 0 {
		filter.Limit = -1 // records would take it for its default
	}
	filter.Before = p.integer("before", 0)
	return filter
}

func (a *api) fetchCheckpoint(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	if err := noParameters(r); err != nil {
		return err
	}
	point, err := a.records.SequenceAudit(r.Context(), caller)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, checkpointResponse{
		AppID: string(caller.App), Key: point.Keys.Ed25519, Keys: point.Keys.Texts(), Entries: point.Entries, Checkpoint: string(point.Note),
	})
}

// exportAudit streams. An error after the first byte ends the connection; what
// has arrived by then does not verify.
func (a *api) exportAudit(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	p := readParameters(r)
	in := records.AuditExport{From: p.integer("from", 0), To: p.integer("to", 0)}
	switch p.text("opened") {
	case "true":
		in.Open = true
	case "", "false":
	default:
		p.bad("opened", "format", "opened must be true or false")
	}
	if err := p.done(); err != nil {
		return err
	}
	// The time of a request is too short; the one who reads may also be slow.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), exportTime)
	defer cancel()
	err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportTime))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fault.Wrap(err, fault.Unavailable, "connection", "The connection cannot be used; try again")
	}
	w.Header().Set("Content-Type", "application/jsonl")
	return a.records.ExportAudit(ctx, caller, w, in)
}
