package customer

// These names are exported to the tests of this package only.
var (
	CleanPhone  = cleanPhone
	ParseAmount = parseAmount
	ParseStatus = parseStatus
	ParseType   = parseType
	ValidE164   = validE164
	ValidEmail  = validEmail
	ValidPhone  = validPhone
)
