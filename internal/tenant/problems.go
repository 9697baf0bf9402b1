package tenant

import (
	"strings"
	"unicode/utf8"

	"custodex.dev/internal/fault"
)

// maxName is how many characters a name or an owner has at most.
const maxName = 100

// NameProblem says what is wrong with the name of an application or key; "" if nothing.
func NameProblem(name string) string {
	switch n := utf8.RuneCountInString(name); {
	case n < 1 || n > maxName:
		return "name must have 1 to 100 characters"
	case strings.ContainsFunc(name, IsControl):
		return "name must not have control characters"
	}
	return ""
}

func invalid(path, message string) fault.Field {
	return fault.Field{Path: path, Code: "invalid", Message: message}
}

// LabelProblems says what is wrong with the name and the owner of a key; nil is not checked.
func LabelProblems(name, owner *string) (problems []fault.Field) {
	if name != nil {
		if problem := NameProblem(*name); problem != "" {
			problems = append(problems, invalid("name", problem))
		}
	}
	switch {
	case owner == nil:
	case utf8.RuneCountInString(*owner) > maxName:
		problems = append(problems, invalid("owner", "owner must have at most 100 characters"))
	case strings.ContainsFunc(*owner, IsControl):
		problems = append(problems, invalid("owner", "owner must not have control characters"))
	}
	return problems
}

// RateProblems says what is wrong with a limit of requests a minute.
func RateProblems(perMinute int) []fault.Field {
	if perMinute < 0 || perMinute > 10_000_000 {
		return []fault.Field{invalid("rate_limit", "rate_limit must be 0 (unlimited) to 10000000 requests a minute")}
	}
	return nil
}
