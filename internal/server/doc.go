// Package server wires everything together: a Config in, a running server out.
// It is the only package that imports the database adapters, and it holds no
// rule: if a use case seems to need one here, it belongs in records.
package server
