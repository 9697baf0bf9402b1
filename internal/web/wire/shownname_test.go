package wire_test

import (
	"strings"
	"testing"

	"custodex.dev/internal/web/wire"
)

// Slips in names are repeated; numbers, and words that people are called by, never are.
func TestShownName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"statu", "statuss", "phone_number", "phoneNumber", "e_mail", "customer_address.postcode", "adress2", "per_page", "first-name",
		"customerID", "send_kyc_mail", "expires_at", "Email", "URL", "addres",
	} {
		if got := wire.ShownName(name); got != name {
			t.Errorf("ShownName(%q) = %q, want it", name, got)
		}
	}
	for _, name := range []string{
		"", "_", "Smith", "ada", "lovelace", "Rose", "Dale", "Kate", "Cole", "Tim", "mary_ann", "name_smith", "customer.Lee", "O-Neil",
		"4420794600", "49", "7", "phone_4420794600", "phone12", "1990-01-31", "12345678901", "é", "name\x00", "ada@example.com",
		"<b>", "a b", "\u202e", "main.street.schmidt", "Streep", "Forman", "Waller", "status\x01", "status,", "<status", "status\"", "phone_number;", "stat us", strings.Repeat("name_", 14),
	} {
		if got := wire.ShownName(name); got != "" {
			t.Errorf("ShownName(%q) = %q, want nothing", name, got)
		}
	}
}
