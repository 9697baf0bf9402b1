// Package seal is the only place that encrypts. The layers, outermost first:
//
//	provider key      outside the database (Provider): a file. Wraps the keys of epochs.
//	epoch key         random, 256 bits, one row for each epoch. Wraps the roots and the
//	                  wrap keys of all applications.
//	application root  random, 256 bits, one for each application, and it stays. Never used
//	                  itself: HKDF-SHA256 derives one subkey for each purpose from it.
//	wrap key          random, 256 bits, one for each application and epoch.
//	customer key      random, 256 bits, one row for each customer, encrypted under the
//	                  application's wrap key of an epoch. Deleting this row erases the
//	                  person.
//	sealed value      the customer's personal fields, or a stored response,
//	                  encrypted under the customer key.
//
// Sealing is XChaCha20-Poly1305 with a random 192-bit nonce, so that one subkey may
// encrypt any number of audit entries. Additional data binds format version,
// application, customer, table and purpose: a value that was moved to another row,
// column or application cannot be decrypted.
//
// A sealed value is one format byte (1), 24 bytes of nonce, ciphertext, 16 bytes
// of tag. A key that is wrapped in an epoch has format byte 2 and the number of the
// epoch (uvarint) before the nonce. Before there were epochs the provider wrapped the
// root, and a subkey of the root the customer keys, both as format 1; they can still be
// opened. testdata/vectors.json pins the formats.
//
// The only thing derived from personal data that a store may see is EmailHash.
// The package must never log, and its errors never contain keys or plain text.
package seal
