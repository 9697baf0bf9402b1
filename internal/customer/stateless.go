package customer

// stateless are the countries and territories, as Country gives them, whose addresses name
// no state, province or region: cities that are states, other very small countries, and places that
// ISO 3166-2 does not divide.
var stateless = []string{
	"ABW", "AIA", "ALA", "AND", "ATA", "BHR", "BLM", "BMU", "BRB", "BVT", "CCK", "COK", "CUW", "CXR", "CYM", "ESH", "FLK", "FRO",
	"GGY", "GIB", "GLP", "GRL", "GUF", "GUM", "HKG", "HMD", "IMN", "IOT", "JEY", "KWT", "LIE", "LUX", "MAC", "MAF", "MCO", "MDV",
	"MLT", "MNP", "MSR", "MTQ", "MYT", "NCL", "NFK", "NIU", "NRU", "PCN", "PRI", "PYF", "QAT", "REU", "SGP", "SGS", "SJM", "SMR",
	"SPM", "SXM", "TCA", "TKL", "TUV", "VAT", "VGB", "VIR", "WLF",
}
