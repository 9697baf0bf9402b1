// Package index keeps the search indexes of applications: it builds one when an application is
// searched first, brings it up to date before every search, and drops it when it has been idle or
// when memory is needed for another. It decides how many searches may run at once, and reads the
// store for those that have no index yet.
//
// It must never know who searches or what may be shown to them: that, the audit log and the keys
// are the business of records, which hands it a [Decode] to turn rows into entries. It holds
// personal data in clear, so none of it may reach a log line or an error.
//
// What a newcomer gets wrong: an index may be missing at any moment. It is still being built, it
// waits for the build of another, it would not fit into memory, or it was just dropped. Each search
// must be able to go on without. Begin with [Cache].
package index
