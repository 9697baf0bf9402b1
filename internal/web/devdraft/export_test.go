package devdraft

import "custodex.dev/internal/web/wire"

// Preference is the reader of a Prefer header.
var Preference = wire.Preference

// WriteAvoiding is what writes every failure with Config.Avoid404.
var WriteAvoiding = writeAvoiding

// EncodeList and EncodeCustomer render customers.
var (
	EncodeList     = encodeList
	EncodeCustomer = encodeCustomer
)
