// Package body reads request bodies and query strings strictly, for every
// dialect alike. Read takes the bytes off the wire, Parse turns them into an
// ordered Object, ParseQuery does the same for a query string.
//
// It is strict about form and silent about meaning. Which members exist, which
// are required and what an unknown one does is a dialect's business. Whatever
// two JSON readers could understand differently is refused: a member given
// twice, bytes that are not UTF-8, NUL, half a surrogate pair, text after the
// value. Member names are compared exactly, never folded.
//
// Every error is a *fault.Error whose Code is one of the constants in
// errors.go and whose text is constant: nothing a caller sent, and nothing the
// network library said, is ever part of it. Values print as their kind with
// every fmt verb for the same reason; Text is the only way to the contents.
//
// The thing newcomers get wrong: net/http has already removed the
// Transfer-Encoding header, and the Content-Length header beside it, when a
// handler runs. What is left of a chunked request is r.TransferEncoding and a
// ContentLength of -1, and that is what Read looks at.
package body
