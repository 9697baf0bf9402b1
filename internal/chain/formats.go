package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// validEVM: "0x" and 20 bytes in hexadecimal, in any case.
func validEVM(s string) bool {
	digits, ok := strings.CutPrefix(s, "0x")
	if !ok || len(digits) != 40 {
		return false
	}
	_, err := hex.DecodeString(digits)
	return err == nil
}

// validSolana: 32 bytes in base58. They need not be a point on the curve, because
// accounts that are derived by programs are not.
func validSolana(s string) bool {
	_, ok := decodeBase58(s, 32)
	return ok
}

// tronPrefix is the first byte of every address of Tron's main network.
const tronPrefix = 0x41

// validTron: base58check, which is the prefix, 20 bytes, and the first four bytes
// of their double SHA-256.
func validTron(s string) bool {
	b, ok := decodeBase58(s, 25)
	if !ok || b[0] != tronPrefix {
		return false
	}
	once := sha256.Sum256(b[:21])
	twice := sha256.Sum256(once[:])
	return bytes.Equal(twice[:4], b[21:])
}

// The version bytes of strkeys (SEP-23): of an account, "G…", and of an account
// together with a number, "M…".
const (
	stellarAccount = 6 << 3
	stellarMuxed   = 12 << 3
)

// validStellarAddress: a strkey in base32 without padding, which consists of a version byte, a
// key of 32 bytes, 8 more bytes for a muxed account, and a CRC-16.
func validStellarAddress(s string) bool {
	if len(s) != 56 && len(s) != 69 {
		return false
	}
	encoding := base32.StdEncoding.WithPadding(base32.NoPadding)
	b, err := encoding.DecodeString(s)
	// Unused bits at the end must be zero. The decoder would accept them, and line
	// ends.
	if err != nil || encoding.EncodeToString(b) != s {
		return false
	}
	version := byte(stellarAccount)
	if len(s) == 69 {
		version = stellarMuxed
	}
	body, sum := b[:len(b)-2], b[len(b)-2:]
	return body[0] == version && crc16(body) == binary.LittleEndian.Uint16(sum)
}

// crc16 is CRC-16/XMODEM: polynomial 0x1021, starting at zero.
func crc16(b []byte) uint16 {
	var crc uint16
	for _, c := range b {
		crc ^= uint16(c) << 8
		for range 8 {
			carry := crc&0x8000 != 0
			crc <<= 1
			if carry {
				crc ^= 0x1021
			}
		}
	}
	return crc
}

// base58 is Bitcoin's alphabet, which Solana and Tron use too.
const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// decodeBase58 reads a number of exactly size bytes. A leading zero byte must be
// written as "1", so that there is only one text for the same bytes.
func decodeBase58(s string, size int) ([]byte, bool) {
	if len(s) > 2*size {
		return nil, false
	}
	out := make([]byte, size)
	for i := range len(s) {
		carry := strings.IndexByte(base58, s[i])
		if carry < 0 {
			return nil, false
		}
		for j := size - 1; j >= 0; j-- {
			carry += 58 * int(out[j])
			out[j] = byte(carry)
			carry >>= 8
		}
		if carry != 0 {
			return nil, false // more than size bytes
		}
	}
	ones := len(s) - len(strings.TrimLeft(s, "1"))
	zeros := size - len(bytes.TrimLeft(out, "\x00"))
	return out, ones == zeros
}
