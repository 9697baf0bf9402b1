// Package chain knows the blockchains that funds can arrive on, and the form of their
// addresses: alphabet, length and, where the format has one, checksum. It is pure and
// uses no network: a valid address may belong to nobody.
//
// What newcomers get wrong: capitals in an EVM address are a checksum (EIP-55) by
// convention only. Many addresses in use, and some published examples, break it, so it
// is not checked. Start from Valid.
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
	{Stellar, "Stellar", validStellarAddress},
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

// Name gives the chain's name for people, for example "Avalanche C-Chain", or "" for an
// unknown chain.
func Name(chain string) string {
	f, _ := find(chain)
	return f.name
}

// Valid reports whether an address has the form of the chain. Surrounding white space
// is an error. No address is valid on an unknown chain.
func Valid(chain, address string) bool {
	f, ok := find(chain)
	return ok && f.valid(address)
}
