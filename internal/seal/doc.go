// Package seal is the only place that encrypts. The layers, outermost first:
//
//	master key        a file (KeySource). Wraps application keys.
//	application key   random, 256 bits, one for each application. Never used itself:
//	                  HKDF-SHA256 derives one subkey for each purpose from it.
//	customer key      random, 256 bits, one row for each customer, encrypted under the
//	                  application's "customer key" subkey. Deleting this row erases
//	                  the person.
//	sealed value      the customer's personal fields, or a stored response,
//	                  encrypted under the customer key.
//
// Sealing is XChaCha20-Poly1305 with a random 192-bit nonce, so that one subkey may
// encrypt any number of audit entries. Additional data binds format version,
// application, customer, table and purpose: a value that was moved to another row,
// column or application cannot be decrypted.
//
// A sealed value is one format byte (1), 24 bytes of nonce, ciphertext, 16 bytes
// of tag. testdata/vectors.json pins the format.
//
// The only thing derived from personal data that a store may see is EmailHash.
// The package must never log, and its errors never contain keys or plain text.
package seal
