package contract

import (
	"errors"
	"net/url"

	"github.com/getkin/kin-openapi/openapi3"
)

// formats check the formats of strings that our documents use and the validator does not
// know. It takes any text for a format that it does not know.
func formats() map[string]openapi3.StringFormatValidator {
	email := openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail)
	return map[string]openapi3.StringFormatValidator{
		"uuid":      openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForUUIDOfRFC9562),
		"email":     email,
		"idn-email": email,
		"uri": openapi3.NewCallbackValidator(func(s string) error {
			u, err := url.Parse(s)
			if err == nil && !u.IsAbs() {
				err = errors.New("no scheme")
			}
			return err
		}),
	}
}
