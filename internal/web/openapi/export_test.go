package openapi

// Merge joins documents; servers is for the second.
func Merge(head, first, second []byte, servers any) ([]byte, error) {
	return merge(head, part{first, nil}, part{second, servers})
}
