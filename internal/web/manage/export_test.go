package manage

// WriteError is what renders every error, for the golden file of kinds.
var WriteError = writeError
