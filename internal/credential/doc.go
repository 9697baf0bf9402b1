// Package credential makes, stores and checks the credentials of applications, and the
// bearer tokens that a credential can be exchanged for.
//
// A credential is a public key, which names it and its application, and a secret, of
// which only a keyed hash is stored. Its name and owner are stored encrypted. A bearer
// token is a JWT under a key of the application; it goes back to one secret and ends
// with it.
//
// The package decides whether a credential is good, and nothing else: what its scopes
// permit and whether a failure is recorded or refused is for records. A failed check
// is therefore no error. It comes with the identity that the attempt is attributed to,
// so that records can write the audit entry. What a newcomer gets wrong: a secret that
// does not match the remembered credential proves nothing. The credential may have
// been rotated in another replica, so it is read again first.
//
// Begin with Mint and Verifier.
package credential
