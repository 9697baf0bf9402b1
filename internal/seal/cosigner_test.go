package seal_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"testing"

	"filippo.io/mldsa"
)

// TestSignersByHand derives the keys that sign checkpoints with the primitives.
func TestSignersByHand(t *testing.T) {
	t.Parallel()
	app := mustApp(t, appA, fixed(1))
	sub := func(purpose string) []byte {
		key, err := hkdf.Key(sha256.New, fixed(1), nil, "custodex v1 "+purpose+"\x00"+string(appA), 32)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	cosigner, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), sub("audit cosignature"))
	if err != nil || !cosigner.Equal(app.Cosigner()) || !bytes.Equal(app.CosignerPublic(), cosigner.PublicKey().Bytes()) {
		t.Errorf("Cosigner is not the key of its seed: %v", err)
	}
	if !app.SignerPublic().Equal(ed25519.NewKeyFromSeed(sub("audit checkpoint")).Public()) {
		t.Error("SignerPublic is not the key of its seed")
	}
}
