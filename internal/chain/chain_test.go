package chain_test

import (
	"slices"
	"strings"
	"testing"

	"custodex.dev/internal/chain"
)

// Addresses that are in use, or that stand in a format's own specification.
const (
	usdcEthereum = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
	usdcSolana   = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
	usdcStellar  = "GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN"
	usdtTron     = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"

	// The account of SEP-23's examples, alone and with numbers.
	sepAccount = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"
	sepMuxed   = "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVAAAAAAAAAAAAAJLK"
)

var evm = []string{chain.Ethereum, chain.Polygon, chain.Avalanche, chain.Base, chain.Arbitrum, chain.Optimism}

func TestValid(t *testing.T) {
	t.Parallel()
	good := map[string][]string{
		chain.Solana: {
			usdcSolana,
			"11111111111111111111111111111111", // the system program: 32 zero bytes
			"So11111111111111111111111111111111111111112",
			"TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
			"JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG", // 32 bytes of ones
		},
		chain.Stellar: {
			usdcStellar, sepAccount, sepMuxed,
			"MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ",
		},
		chain.Tron: {usdtTron, "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"}, // twenty zero bytes
	}
	for _, c := range evm {
		good[c] = []string{
			usdcEthereum, strings.ToLower(usdcEthereum), "0x" + strings.ToUpper(usdcEthereum[2:]),
			"0xa0B86991c6218b36c1d19D4a2e9Eb0cE3606eB48", // breaks EIP-55
			"0x0000000000000000000000000000000000000000",
		}
	}
	for c, addresses := range good {
		for _, a := range addresses {
			if !chain.Valid(c, a) {
				t.Errorf("Valid(%s, %q) = false, want true", c, a)
			}
		}
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	bad := map[string][]string{
		chain.Solana: {
			"1111111111111111111111111111111",                                     // 31 bytes
			"111111111111111111111111111111111",                                   // 33 bytes
			usdcSolana[:41], usdcSolana + "1", "1" + usdcSolana, "z" + usdcSolana, // length
			strings.Replace(usdcSolana, "E", "0", 1), strings.Replace(usdcSolana, "E", "l", 1), // alphabet
			strings.Replace(usdcSolana, "E", "O", 1), strings.Replace(usdcSolana, "E", "I", 1),
			"JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFH", // 2 to the power of 256
			" " + usdcSolana, usdcSolana + "\n", "Ｅ" + usdcSolana[1:], "\x00" + usdcSolana,
			strings.Repeat("1", 70_000), usdcEthereum, usdcStellar, usdtTron,
		},
		chain.Stellar: {
			usdcStellar[:55] + "M", "GB" + usdcStellar[2:], // checksum
			usdcStellar[:55], usdcStellar + "A", usdcStellar + "=", // length
			strings.ToLower(usdcStellar), "g" + usdcStellar[1:], // case
			usdcStellar[:10] + "1" + usdcStellar[11:], usdcStellar[:10] + "\n" + usdcStellar[11:], // alphabet
			sepMuxed[:68] + "L",                 // the bit left over is set
			sepMuxed[:55] + "V" + sepMuxed[56:], // checksum
			sepMuxed[:56], "M" + sepAccount[1:], "G" + sepMuxed[1:],
			sepMuxed[:68] + "\n", "\n" + sepAccount[1:],
			"SBU2RRGLXH3E5CQHTD3ODLDF2BWDCYUSSBLLZ5GNW7JXHDIYKXZWHOKR", // a seed is a secret, not an address
			"CA3D5KRYM6CB7OWQ6TWYRR3Z4T7GNZLKERYNZGGA5SOAOPIFY6YQGAXE", // a contract
			usdcSolana, usdtTron,
		},
		chain.Tron: {
			usdtTron[:33] + "u", "TR8" + usdtTron[3:], // checksum
			strings.ToLower(usdtTron), strings.ToUpper(usdtTron), "t" + usdtTron[1:], // case
			usdtTron[:33], usdtTron + "1", "1" + usdtTron, // length
			usdtTron[:5] + "0" + usdtTron[6:], usdtTron[:5] + "l" + usdtTron[6:], // alphabet
			"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",         // Bitcoin: another prefix, its checksum right
			"41a614f803b6fd780986a42c78ec9c7f77e6ded13c", // its bytes in hexadecimal
			" " + usdtTron, usdtTron + " ",
		},
	}
	for _, c := range evm {
		bad[c] = []string{
			usdcEthereum[:41], usdcEthereum + "0", "0x", usdcEthereum[2:], "0X" + usdcEthereum[2:],
			"0x" + strings.Repeat("g", 40), "0x" + usdcEthereum[:40], "00" + usdcEthereum[2:],
			"0x" + strings.Repeat("é", 20), " " + usdcEthereum, usdcEthereum + "\n", usdcSolana, usdtTron,
		}
	}
	bad["bitcoin"] = []string{"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", usdcEthereum}
	bad["Ethereum"], bad[""] = []string{usdcEthereum}, []string{usdcEthereum}
	for c, addresses := range bad {
		for _, a := range append(addresses, "") {
			if chain.Valid(c, a) {
				t.Errorf("Valid(%s, %q) = true, want false", c, a)
			}
		}
	}
}

func TestChains(t *testing.T) {
	t.Parallel()
	all := chain.Chains()
	if len(all) != 9 || !slices.Contains(all, "avalanche_c_chain") {
		t.Errorf("Chains() = %v", all)
	}
	for _, c := range all {
		if !chain.Known(c) || chain.Name(c) == "" {
			t.Errorf("%s: Known %v, Name %q", c, chain.Known(c), chain.Name(c))
		}
	}
	if chain.Known("Tron") || chain.Name("bitcoin") != "" {
		t.Error("a chain is known that is none")
	}
	all[0] = "changed"
	if chain.Chains()[0] != chain.Ethereum {
		t.Error("the list is shared")
	}
}

// FuzzValid changes one character of a good address: a format with a checksum must
// notice, and nothing may panic.
func FuzzValid(f *testing.F) {
	f.Add(usdtTron, 5, byte('x'))
	f.Add(usdcStellar, 0, byte('M'))
	f.Add(sepMuxed, 68, byte('L'))
	f.Add(usdcSolana, 3, byte(0))
	f.Add(usdcEthereum, 1, byte('X'))
	f.Fuzz(func(t *testing.T, address string, at int, to byte) {
		for _, c := range chain.Chains() {
			valid := chain.Valid(c, address)
			if valid && strings.TrimSpace(address) != address {
				t.Errorf("Valid(%s, %q) forgives white space", c, address)
			}
			if !valid || at < 0 || at >= len(address) || address[at] == to {
				continue
			}
			changed := address[:at] + string([]byte{to}) + address[at+1:]
			if (c == chain.Stellar || c == chain.Tron) && chain.Valid(c, changed) {
				t.Errorf("Valid(%s) takes %q and %q", c, address, changed)
			}
		}
	})
}
