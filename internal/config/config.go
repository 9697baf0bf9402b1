// Package config is every setting of a server: one struct, whose field comments
// are the manual. custodex config explain prints them from this file, and
// doc/operating.md holds the same text.
//
// It must never start anything or look for a default that is not written here.
// The thing newcomers get wrong: the zero value of a field means its default, so
// a new field must have a zero value under which the old behaviour stays.
package config

import (
	"log/slog"
	"net/netip"
	"time"

	"custodex.dev/internal/redact"
)

// Config is what a server is told. The name tag is the setting's name: --name as
// a flag, CUSTODEX_NAME in the environment, and "name" in the file, with _ for -
// in the latter two. A field without the tag is for programs only.
type Config struct {
	// Address and port for the applications' API. Port 0 takes a free one. Only this machine
	// reaches the default; ":8080" serves every network, which wants tls-cert or a proxy in front.
	Addr string `name:"addr"`

	// Address and port for operators: management API, /metrics, /healthz, /readyz. Keep it away
	// from public networks: /metrics and the probes answer without credentials.
	ManageAddr string `name:"manage-addr"`

	// Folder of a SQLite database and, unless master-key says otherwise, its master key. One
	// process at a time may serve it. Excludes database-url; one of the two is required.
	DataDir string `name:"data"`

	// PostgreSQL database, as postgres://user@host/database?sslmode=verify-full. Wants master-key.
	// Excludes data. Other users of the machine can read a command line, so a password belongs
	// into a passfile= of the URL, the environment, or database-url-file.
	DatabaseURL redact.Secret `name:"database-url"`

	// File that holds the database URL and that nobody but its owner can read. Excludes
	// database-url.
	DatabaseURLFile string `name:"database-url-file"`

	// File of the master key, mode 0600, made by custodex init. Without a setting it is master.key
	// in the data folder; with database-url it must be set. All replicas need the same key. If it
	// is lost, so is every record: back it up apart from the database.
	MasterKeyFile string `name:"master-key"`

	// Certificate chain, PEM, for addr. Needs tls-key; without both, addr speaks plain HTTP.
	// Read at start only: restart after a renewal.
	TLSCert string `name:"tls-cert"`

	// Private key, PEM, of tls-cert.
	TLSKey string `name:"tls-key"`

	// Certificate chain, PEM, for manage-addr. Needs manage-tls-key; without both, manage-addr
	// speaks plain HTTP.
	ManageTLSCert string `name:"manage-tls-cert"`

	// Private key, PEM, of manage-tls-cert.
	ManageTLSKey string `name:"manage-tls-key"`

	// Networks of the proxies in front, as 10.0.0.0/8,192.0.2.7/32. X-Forwarded-For is believed
	// from them alone. Without the real proxy here every client has the proxy's address in the
	// audit log and in the limit of failed logins; with too wide a network clients can invent one.
	TrustedProxies []netip.Prefix `name:"trusted-proxies"`

	// Largest request body in bytes. Larger ones are answered 413 unread.
	MaxBody int64 `name:"max-body"`

	// How long one request may take, reading it and answering it.
	RequestTimeout time.Duration `name:"request-timeout"`

	// Requests that are worked on at the same time. Some more wait for 150 ms, the rest are
	// answered 503 with Retry-After, before any work was done for them. At most half of them are
	// searches and counts, those included that wait for an index; the rest are answered 503 likewise.
	MaxRequests int `name:"max-requests"`

	// How long a client may take to send the headers of a request.
	ReadHeaderTimeout time.Duration `name:"read-header-timeout"`

	// How long a connection is kept without a request. A proxy in front should give up first.
	IdleTimeout time.Duration `name:"idle-timeout"`

	// How long a server that is asked to stop goes on taking requests, while /readyz says 503 and
	// every answer asks its client for a new connection, so that a balancer can turn away.
	DrainTime time.Duration `name:"drain-time"`

	// How long a shutdown waits for requests under way and for the audit log. A supervisor should
	// wait longer than this before it kills.
	ShutdownTimeout time.Duration `name:"shutdown-timeout"`

	// Connections to PostgreSQL from this process. All replicas together must stay below the
	// server's max_connections. SQLite does not look at it.
	MaxConns int `name:"max-conns"`

	// Bytes of customers, sealed as they are stored, that a process on SQLite keeps in memory.
	// PostgreSQL has its own cache and does not look at it.
	CustomerCache int64 `name:"customer-cache"`

	// Answer 404 for a customer of another application, where the Devdraft contract says 403. The
	// attempt is in the audit log either way.
	Conceal bool `name:"conceal"`

	// Take a Yativo POST or PUT without an Idempotency-Key header. The Yativo contract asks for one;
	// clients from before that rule send none.
	YativoOptionalKey bool `name:"yativo-optional-idempotency-key"`

	// Show an active customer as "active" to Yativo clients before its identity was checked, where
	// the published page shows "pending".
	YativoActiveEarly bool `name:"yativo-active-without-kyc"`

	// Base of the link to identity checks that Yativo clients are shown. Custodex checks nobody: it
	// records the outcome that an operator reports.
	KYCLink string `name:"kyc-link"`

	// Largest skip of a list; beyond it the answer is 400. Walks with the cursor in the Link
	// header have no limit.
	MaxSkip int `name:"max-skip"`

	// How long an idempotency key replays its answer.
	IdempotencyTTL time.Duration `name:"idempotency-ttl"`

	// Bytes that search indexes may take together. They are in memory only and rebuilt when
	// needed. An application that does not fit is searched from the database, which is slower.
	SearchMemory int64 `name:"search-memory"`

	// How long an application's search index may go unused before its memory is given back.
	SearchIdle time.Duration `name:"search-idle"`

	// Searches that look through indexes at the same time; at most half of max-requests. Some more
	// wait for 150 ms, the rest are answered 503 with Retry-After. While an index is being built,
	// searches that need it wait at most 10 s, and no more of them than a quarter of max-requests,
	// an eighth for one application.
	SearchSlots int `name:"search-slots"`

	// Least level that is logged: debug, info, warn or error.
	LogLevel slog.Level `name:"log-level"`

	// Form of the log on standard error: json or text.
	LogFormat string `name:"log-format"`

	// Now is the clock, for tests. Default time.Now.
	Now func() time.Time `kong:"-"`
}

// Default is what holds where nobody says otherwise. It lacks a database.
func Default() Config {
	return Config{
		Addr:              "127.0.0.1:8080",
		ManageAddr:        "127.0.0.1:8081",
		MaxBody:           64 << 10,
		RequestTimeout:    30 * time.Second,
		MaxRequests:       256,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		DrainTime:         time.Second,
		ShutdownTimeout:   20 * time.Second,
		MaxConns:          16,
		CustomerCache:     64 << 20,
		KYCLink:           "https://kyc.yativo.com",
		MaxSkip:           10_000,
		IdempotencyTTL:    24 * time.Hour,
		SearchMemory:      2 << 30,
		SearchIdle:        30 * time.Minute,
		SearchSlots:       16,
		LogFormat:         "json",
		Now:               time.Now,
	}
}
