// Package job does long work on one application in steps, which outlives the process that began it.
//
//	custodex, API -> Insert, Pause, Resume, Cancel -> row of the job <- Runner of each replica -> Work.Step
//
// The cursor of a job moves in the transaction of the step that it follows, so a step that was
// committed is never done again, and one that was not has left nothing. A replica leases a job by
// the clock of the database before it begins. Each step checks in its transaction that the job is
// still leased under the same generation and still running: a replica that was overtaken, and a
// step of a job that was paused or cancelled, commit nothing.
//
// A Kind must never touch anything outside the transaction of a step, must put no personal data
// into its cursor, and must begin where the cursor says: what it remembers from the step before
// may be of a step that was not committed.
//
// What a newcomer gets wrong: a step runs in the one transaction that every writer of the
// application waits for. Whatever takes long (reading, encrypting) belongs before it. Start from
// Kind and New.
package job
