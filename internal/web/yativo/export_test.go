package yativo

// Rules are what this dialect asks of customers.
var Rules = rules
