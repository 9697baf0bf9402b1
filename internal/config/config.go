// Package config holds every setting of a server in one struct, whose field comments
// are the manual. custodex config explain prints them from this file, and
// doc/operating.md contains the same text.
//
// The package must never start anything, and every default is written here. What
// newcomers get wrong: the zero value of a field means its default, so a new field
// must keep the old behaviour when it is zero.
package config

import (
	"log/slog"
	"net/netip"
	"time"

	"custodex.dev/internal/job"
	"custodex.dev/internal/redact"
)

// Config is the configuration of a server. The name tag is the setting's name: --name
// as a flag, CUSTODEX_NAME in the environment, and "name" in the file. The latter two
// have _ in place of -. A field without the tag is for programs only.
type Config struct {
	// Address and port of the applications' API. Port 0 takes a free port. The default can be reached
	// from this machine only. ":8080" listens on every network; use tls-cert or a proxy in front
	// then.
	Addr string `name:"addr"`

	// Address and port for operators: management API, /metrics, /healthz, /readyz. Keep it off public
	// networks: /metrics and the probes answer without credentials.
	ManageAddr string `name:"manage-addr"`

	// Folder of the SQLite database and, unless master-key is set, of the master key. Only one
	// process at a time can serve it. Either data or database-url is required; they exclude each
	// other.
	DataDir string `name:"data"`

	// PostgreSQL database, as postgres://user@host/database?sslmode=verify-full. Requires master-key
	// and excludes data. Other users of the machine can read a command line, so pass a password with
	// passfile= in the URL, in the environment, or with database-url-file.
	DatabaseURL redact.Secret `name:"database-url"`

	// File that holds the database URL. Only its owner may be able to read it. Excludes database-url.
	DatabaseURLFile string `name:"database-url-file"`

	// File of the master key, mode 0600, made by custodex init: a path, or file:PATH. The default is master.key in the data
	// folder; with database-url it must be set. All replicas need the same key. Without the key no
	// record can be read: keep a backup of it apart from the database.
	MasterKeyFile string `name:"master-key"`

	// Certificate chain, PEM, for addr. Requires tls-key; without both, addr serves plain HTTP. The
	// file is read at start only: restart after a renewal.
	TLSCert string `name:"tls-cert"`

	// Private key, PEM, of tls-cert.
	TLSKey string `name:"tls-key"`

	// Certificate chain, PEM, for manage-addr. Requires manage-tls-key; without both, manage-addr
	// serves plain HTTP.
	ManageTLSCert string `name:"manage-tls-cert"`

	// Private key, PEM, of manage-tls-cert.
	ManageTLSKey string `name:"manage-tls-key"`

	// Networks of the proxies in front of the server, separated by commas, as
	// 192.0.2.7/32,192.0.2.8/32. X-Forwarded-For is believed only if it comes from them. If the proxy
	// is missing here, every client has the proxy's address in the audit log and in the limit on
	// failed logins. Name single proxies: every machine in these networks can forge the address of
	// its requests.
	TrustedProxies []netip.Prefix `name:"trusted-proxies"`

	// Maximum size of a request body in bytes. A larger body is refused with 413 before it is read.
	MaxBody int64 `name:"max-body"`

	// Maximum time for one request, from reading its body to sending its response.
	RequestTimeout time.Duration `name:"request-timeout"`

	// Maximum number of requests of known callers processed concurrently. Applications share it fairly:
	// a place that becomes free goes to the application that waits and has the fewest. One application
	// gets at most seven eighths of them, rounded up: with 8 or more, one never keeps a quiet one out.
	// Two or more with slow requests can make it wait. A request beyond the limit waits up to 150 ms; it
	// is refused with 503 and Retry-After as soon as the wait would be longer. It is authenticated
	// before, and the token of a Yativo login is made; as many requests of callers that are not known
	// yet are processed beside. At most half of the limit can be used by searches and counts, including
	// those waiting for an index.
	MaxRequests int `name:"max-requests"`

	// Maximum number of connections to each listener; 0 is no limit. Beyond it the connection that has been
	// idle for longest is closed; without an idle one the oldest on which no byte has come, then the one
	// whose unfinished request began first; the new one if requests are worked on over all others. Whatever
	// the number, each listener bounds what it waits for: 24 MiB for requests that are not there as a whole,
	// and 16 MiB for connections on which no byte has come. Beyond that the one is closed that has been
	// waited for longest. What a connection takes is estimated. HTTP/2 connections are neither counted nor
	// bounded by this.
	MaxConnections int `name:"max-connections"`

	// Maximum time for a client to send the headers of a request.
	ReadHeaderTimeout time.Duration `name:"read-header-timeout"`

	// How long an idle connection is kept open. The timeout of a proxy in front should be shorter.
	IdleTimeout time.Duration `name:"idle-timeout"`

	// How long the server keeps accepting requests after it was told to stop. During this time
	// /readyz returns 503 and responses carry "Connection: close", so that load balancers can move
	// traffic away.
	DrainTime time.Duration `name:"drain-time"`

	// Maximum time, after drain-time, to finish running requests and the audit log during a shutdown.
	// A supervisor should wait longer than both together before it kills the process.
	ShutdownTimeout time.Duration `name:"shutdown-timeout"`

	// Maximum number of connections to PostgreSQL from this process. All replicas together must stay
	// below the max_connections of the server. Ignored with SQLite.
	MaxConns int `name:"max-conns"`

	// Bytes of encrypted customers that a process keeps in memory. A fetch of one of them reads no row
	// and still shows the newest.
	CustomerCache int64 `name:"customer-cache"`

	// Answer 404 for a customer of another application, where the Devdraft contract says 403. The
	// attempt is in the audit log either way.
	Conceal bool `name:"conceal"`

	// Keep the digits 404 out of the headers of Devdraft failures that are no 404. Numbers of the
	// rate limit are then a little wrong, and a body may end in line breaks. Only for clients made
	// from the PHP class DevdraftCustomer of the page "Fetch a customer", which takes every failure with
	// these digits in its headers for a 404.
	DevdraftAvoid404 bool `name:"devdraft-avoid-404"`

	// Accept Yativo POST, PUT and PATCH requests without an Idempotency-Key header. The Yativo contract
	// requires the header, but clients that are older than this rule do not send it.
	YativoOptionalKey bool `name:"yativo-optional-idempotency-key"`

	// Show an active customer as "active" to Yativo clients before its identity was checked. The
	// published contract shows "pending" until then.
	YativoActiveEarly bool `name:"yativo-active-without-kyc"`

	// Base URL of the link to identity checks that Yativo clients are shown. Custodex does no checks
	// itself: it records the outcome that an operator reports.
	KYCLink string `name:"kyc-link"`

	// Maximum skip of a list; a larger value is refused with 400. Paging with the cursor in the Link
	// header has no limit.
	MaxSkip int `name:"max-skip"`

	// How long a repeated idempotency key is answered with the stored response.
	IdempotencyTTL time.Duration `name:"idempotency-ttl"`

	// How long events are kept for those who follow them. A cursor that is older is refused with 410,
	// and its holder must read the records anew.
	EventTTL time.Duration `name:"event-ttl"`

	// Maximum size in bytes of all search indexes together. Indexes are in memory only and rebuilt
	// when needed. If the index of an application does not fit, its searches read the database, which
	// is slower.
	SearchMemory int64 `name:"search-memory"`

	// How long the search index of an application may stay unused before its memory is freed.
	SearchIdle time.Duration `name:"search-idle"`

	// Maximum number of searches that scan indexes concurrently; at most half of max-requests. A
	// search beyond the limit waits up to 150 ms and is then refused with 503 and Retry-After. While
	// an index is being built, searches that need it wait at most 10 s. They can use at most a
	// quarter of max-requests, and those of one application an eighth.
	SearchSlots int `name:"search-slots"`

	// Number of audit entries a second that a server compares with their tree, to find entries that
	// were altered in the database. It goes through all applications again and again. A higher rate
	// finds them sooner and costs reads.
	AuditCheckRate int `name:"audit-check-rate"`

	// Share of its time that the steps of jobs may take in this process, in percent, 1 to 100. Requests have the rest.
	// At 100 jobs are fastest, and requests to the same application wait for steps of a quarter of a second.
	JobShare int `name:"job-share"`
	// Number of customers a second that a server compares with their keys and e-mail addresses, to find
	// rows that were altered in the database. It goes through all applications again and again, a minute
	// after each round. A higher rate finds them sooner and costs reads.
	CheckRate int `name:"check-rate"`

	// Minimum level that is logged: debug, info, warn or error.
	LogLevel slog.Level `name:"log-level"`

	// Format of the log on standard error: json or text.
	LogFormat string `name:"log-format"`

	// Let core dumps and debuggers read the memory of the server, which holds keys and personal data.
	// Without it serve allows neither on Linux. For the search of a fault only.
	Debuggable bool `name:"debuggable"`

	// Jobs are kinds of jobs beside `checksums`, which every server does. They are for the benchmark.
	Jobs job.Kinds `kong:"-"`

	// Now is the clock, for tests. Default: the database's.
	Now func() time.Time `kong:"-"`

	// LocalNow is the clock of this machine, for tests. Default time.Now.
	LocalNow func() time.Time `kong:"-"`
}

// Default gives the defaults. There is none for the database.
func Default() Config {
	return Config{
		Addr:              "127.0.0.1:8080",
		ManageAddr:        "127.0.0.1:8081",
		MaxBody:           64 << 10,
		RequestTimeout:    30 * time.Second,
		MaxRequests:       256,
		MaxConnections:    12_000,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		DrainTime:         time.Second,
		ShutdownTimeout:   20 * time.Second,
		MaxConns:          16,
		CustomerCache:     64 << 20,
		KYCLink:           "https://kyc.yativo.com",
		MaxSkip:           10_000,
		IdempotencyTTL:    24 * time.Hour,
		EventTTL:          30 * 24 * time.Hour,
		SearchMemory:      2 << 30,
		SearchIdle:        30 * time.Minute,
		SearchSlots:       16,
		AuditCheckRate:    200,
		JobShare:          10,
		CheckRate:         200,
		LogFormat:         "json",
	}
}
