// Package transcript pins wire behaviour by text files: what is sent, and what
// must come back. Run plays every .txt file of a folder against a fresh server
// each, as a parallel sub-test. The package is for tests only.
//
// A file is read from top to bottom, line by line:
//
//	# a comment
//	! advance 61s
//
//	> POST /api/v0/customers
//	> content-type: application/json
//	> x-client-key: {{key}}
//	>
//	> {"first_name":"Ada"}
//	< 201 Created
//	< content-type: application/json
//	< !etag
//	< @json
//	< {
//	<   "id": "{{uuid:ada}}",
//	<   "last_spent": 0,
//	<   "email": null,
//	<   "createdAt": "{{time:created}}"
//	< }
//
// A run of ">" lines is a request, the run of "<" lines after it the answer
// that must come. Blank lines part exchanges, and may stand anywhere except
// within a run.
//
// # Requests
//
// The first line is a method and a target; header lines follow; an empty ">"
// ends them; the rest is the body, its lines joined by "\n". A header may be
// given twice, and host sets the Host. Redirects are not followed. Two
// directives add bytes to the body, with no line break before or after them:
//
//	> @body-hex c3 28          bytes in hexadecimal
//	> @repeat 70000 x          a text, many times over
//
// A request that no HTTP client would send starts with @raw instead. Its lines
// are joined without line breaks, \r, \n, \xff and so on stand for bytes as in
// a Go string, and @repeat and @body-hex work too. It goes over a TCP
// connection of its own; @close-write at its end shuts the sending side.
//
//	> @raw POST /api/v0/customers HTTP/1.1\r\nHost: {{host}}\r\n
//	> @raw Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n
//
// # Answers
//
// The first line is the status, with the reason phrase if that matters, or
// "closed" for a connection that ends without an answer to a @raw request. Of the
// headers only those listed are compared: all values of "name: value" in their
// order, and "!name" for a header that must be absent. "connection: close" is
// there whenever the connection ends with the answer. What follows says how the
// body is compared:
//
//	<                 exactly: the lines, joined by "\n", are the bytes
//	< @json           as JSON: order of members, null or absent, and the
//	                  literals of numbers count (0 is not 0.0); white space
//	                  and the escapes within strings do not
//	< @any-body       not at all
//	(nothing)         there must be no body
//
// # Placeholders
//
// In an answer {{kind:name}} stands for a text of that kind. The first one with
// a name binds the name, later ones must be equal to it. {{kind}} binds nothing.
// The kinds are
//
//	uuid     a version 4 UUID in lower case
//	time     an ISO 8601 time in UTC with exactly three fractional digits and Z
//	int      an integer without a superfluous zero or plus sign
//	seconds  a number from 1 to 59
//	etag     an entity tag of a customer, with its quotes
//	any      anything
//
// and those in Options.Kinds. A bare {{name}} is a value that is bound already
// or was preset in Target.Vars, in requests as in answers; {{host}} is always
// there. In a @json body a placeholder outside of quotes stands for a number, a
// boolean or null, and {{any}} there for any value at all; names of members are
// compared as they are.
//
// # Hooks and updating
//
// "! name args" calls Target.Hook at that point, for what a client cannot do:
// create a second application, move the clock.
//
// With Options.Update the answers in the files are rewritten to
// what came. Whatever matched stays as it is, placeholders included. In what is
// new, bound values, UUIDs and times become placeholders. A request without an
// answer gets one. Review the difference like code.
package transcript
