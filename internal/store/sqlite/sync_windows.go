package sqlite

// syncDir does nothing. Windows flushes no folder that was opened to read, and NTFS keeps the
// order of changes of names in its own log.
func syncDir(string) error { return nil }
