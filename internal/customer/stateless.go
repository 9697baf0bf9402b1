package customer

// stateless are the countries and territories, as Country gives them, whose addresses name
// no state, province or region: cities that are states, and places that ISO 3166-2 does
// not divide.
var stateless = []string{
	"ABW", "AIA", "ALA", "ATA", "BLM", "BMU", "BVT", "CCK", "COK", "CUW", "CXR", "CYM", "ESH", "FLK", "FRO", "GGY", "GIB",
	"GLP", "GRL", "GUF", "GUM", "HKG", "HMD", "IMN", "IOT", "JEY", "MAC", "MAF", "MCO", "MNP", "MSR", "MTQ", "MYT", "NCL",
	"NFK", "NIU", "PCN", "PRI", "PYF", "REU", "SGP", "SGS", "SJM", "SPM", "SXM", "TCA", "TKL", "VAT", "VGB", "VIR", "WLF",
}
