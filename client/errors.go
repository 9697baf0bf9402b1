package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Error is a refusal or failure that the server answered.
type Error struct {
	Status     int    // of HTTP
	Code       string // stable; of the management API. Devdraft has its error text instead, the others nothing
	Message    string // for people
	Fields     []FieldError
	RequestID  string        // names the request in the server's logs
	RetryAfter time.Duration // when to try again; 0 if the server did not say
}

// FieldError is one problem of one field.
type FieldError struct {
	Path    string `json:"path"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error gives the message, with the problems of fields behind it.
func (e *Error) Error() string {
	text := e.Message
	if text == "" {
		text = http.StatusText(e.Status)
	}
	var problems []string
	for _, f := range e.Fields {
		problems = append(problems, f.Message)
	}
	if len(problems) > 0 {
		text += ": " + strings.Join(problems, "; ")
	}
	return fmt.Sprintf("%s (status %d)", text, e.Status)
}

// AsError finds the server's answer in what a call returned.
func AsError(err error) (*Error, bool) { return errors.AsType[*Error](err) }

func errorFromHeaders(res *http.Response) *Error {
	e := &Error{Status: res.StatusCode, RequestID: res.Header.Get("X-Request-Id")}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	return e
}

// manageError reads the management API's envelope.
func manageError(res *http.Response, data []byte) *Error {
	e := errorFromHeaders(res)
	var body struct {
		Error struct {
			Code    string       `json:"code"`
			Message string       `json:"message"`
			Fields  []FieldError `json:"fields"`
		} `json:"error"`
	}
	if json.Unmarshal(data, &body) == nil { // an answer of something in between has no envelope
		e.Code, e.Message, e.Fields = body.Error.Code, body.Error.Message, body.Error.Fields
	}
	return e
}

// yativoError reads the envelope of Yativo, or the body of the failures without one.
func yativoError(res *http.Response, data []byte) *Error {
	e := errorFromHeaders(res)
	var body struct {
		Message string              `json:"message"`
		Error   string              `json:"error"`
		Errors  map[string][]string `json:"errors"`
	}
	if json.Unmarshal(data, &body) != nil {
		return e
	}
	if e.Message = body.Message; e.Message == "" {
		e.Message = body.Error
	}
	for _, path := range slices.Sorted(maps.Keys(body.Errors)) {
		for _, text := range body.Errors[path] {
			e.Fields = append(e.Fields, FieldError{Path: path, Message: text})
		}
	}
	return e
}

// xtrakitError reads the envelope of Xtrakit.
func xtrakitError(res *http.Response, data []byte) *Error {
	e := errorFromHeaders(res)
	var body struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(data, &body) // an answer of something in between has no envelope
	e.Message = body.Error
	return e
}

// customersError reads the Devdraft envelope, whose message is a text or a list.
func customersError(res *http.Response, data []byte) *Error {
	e := errorFromHeaders(res)
	var body struct {
		Message json.RawMessage `json:"message"`
		Error   string          `json:"error"`
	}
	if json.Unmarshal(data, &body) != nil {
		return e
	}
	e.Code = body.Error
	var list []string
	if json.Unmarshal(body.Message, &list) != nil {
		_ = json.Unmarshal(body.Message, &e.Message) // neither: there is no message
		return e
	}
	e.Message = body.Error
	for _, text := range list {
		e.Fields = append(e.Fields, FieldError{Message: text})
	}
	return e
}
