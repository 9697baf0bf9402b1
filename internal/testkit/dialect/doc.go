// Package dialect is what the tests of the dialects have in common: transcripts played
// against a whole server, a domain service that answers what it is told, golden files
// of faults, and a check that a page of doc/ tells what the transcripts show. It is
// for tests only.
//
// Start from Suite for transcripts and from FakeRecords for one handler.
package dialect
