package history

import (
	"crypto/sha256"
	"fmt"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// State is what a customer was until a change.
type State struct {
	redact.Masked

	Customer customer.Customer
	Change   Change
	Version  int64     // the application's version that ended it
	Since    time.Time // when it began, as a Reader found it; of the first known one its UpdatedAt
	Until    time.Time // when it ended: the time of the change, or a little later (store.HistoryRow)

	// From and To name the encrypted row that was this state and the one that replaced it. So the
	// states of a customer are a chain that ends in its row: one that was taken out, put elsewhere
	// or put back leaves two links that do not meet.
	From, To Link
}

// Link names one ciphertext of a customer. None occurs twice.
type Link [16]byte

// LinkTo gives the link to what is stored of a customer now.
func LinkTo(row *store.CustomerRow) Link {
	sum := sha256.Sum256(row.Sealed)
	return Link(sum[:16])
}

// Change is who ended a state, when, what they changed and why.
type Change struct {
	redact.Masked

	At         time.Time
	Actor      string // id of the credential or operator
	ActingUser redact.Personal
	Request    id.Request
	Dialect    string
	Action     string
	Fields     []string // names of the fields that changed
	Reason     redact.Personal
	Purpose    redact.Personal
}

// seal encrypts the state for the store.
func (s *State) seal(key seal.Customer) store.HistoryRow {
	return store.HistoryRow{
		Customer: s.Customer.Seq, At: s.Until.UnixMilli(), Version: s.Version, Sealed: key.SealHistory(s.Version, s.appendBinary(nil)),
	}
}

// Open decrypts a state of the customer whose key and row these are. It fails if the row was
// altered, or is another customer's.
func Open(key seal.Customer, of *store.CustomerRow, row *store.HistoryRow) (State, error) {
	plain, err := key.OpenHistory(row.Version, row.Sealed)
	if err != nil {
		return State{}, fmt.Errorf("history of customer %s at version %d: %w", of.ID, row.Version, err)
	}
	s := State{Version: row.Version, Until: store.Instant(row.At)}
	if err := s.unmarshalBinary(plain); err != nil {
		return State{}, fmt.Errorf("history of customer %s at version %d: %w", of.ID, row.Version, err)
	}
	if s.Until.Before(s.Change.At) || row.Customer != of.Seq {
		return State{}, fmt.Errorf("history of customer %s at version %d was moved: %w", of.ID, row.Version, seal.ErrOpen)
	}
	s.Customer.ID, s.Customer.Seq = of.ID, of.Seq
	return s, nil
}
