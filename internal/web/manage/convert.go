package manage

import (
	"strconv"
	"strings"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// instant is how all times look: RFC 3339 in UTC with three decimals.
const instant = "2006-01-02T15:04:05.000Z"

func formatTime(t time.Time) string { return t.UTC().Format(instant) }

// optionalTime is null for the zero time.
func optionalTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := formatTime(t)
	return &s
}

func appOf(a tenant.Application) appResponse {
	return appResponse{ID: string(a.ID), Name: a.Name, CreatedAt: formatTime(a.CreatedAt), RemovedAt: optionalTime(a.RemovedAt)}
}

func keyOf(c tenant.Credential) keyResponse {
	return keyResponse{
		ID: string(c.ID), AppID: string(c.App), Kind: string(c.Kind), PublicKey: c.PublicKey,
		Name: c.Name, Owner: c.Owner, Scopes: c.Scopes.Strings(), RateLimit: c.RateLimit, Handling: c.Handling(),
		CreatedAt: formatTime(c.CreatedAt), ExpiresAt: optionalTime(c.ExpiresAt),
		RevokedAt: optionalTime(c.RevokedAt), LastUsedAt: optionalTime(c.LastUsedAt),
		OldUntil: optionalTime(c.OldUntil),
	}
}

func issuedOf(i records.Issued) issuedResponse {
	return issuedResponse{keyOf(i.Credential), i.Secret.Reveal()}
}

func entryOf(v records.AuditView) entryResponse {
	e := entryResponse{
		Seq: v.Seq, Time: formatTime(v.Time), Actor: v.Actor, Action: string(v.Action), Outcome: v.Outcome.String(),
		Code: v.Code, Dialect: v.Dialect, Request: string(v.Request), Targets: make([]string, len(v.Targets)),
		Subject: v.Subject, Fields: append([]string{}, v.Fields...), Origin: originResponse(v.Origin), Damaged: v.Damaged,
		PersonalGone: v.PersonalGone != nil,
	}
	for i, target := range v.Targets {
		e.Targets[i] = target.String()
	}
	return e
}

func eventOf(app id.App) func(store.EventRow) eventResponse {
	return func(row store.EventRow) eventResponse {
		e := eventResponse{
			ID:   "evt_" + strings.TrimPrefix(string(app), "app_") + "_" + strconv.FormatInt(row.Seq, 10),
			Type: row.Type, Time: formatTime(store.Instant(row.At)), Object: row.Object, Fields: []string{},
		}
		if row.Customer != "" {
			e.Customer = &row.Customer
		}
		if row.Version != 0 {
			e.Version = &row.Version
		}
		if row.Fields != "" {
			e.Fields = strings.Split(row.Fields, ",")
		}
		return e
	}
}

func alarmOf(a sequencer.Alarm) alarmResponse {
	r := alarmResponse{Number: a.Number, RaisedAt: formatTime(a.RaisedAt), Damage: a.Damage, AcknowledgedAt: optionalTime(a.ClosedAt)}
	if r.AcknowledgedAt != nil {
		by, reason := string(a.ClosedBy), a.Reason
		r.AcknowledgedBy, r.Reason = &by, &reason
	}
	return r
}

// listOf converts every element.
func listOf[From, To any](from []From, convert func(From) To, next *string) listResponse[To] {
	list := listResponse[To]{Data: make([]To, 0, len(from)), Next: next}
	for _, v := range from {
		list.Data = append(list.Data, convert(v))
	}
	return list
}
