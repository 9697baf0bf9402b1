package server

import (
	"net/http"
	"slices"
)

// HandlerWithout is the public handler without the dialect of that name.
func (s *Server) HandlerWithout(name string) http.Handler {
	return s.publicHandler(slices.DeleteFunc(s.dialects(), func(d dialect) bool { return d.name == name }))
}

// Dialects names the dialects.
func (s *Server) Dialects() []string {
	var names []string
	for _, d := range s.dialects() {
		names = append(names, d.name)
	}
	return names
}

// OwnerOf names the dialect that owns a path, "" for none.
func (s *Server) OwnerOf(path string) string {
	if d := ownerOf(path, s.dialects()); d != nil {
		return d.name
	}
	return ""
}
