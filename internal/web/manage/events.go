package manage

import (
	"net/http"
	"strings"
	"time"

	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
)

func (a *api) listEvents(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	p := readParameters(r)
	in := records.EventsRequest{After: p.text("after"), Limit: int(p.integer("limit", defaultEntries))}
	if in.Limit == 0 {
		in.Limit = -1 // records would take it for its default
	}
	if types := p.text("types"); types != "" {
		in.Types = strings.Split(types, ",")
	}
	in.Wait = time.Duration(min(p.integer("wait", 0), 1000)) * time.Second // 1000 is refused
	if err := p.done(); err != nil {
		return err
	}
	found, err := a.records.ListEvents(r.Context(), caller, in)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, listOf(found.Events, eventOf(caller.App), &found.Next))
}
