// Package history keeps what a customer was before each change, and finds what it was at a time.
// Save is the only way to write a customer again, so no change can forget the state before it.
//
// A state is encrypted under the customer's own key, together with who changed it, when, what
// and why: deleting the customer or its key takes its history with it. The package decides
// nothing about callers, and never gives a state without having decrypted it.
//
// Start from Save and State.
package history
