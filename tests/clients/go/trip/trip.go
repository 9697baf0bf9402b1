// Package trip is what the round trips of generated Go clients share.
package trip

import (
	"context"
	"log"
	"net/http"
	"os"
)

// OneName is the name of the customer that script/clients made through Xtrakit, as no
// other API could. Its phone is no number.
const OneName = "Madonna"

// Phone is one that every API takes.
const Phone = "+442079460000"

// BaseURL is the server's.
func BaseURL() string { return os.Getenv("BASE_URL") }

// Key is an idempotency key, which Yativo requires; the name of a client makes it differ.
func Key(client string) string { return client + "-1" }

// Devdraft sets the credentials of that API.
func Devdraft(_ context.Context, r *http.Request) error {
	r.Header.Set("x-client-key", os.Getenv("DEVDRAFT_CLIENT_KEY"))
	r.Header.Set("x-client-secret", os.Getenv("DEVDRAFT_CLIENT_SECRET"))
	return nil
}

// Yativo sets the credentials of that API.
func Yativo(_ context.Context, r *http.Request) error {
	r.Header.Set("X-Api-Key", os.Getenv("YATIVO_ACCOUNT"))
	r.Header.Set("X-Api-Secret", os.Getenv("YATIVO_SECRET"))
	return nil
}

// Xtrakit sets the credentials of that API.
func Xtrakit(_ context.Context, r *http.Request) error {
	r.Header.Set("Authorization", "Bearer "+os.Getenv("XTRAKIT_KEY"))
	return nil
}

// Check ends the program, with the details, unless ok.
func Check(ok bool, step string, details ...any) {
	if !ok {
		log.Fatal(append([]any{step, ": "}, details...)...)
	}
}

// Must ends the program if err is one.
func Must(err error, step string) { Check(err == nil, step, err) }
