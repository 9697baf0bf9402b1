package customer

import "strconv"

// Shape names the filters that were used, for the audit log. The text of a filter
// goes nowhere.
func (q *ListQuery) Shape() (fields []string) {
	add := func(used bool, name string) {
		if used {
			fields = append(fields, "filter:"+name)
		}
	}
	add(q.Status != 0, "status="+q.Status.String())
	add(q.Type != 0, "type="+q.Type.String())
	add(q.Group != 0, "group="+strconv.FormatInt(q.Group, 10))
	add(q.Name != "", "name")
	add(q.Email != "", "email")
	add(q.Query != "", "query")
	add(q.Order == Relevance, "order=relevance")
	add(!q.CreatedFrom.IsZero(), "created_from")
	add(!q.CreatedTo.IsZero(), "created_to")
	return fields
}
