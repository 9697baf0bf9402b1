package customer

import "strconv"

// Shape names the filters that were used, for the audit log. The text of a filter
// goes nowhere.
func (f *ListQuery) Shape() (fields []string) {
	add := func(used bool, name string) {
		if used {
			fields = append(fields, "filter:"+name)
		}
	}
	add(f.Status != 0, "status="+f.Status.String())
	add(f.Type != 0, "type="+f.Type.String())
	add(f.Group != 0, "group="+strconv.FormatInt(f.Group, 10))
	add(f.Name != "", "name")
	add(f.Email != "", "email")
	add(f.Query != "", "query")
	add(f.Order == Relevance, "order=relevance")
	add(!f.CreatedFrom.IsZero(), "created_from")
	add(!f.CreatedTo.IsZero(), "created_to")
	return fields
}
