package client

import "errors"

// ErrNotModified says that a customer is as it was when the tag of IfNoneMatch was given.
var ErrNotModified = errors.New("the customer has not changed")

// Condition is something that must be so for a request to be done. Make one with IfMatch or IfNoneMatch.
type Condition struct{ name, tag string }

// IfMatch asks that the customer is in the state that etag names, else the request is refused with the status 412
// and nothing is done. Of several changes with one tag exactly one is made. A tag of one API serves in
// the others.
func IfMatch(etag string) Condition { return Condition{"If-Match", etag} }

// IfNoneMatch asks for the customer only if it is not as etag has it, else Fetch gives ErrNotModified.
func IfNoneMatch(etag string) Condition { return Condition{"If-None-Match", etag} }
