// Package wire is what the dialects have in common on the wire: values that look alike
// in all of them (encode.go), members and parameters that are read alike (read.go), and
// the way of a request to its caller and of a reply to its client (reply.go, admit.go).
//
// It knows no dialect and words nothing that only one of them says. What a dialect
// writes is a struct with json tags in its types.go; Marshal renders it.
//
// The thing newcomers get wrong: encoding/json would do nearly the same, but it escapes
// "<", ">", "&" and U+2028 for HTML, which no published sample does. Start from Marshal
// and Text.
package wire
