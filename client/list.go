package client

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// CustomerQuery filters a list; filters combine with AND, zero ones filter
// nothing. Filters travel in the body of a request, so that no name and no address is in
// a URL, which proxies log.
type CustomerQuery struct {
	Query        string // part of a name, an address or a phone number
	Name         string // part of a first or last name, in any case
	Email        string // part of an address, in any case
	Status       string // for example ACTIVE
	CustomerType string // for example Individual
	GroupID      int64
	CreatedFrom  time.Time // CreatedFrom <= time of creation <= CreatedTo
	CreatedTo    time.Time

	// ByRelevance lists exact matches of Query first and then the others, of each the newest
	// purchase first. It needs a Query. Otherwise the newest customer is first.
	ByRelevance bool

	Take  int    // customers a page, 1 to 100; 0: the server's default, 10
	Skip  int    // customers to pass over; prefer Next, which stays in step while others write
	Next  string // of the page before; only Count still counts beside it
	Count bool   // whether to give CustomerPage.Total
}

// CustomerPage is one page of a list, in the order of its query.
type CustomerPage struct {
	Customers []Customer
	Next      string // for CustomerQuery.Next; empty on the last page
	Total     int    // how many match in all, if the query asked for it
}

// search is the body of a search.
type search struct {
	Query        string     `json:"query,omitempty"`
	Order        string     `json:"order,omitempty"`
	Name         string     `json:"name,omitempty"`
	Email        string     `json:"email,omitempty"`
	Status       string     `json:"status,omitempty"`
	CustomerType string     `json:"customer_type,omitempty"`
	GroupID      int64      `json:"group_id,omitempty"`
	CreatedFrom  *time.Time `json:"created_from,omitempty"`
	CreatedTo    *time.Time `json:"created_to,omitempty"`
	Take         int        `json:"take,omitempty"`
	Skip         int        `json:"skip,omitempty"`
}

// List gives one page.
func (c *Customers) List(ctx context.Context, q CustomerQuery) (CustomerPage, error) {
	request := call{method: http.MethodGet, path: customersPath}
	var err error
	switch {
	case q.Next != "":
		if request.query, err = nextQuery(q.Next); err != nil {
			return CustomerPage{}, err
		}
	case q.filters():
		request.method, request.path, request.query = http.MethodPost, customersPath+"/search", withGroup()
		request.body = search{q.Query, q.order(), q.Name, q.Email, q.Status, q.CustomerType, q.GroupID, moment(q.CreatedFrom), moment(q.CreatedTo), q.Take, q.Skip}
	default:
		request.query = PageQuery{Take: q.Take, Skip: q.Skip}.values()
		request.query.Set("include", "group")
	}
	page, err := listed[Customer](ctx, c.t, request, q.Count)
	return CustomerPage{page.Items, page.Next, page.Total}, err
}

func (q CustomerQuery) filters() bool {
	return q.Query != "" || q.ByRelevance || q.Name != "" || q.Email != "" || q.Status != "" || q.CustomerType != "" || q.GroupID != 0 ||
		!q.CreatedFrom.IsZero() || !q.CreatedTo.IsZero()
}

func (q CustomerQuery) order() string {
	if q.ByRelevance {
		return "relevance"
	}
	return ""
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// All walks every customer that matches, in the order of the query, page after page. It ends
// after the first error.
func (c *Customers) All(ctx context.Context, q CustomerQuery) iter.Seq2[Customer, error] {
	return func(yield func(Customer, error) bool) {
		for {
			page, err := c.List(ctx, q)
			if err != nil {
				yield(Customer{}, err)
				return
			}
			for _, customer := range page.Customers {
				if !yield(customer, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			q.Next = page.Next
		}
	}
}

// PageQuery asks for a page of a list. The zero value asks for the first.
type PageQuery struct {
	Take  int    // items a page, 1 to 100; 0: the server's default, 10
	Skip  int    // items to pass over; prefer Next, which stays in step while others write
	Next  string // of the page before; only Count still counts beside it
	Count bool   // whether to give Page.Total
}

func (q PageQuery) values() url.Values {
	values := url.Values{}
	if q.Take != 0 {
		values.Set("take", strconv.Itoa(q.Take))
	}
	if q.Skip != 0 {
		values.Set("skip", strconv.Itoa(q.Skip))
	}
	return values
}

// Page is one page of a list, newest first.
type Page[T any] struct {
	Items []T
	Next  string // for PageQuery.Next; empty on the last page
	Total int    // how many there are in all, if the query asked for it
}

// listPage gives a page of the list at path.
func listPage[T any](ctx context.Context, t *transport, path string, q PageQuery) (Page[T], error) {
	values := q.values()
	if q.Next != "" {
		var err error
		if values, err = nextQuery(q.Next); err != nil {
			return Page[T]{}, err
		}
	}
	return listed[T](ctx, t, call{method: http.MethodGet, path: path, query: values}, q.Count)
}

// listed sends a request whose answer is an array and reads the headers beside it.
func listed[T any](ctx context.Context, t *transport, c call, count bool) (Page[T], error) {
	if count {
		c.prefer = "count=exact"
	}
	items, header, err := read[[]T](ctx, t, c)
	if err != nil {
		return Page[T]{}, err
	}
	page := Page[T]{Items: items, Next: nextOf(header.Values("Link"))}
	page.Total, _ = strconv.Atoi(header.Get("X-Total-Count")) // 0 if it was not asked for
	return page, nil
}

func nextQuery(next string) (url.Values, error) {
	values, err := url.ParseQuery(next)
	if err != nil {
		return nil, errors.New("the query's Next is not one of a page")
	}
	return values, nil
}

// nextOf finds the query of the link to the next page. Only the query is kept, so
// that no answer can send the credentials elsewhere.
func nextOf(links []string) string {
	for _, link := range links {
		target, params, found := strings.Cut(strings.TrimPrefix(link, "<"), ">")
		if !found || !strings.Contains(params, `rel="next"`) {
			continue
		}
		if u, err := url.Parse(target); err == nil {
			return u.RawQuery
		}
	}
	return ""
}
