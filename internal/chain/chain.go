// Package chain knows the blockchains that funds can arrive on, and what an
// address looks like on each: its alphabet, its length and, where the format has
// one, its checksum. It is pure, and asks no network: an address that is right may
// still belong to nobody.
//
// The thing newcomers get wrong: capitals in an EVM address are a checksum
// (EIP-55) by convention only. Addresses in the wild, those in published examples
// among them, do not keep to it, so it is not looked at. Start from Valid.
package chain

import "slices"

// The names of the chains, as they are written on the wire.
const (
	Ethereum  = "ethereum"
	Solana    = "solana"
	Polygon   = "polygon"
	Avalanche = "avalanche_c_chain"
	Base      = "base"
	Arbitrum  = "arbitrum"
	Optimism  = "optimism"
	Stellar   = "stellar"
	Tron      = "tron"
)

type format struct {
	chain string
	name  string // for people
	valid func(address string) bool
}

// formats are in the order of the published list.
var formats = []format{
	{Ethereum, "Ethereum", validEVM},
	{Solana, "Solana", validSolana},
	{Polygon, "Polygon", validEVM},
	{Avalanche, "Avalanche C-Chain", validEVM},
	{Base, "Base", validEVM},
	{Arbitrum, "Arbitrum", validEVM},
	{Optimism, "Optimism", validEVM},
	{Stellar, "Stellar", validStellar},
	{Tron, "Tron", validTron},
}

func find(chain string) (format, bool) {
	i := slices.IndexFunc(formats, func(f format) bool { return f.chain == chain })
	if i < 0 {
		return format{}, false
	}
	return formats[i], true
}

// Chains lists the chains in their documented order. The slice is the caller's.
func Chains() []string {
	list := make([]string, len(formats))
	for i, f := range formats {
		list[i] = f.chain
	}
	return list
}

// Known reports whether a text names a chain, in exact case.
func Known(chain string) bool {
	_, ok := find(chain)
	return ok
}

// Name gives the chain's name for people, for example "Avalanche C-Chain"; "" for
// one that is not known.
func Name(chain string) string {
	f, _ := find(chain)
	return f.name
}

// Valid reports whether an address has the form of the chain. Surrounding white
// space is not forgiven. No address is valid on a chain that is not known.
func Valid(chain, address string) bool {
	f, ok := find(chain)
	return ok && f.valid(address)
}
