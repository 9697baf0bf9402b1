package devdraft

import "custodex.dev/internal/web/wire"

// Preference is the reader of a Prefer header.
var Preference = wire.Preference

// WriteFailure is what writes every failure.
var WriteFailure = writeFailure

// EncodeList and EncodeCustomer render customers.
var (
	EncodeList     = encodeList
	EncodeCustomer = encodeCustomer
)
