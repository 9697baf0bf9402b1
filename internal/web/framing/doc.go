// Package framing sits between a listener and net/http and decides, from the bytes as they
// come, where each HTTP/1 request begins and ends. net/http decides the same for itself, but
// hides what it dropped: of a Content-Length beside a Transfer-Encoding a handler sees
// nothing. A message that two readers could divide in two ways is refused here, before
// anybody has read past its header, and the connection ends.
//
// The package holds no message. Bytes pass through as they come, at most one message in one
// Read; a Conn remembers the request line and the lines that say where the message ends.
//
// It also words what net/http answers by itself: 400, and 505, which becomes 400. Such an
// answer is made by Config.Answer instead, which knows the APIs. After a refusal the connection
// lingers, so that a client that is still sending gets the answer.
//
// It bounds what unfinished requests may take, and how many connections there are (crowd).
//
// HTTP/2 has frames and no such doubt. Its connections pass unchanged: they are not counted, and nothing
// here bounds what they take.
package framing
