package xtrakit

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
)

// maxList is how much a list holds at once. The pages know no paging, so whatever has
// room in one answer is in it; what has not is behind a Link.
const maxList = 1000

// listCustomers: Xtrakit, "List Customers".
func (a *api) listCustomers(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	query, err := readQuery(r, "customer_group_id", "created_at", "updated_at", "cursor")
	if err != nil {
		return err
	}
	from, to, err := query.period()
	if err != nil {
		return err
	}
	in := customer.ListInput{
		Take: sent(strconv.Itoa(maxList)), MaxTake: maxList,
		Group: sent(query["customer_group_id"]), CreatedFrom: instant(from), CreatedTo: instant(to),
	}
	found, err := a.Records.ListCustomers(r.Context(), caller, records.ListRequest{Input: in, Cursor: query["cursor"], Count: true})
	if err != nil {
		return badParameter(err)
	}
	total := found.Total
	if query["cursor"] == "" && found.Next == "" {
		total = len(found.Customers) // all of them, whatever was written between list and count
	}
	if found.Next != "" {
		w.Header().Add("Link", nextLink(pathCustomers, found.Next))
	}
	web.JSON(w, http.StatusOK, encodeCustomers(found.Customers, total, caller.App))
	return nil
}

// listGroups: Xtrakit, "List Customer Group".
func (a *api) listGroups(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	query, err := readQuery(r, "business_code", "created_at", "updated_at", "cursor")
	if err != nil {
		return err
	}
	from, to, err := query.period()
	if err != nil {
		return err
	}
	code := query["business_code"]
	if strings.Trim(code, "0123456789") != "" {
		return fault.New(fault.Invalid, "bad_parameter", "business_code must be an integer")
	}
	find := records.ListGroupsRequest{PageRequest: records.PageRequest{Take: maxList, Cursor: query["cursor"], Count: true}, From: from, To: to}
	found, err := a.Records.ListGroups(r.Context(), caller, find)
	if err != nil {
		return err
	}
	if code != "" && code != tenant.BusinessCode(caller.App) {
		found = records.ItemPage[customer.Group]{}
	}
	if found.Next != "" {
		w.Header().Add("Link", nextLink(pathGroups, found.Next))
	}
	web.JSON(w, http.StatusOK, encodeGroups(found.List, found.Total, caller.App))
	return nil
}

// nextLink points to the next page (RFC 8288). The cursor carries the filters.
func nextLink(path, cursor string) string {
	return "<" + path + "?cursor=" + url.QueryEscape(cursor) + `>; rel="next"`
}

// parameters are the values of a list's query; one that is empty or blank is none.
type parameters map[string]string

// errNoCursor is for a cursor that is there and empty. To begin anew would be to lead
// a client that lost it round and round.
var errNoCursor = fault.New(fault.Invalid, "empty_cursor", "cursor must not be empty")

// readQuery takes the named parameters. Others are ignored.
func readQuery(r *http.Request, names ...string) (parameters, error) {
	query, err := body.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	p := parameters{}
	for _, name := range names {
		value, sent, err := query.One(name)
		if err != nil {
			return nil, err
		}
		if p[name] = customer.Trim(value); sent && name == "cursor" && p[name] == "" {
			return nil, errNoCursor
		}
	}
	return p, nil
}

// period reads the filters of a list that bound the time of creation, as the pages
// describe them: created_at is where the period begins and updated_at where it ends,
// the day or second it names included. Zero is open.
func (p parameters) period() (from, to time.Time, err error) {
	if from, _, err = readTime("created_at", p["created_at"]); err != nil {
		return from, to, err
	}
	to, unit, err := readTime("updated_at", p["updated_at"])
	if err != nil || to.IsZero() {
		return from, to, err
	}
	if to = to.Add(unit); to.Year() > 9999 {
		to = time.Time{} // nothing is made after that
	}
	return from, to, nil
}

// stamp is a date, or a date and time. Months and days have two digits; of hours,
// minutes and seconds the page says "H:m:s", which some programs write with one.
var stamp = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2})?$`)

// readTime reads a time in UTC and says what it names: a second or a day. "" is the
// zero time.
func readTime(name, value string) (at time.Time, unit time.Duration, err error) {
	if value == "" {
		return time.Time{}, 0, nil
	}
	layout, unit := "2006-01-02 15:4:5", time.Second
	if len(value) == len(time.DateOnly) {
		layout, unit = time.DateOnly, 24*time.Hour
	}
	if at, err = time.Parse(layout, value); err != nil || !stamp.MatchString(value) || at.Year() < 1 {
		return time.Time{}, 0, fault.New(fault.Invalid, "bad_parameter",
			name+" must be a date, YYYY-MM-DD, or a date and time, YYYY-MM-DD HH:MM:SS")
	}
	return at, unit, nil
}

// badParameter turns a problem of the query's contents into one of its form, which
// is what the pages' clients get for a query that is no good.
func badParameter(err error) error {
	err = translate(err)
	if f, ok := errors.AsType[*fault.Error](err); ok && len(f.Fields) > 0 {
		return fault.New(fault.Invalid, "bad_parameter", f.Fields[0].Message)
	}
	return err
}

func sent(s string) customer.Text { return customer.Text{Sent: s != "", Value: s} }

func instant(t time.Time) customer.Text {
	if t.IsZero() {
		return customer.Text{}
	}
	return sent(t.Format(time.RFC3339))
}
