// Package tests holds what is about the whole project rather than one package. The TestPolicy…
// tests read the source, not the running program; `make check` runs them alone. They must never
// need a server or a network.
package tests
