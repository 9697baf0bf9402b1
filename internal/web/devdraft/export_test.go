package devdraft

// Preference is the reader of a Prefer header.
var Preference = preference
