package customer

// countryNames are the English names that golang.org/x/text lacks: behind an alpha-2
// code the name to show, or nothing if that of x/text is shown, and behind each "|"
// another name in use. Differences that countryKey removes need no entry.
const countryNames = `
AE |UAE
AG Antigua and Barbuda
AX |Åland
BA Bosnia and Herzegovina|Bosnia
BL Saint Barthélemy
BN |Brunei Darussalam
BO |Bolivia, Plurinational State of|Plurinational State of Bolivia
BQ Bonaire, Sint Eustatius and Saba
CC |Cocos Islands
CD Democratic Republic of the Congo|Congo, Democratic Republic of the|DR Congo|DRC
CG Congo|Republic of the Congo|Congo, Republic of the
CI Côte d'Ivoire|Ivory Coast
CN |People's Republic of China
CV Cabo Verde
CZ |Czech Republic
FK |Falkland Islands (Malvinas)
FM |Micronesia, Federated States of|Federated States of Micronesia
GB |UK|Great Britain|Britain|England|United Kingdom of Great Britain and Northern Ireland
GS South Georgia and the South Sandwich Islands
HK Hong Kong
HM Heard Island and McDonald Islands
IE |Republic of Ireland
IR |Iran, Islamic Republic of|Islamic Republic of Iran
KN Saint Kitts and Nevis
KP |Korea, Democratic People's Republic of|Democratic People's Republic of Korea
KR |Korea, Republic of|Republic of Korea
LA |Lao People's Democratic Republic
LC Saint Lucia
MD |Moldova, Republic of|Republic of Moldova
MF Saint Martin|Saint Martin (French part)
MK North Macedonia
MM Myanmar|Burma
MO Macao|Macau
NL |Holland|Netherlands, Kingdom of the
PM Saint Pierre and Miquelon
PN Pitcairn
PS Palestine|Palestine, State of|State of Palestine
RU |Russian Federation
SH Saint Helena, Ascension and Tristan da Cunha
SJ Svalbard and Jan Mayen
ST São Tomé and Príncipe
SX |Sint Maarten (Dutch part)
SY |Syrian Arab Republic
SZ Eswatini
TC Turks and Caicos Islands
TL |East Timor
TR Türkiye
TT Trinidad and Tobago
TW |Taiwan, Province of China
TZ |Tanzania, United Republic of|United Republic of Tanzania
UM United States Minor Outlying Islands
US |United States of America|U.S.|U.S.A.|America
VA |Holy See
VC Saint Vincent and the Grenadines
VE |Venezuela, Bolivarian Republic of|Bolivarian Republic of Venezuela
VG |Virgin Islands (British)
VI |Virgin Islands (U.S.)|United States Virgin Islands
VN |Viet Nam
WF Wallis and Futuna
`

// unassigned are the codes that x/text takes for countries and that ISO 3166-1 does
// not assign: they are reserved, for private use, or withdrawn.
const unassigned = " AC AN BU CP CQ CS CT DD DG DY EA EZ FQ FX HV IC JT MI NH NQ NT PC PU PZ RH SU TA TP UK UN VD WK XK YD YU ZR "
