package sumfill

// Seen counts the jobs whose beginning is remembered.
func (f *Filler) Seen() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.seen)
}
