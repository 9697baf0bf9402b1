package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// AuditEntry is one line of an application's audit log.
type AuditEntry struct {
	Seq       int64       `json:"seq"` // from 0, without gaps
	Time      time.Time   `json:"time"`
	Actor     string      `json:"actor"`   // id of the key that acted; empty: not known
	Action    string      `json:"action"`  // for example customer.fetch
	Outcome   string      `json:"outcome"` // done, denied or refused
	Code      string      `json:"code"`    // why it was denied or refused
	Dialect   string      `json:"dialect"` // the API it came through
	RequestID string      `json:"request"`
	Targets   []string    `json:"targets"` // every customer read or changed
	Subject   string      `json:"subject"` // what else was touched: a key, an application
	Fields    []string    `json:"fields"`  // names of changed fields, or of a list's filters
	Origin    AuditOrigin `json:"origin"`
	Damaged   bool        `json:"damaged"` // the entry was altered in the database

	PersonalGone bool `json:"personal_gone"` // Origin was deleted
}

// AuditOrigin is where a request came from.
type AuditOrigin struct {
	Owner      string `json:"owner"` // who answers for the key
	Address    string `json:"address"`
	UserAgent  string `json:"user_agent"`
	ActingUser string `json:"acting_user"`
	Reason     string `json:"reason"`   // why, in words
	Purpose    string `json:"purpose"`  // why, as a word of the caller's own
	Operator   string `json:"operator"` // who acted in the application without belonging to it
}

// AuditQuery filters the log; filters combine with AND, zero ones filter nothing.
type AuditQuery struct {
	Customer   string
	Credential string
	Action     string
	From, To   time.Time // From <= time < To
	Limit      int       // entries a page, 1 to 1,000; 0: 100
	Before     string    // of the page before
}

// AuditPage is one page of the log, newest first.
type AuditPage struct {
	Entries []AuditEntry `json:"data"`
	Next    *string      `json:"next"` // for AuditQuery.Before; nil on the last page
}

// ListAudit gives one page of an application's audit log.
func (m *Manage) ListAudit(ctx context.Context, app string, q AuditQuery) (AuditPage, error) {
	values := url.Values{}
	set := func(name, value string) {
		if value != "" {
			values.Set(name, value)
		}
	}
	set("customer", q.Customer)
	set("credential", q.Credential)
	set("action", q.Action)
	set("before", q.Before)
	if !q.From.IsZero() {
		set("from", q.From.UTC().Format(time.RFC3339Nano))
	}
	if !q.To.IsZero() {
		set("to", q.To.UTC().Format(time.RFC3339Nano))
	}
	if q.Limit != 0 {
		set("limit", strconv.Itoa(q.Limit))
	}
	return answer[AuditPage](ctx, m.t, call{method: http.MethodGet, path: appPath(app) + "/audit", query: values})
}

// ExportQuery says what to export.
type ExportQuery struct {
	From, To int64 // entries From <= Seq < To; To 0: to the end
	Opened   bool  // with the personal parts (addresses, user agents) readable
}

// ExportAudit writes an application's audit log to w, as lines that verify
// offline. What was written when it fails does not verify.
func (m *Manage) ExportAudit(ctx context.Context, app string, q ExportQuery, w io.Writer) error {
	values := url.Values{"from": {strconv.FormatInt(q.From, 10)}}
	if q.To != 0 {
		values.Set("to", strconv.FormatInt(q.To, 10))
	}
	if q.Opened {
		values.Set("opened", "true")
	}
	res, err := m.t.send(ctx, call{method: http.MethodGet, path: appPath(app) + "/audit/export", query: values})
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // it has been read
	if _, err := io.Copy(w, res.Body); err != nil {
		return fmt.Errorf("read the export: %w", err)
	}
	return nil
}

// AuditCheckpoint is the newest signed state of an application's audit log. Keep
// it, and the keys, apart from the server: they are what an export is checked
// against.
type AuditCheckpoint struct {
	AppID      string   `json:"app_id"`
	Key        string   `json:"key"`        // checks the Ed25519 signature; it stays the same
	Keys       []string `json:"keys"`       // Key, and the one that checks the ML-DSA-44 signature; they stay the same
	Entries    int64    `json:"entries"`    // how many it covers
	Checkpoint string   `json:"checkpoint"` // a signed note
}

// FetchCheckpoint gives the newest checkpoint.
func (m *Manage) FetchCheckpoint(ctx context.Context, app string) (AuditCheckpoint, error) {
	return answer[AuditCheckpoint](ctx, m.t, call{method: http.MethodGet, path: appPath(app) + "/audit/checkpoint"})
}
