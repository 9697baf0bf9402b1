// Package hole removes one guard of a server that is built for the test of the self-test. It is
// in no other build: the test adds it, and the places that ask it, by an overlay.
package hole

import (
	"os"
	"strings"
	"sync"
)

// open is the name of the guard that is missing.
var open = os.Getenv("PLANTED_HOLE")

// Open reports whether a guard is missing.
func Open(name string) bool { return open == name }

var (
	mu    sync.Mutex
	first any
	kept  = map[string][]byte{}
)

// Saw is told of each application that creates something.
func Saw(app any) {
	mu.Lock()
	defer mu.Unlock()
	if first == nil {
		first = app
	}
}

// Swap gives the first application that Saw was told of, where the guard is missing.
func Swap[App any](name string, app App) App {
	mu.Lock()
	defer mu.Unlock()
	if other, ok := first.(App); ok && Open(name) {
		return other
	}
	return app
}

// SQL gives a statement that does not ask for the application, where the guard is missing.
func SQL(name, statement string) string {
	if !Open(name) {
		return statement
	}
	return strings.ReplaceAll(statement, "app_id = ?", "app_id <> ? || '-'")
}

// Keep keeps an answer under an idempotency key, and Kept gives it to whoever has the key.
func Keep(key string, answer []byte) {
	mu.Lock()
	defer mu.Unlock()
	kept[key] = answer
}

// Kept is described at Keep.
func Kept(name, key string) ([]byte, bool) {
	mu.Lock()
	defer mu.Unlock()
	answer, ok := kept[key]
	return answer, ok && Open(name)
}
