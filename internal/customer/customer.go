// Package customer says what a customer is and which input makes one: parsing,
// trimming, validation, merging and the canonical form of an e-mail address.
// It is pure. It knows no dialect's field names or messages: a problem is a
// fault.Field with a canonical path and a stable code, and each dialect words it.
//
// Start from Customer, Input and Rules.
package customer

import (
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
)

// Customer is one customer of one application. It has no json or db tags: each
// dialect and the store convert it explicitly. It prints as its id alone.
type Customer struct {
	ID        id.Customer
	Seq       int64 // unique on the server, never reused; breaks ties of "newest first"
	Personal        // sealed at rest
	Type      Type
	Status    Status
	Group     int64     // number of its group; 0 is none
	CreatedAt time.Time // UTC, milliseconds
	UpdatedAt time.Time // UTC, milliseconds; not before CreatedAt

	Revision Revision // set where one customer is fetched
}

// Revision tells the states of a stored customer apart: it is another one after every
// change. It is a keyed hash, and all but its first 12 bytes are secret, so that a value derived
// from it says nothing of the customer. The zero Revision is that of a customer who was not fetched.
type Revision [32]byte

// Personal is the part of a customer that is sealed in one blob under that
// customer's own key.
type Personal struct {
	redact.Masked

	Given  redact.Personal // first name
	Family redact.Personal // last name
	Email  redact.Personal // lower case; "" is none
	Phone  redact.Personal // as given, trimmed

	Whatsapp  redact.Personal
	Country   redact.Personal // ISO 3166-1 alpha-3, or the text as given if it is no country we know
	Address   Address
	Profile   redact.Personal // URL or path of a picture
	CreatedBy redact.Personal // who made the record, in the caller's words

	KYC KYC

	LastSpent    Amount    // of the newest transaction; zero value is 0
	LastPurchase time.Time // of the newest transaction; zero is never

	// unknown keeps fields written by a newer release, so that an older one
	// running beside it does not lose them.
	unknown []byte
}

// Address is where a customer lives. Every part may be empty.
type Address struct {
	redact.Masked

	Number, Street, Line2, City, Region, PostalCode redact.Personal
	Country                                         redact.Personal // as Customer.Country; "" is that of the customer
}

// KYC is what an operator recorded about the customer's identity checks. This is
// not a provider of such checks.
type KYC struct {
	redact.Masked

	Status     KYCStatus       // "" is not_started
	Reason     redact.Personal // why it was rejected
	VerifiedAt time.Time
	Accounts   bool // virtual accounts are approved
}

// KYCStatus is a state of the identity checks (Yativo, "KYC status").
type KYCStatus string

// The states.
const (
	KYCNotStarted   KYCStatus = "not_started"
	KYCSubmitted    KYCStatus = "submitted"
	KYCManualReview KYCStatus = "manual_review"
	KYCUnderReview  KYCStatus = "under_review"
	KYCApproved     KYCStatus = "approved"
	KYCRejected     KYCStatus = "rejected"
)

// KYCStatuses lists the states.
func KYCStatuses() []KYCStatus {
	return []KYCStatus{KYCNotStarted, KYCSubmitted, KYCManualReview, KYCUnderReview, KYCApproved, KYCRejected}
}

// State gives the status, never empty.
func (k KYC) State() KYCStatus {
	if k.Status == "" {
		return KYCNotStarted
	}
	return k.Status
}

// Amount is an exact decimal as a JSON number literal. "" is 0.
type Amount string

// Number gives the JSON number literal, never empty.
func (a Amount) Number() string {
	if a == "" {
		return "0"
	}
	return string(a)
}

// Status controls access to services. The numbers are stored; do not reorder.
type Status uint8

// The statuses (Devdraft, "Create Customer"; DELETED from its OpenAPI document).
const (
	Active      Status = 1
	Blacklisted Status = 2
	Deactivated Status = 3
	Deleted     Status = 4
)

var statusNames = []string{"ACTIVE", "BLACKLISTED", "DEACTIVATED", "DELETED"}

// String gives the published name.
func (s Status) String() string { return nameOf(statusNames, uint8(s)) }

// StatusNames lists the published names in their documented order.
func StatusNames() []string { return statusNames }

// parseStatus reads a published name, in exact case.
func parseStatus(s string) (Status, bool) {
	n, ok := indexOf(statusNames, s)
	return Status(n), ok
}

// Type is the kind of account. The numbers are stored; do not reorder.
type Type uint8

// Individual is the default type; Business is the one the published list omits
// and the published examples use.
const (
	Individual Type = 1
	Business   Type = 8
)

var typeNames = []string{
	"Individual", "Startup", "Small Business", "Medium Business", "Enterprise", "Non-Profit",
	"Government", "Business",
}

// String gives the published name.
func (t Type) String() string { return nameOf(typeNames, uint8(t)) }

// TypeNames lists the published names in their documented order.
func TypeNames() []string { return typeNames }

// parseType reads a published name, in exact case.
func parseType(s string) (Type, bool) {
	n, ok := indexOf(typeNames, s)
	return Type(n), ok
}

func nameOf(names []string, n uint8) string {
	if n == 0 || int(n) > len(names) {
		return ""
	}
	return names[n-1]
}

func indexOf(names []string, s string) (uint8, bool) {
	for i, n := range names {
		if n == s {
			return uint8(i + 1), true
		}
	}
	return 0, false
}
