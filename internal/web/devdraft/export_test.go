package devdraft

// Preference is the reader of a Prefer header.
var Preference = preference

// WriteFailure is what writes every failure.
var WriteFailure = writeFailure

// EncodeList and EncodeCustomer render customers.
var (
	EncodeList     = encodeList
	EncodeCustomer = encodeCustomer
)
