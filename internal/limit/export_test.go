package limit

// MaxAddresses is the bound of Failures.
const MaxAddresses = maxAddresses

// Windows counts the windows that are remembered.
func (l *Limiter) Windows() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.windows)
}

// Addresses counts the buckets that are held.
func (f *Failures) Addresses() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.counts)
}
