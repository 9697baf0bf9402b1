// Package manage is the API for operators, /manage/v1: applications, their keys,
// their audit logs, and what came of their customers' identity checks. It is our
// own contract, described in doc/api-manage.md, and strict: members and parameters
// that it does not know are refused.
//
// It opens to operator credentials alone, and it must never show a customer's
// field or a secret that was shown before. It is served on a listener of its own.
//
// The application in the path may be app_system, which holds the operators' own
// keys and what happened to no application. Start from New.
package manage
