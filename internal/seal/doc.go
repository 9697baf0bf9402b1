// Package seal is the only place that encrypts. The layers, outermost first:
//
//	master key        a file, or a KMS: KeySource. Wraps application keys.
//	application key   random, 256 bits, one row an application. Never used itself:
//	                  HKDF-SHA256 derives from it one subkey a purpose.
//	customer key      random, 256 bits, one row a customer, sealed under the
//	                  application's "customer key" subkey. Erasing a person is
//	                  deleting this row.
//	sealed value      the customer's personal fields, or a stored answer, under
//	                  the customer key.
//
// Every sealing is XChaCha20-Poly1305 with a random 192-bit nonce, so that one
// subkey may seal any number of audit entries. Additional data binds format
// version, application, customer, table and purpose: a value moved to another
// row, column or tenant does not open.
//
// A sealed value is one format byte (1), 24 bytes of nonce, ciphertext, 16 bytes
// of tag. testdata/vectors.json pins the format.
//
// The only thing derived from personal data that a store may see is EmailHash.
// This package must never log, and its errors never hold key or plain text.
package seal
