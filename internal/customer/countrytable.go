package customer

// countryNames are the English names that golang.org/x/text lacks: behind an alpha-2
// code the name to show, or nothing if that of x/text is shown, and behind each "|"
// another name in use. Differences that countryKey removes need no entry.
const countryNames = `
AE |UAE|Emirates
AG Antigua and Barbuda
AX |Åland
BA Bosnia and Herzegovina|Bosnia
BL Saint Barthélemy
BN |Brunei Darussalam
BO |Bolivia, Plurinational State of|Plurinational State of Bolivia
BQ Bonaire, Sint Eustatius and Saba|Bonaire|Caribbean Netherlands
BS |Commonwealth of the Bahamas
CC |Cocos Islands
CD Democratic Republic of the Congo|Congo, Democratic Republic of the|DR Congo|DRC|Congo (DRC)|Congo (Kinshasa)|Congo Kinshasa|Democratic Republic of Congo|Zaire
CG Congo|Republic of the Congo|Congo, Republic of the|Congo (Brazzaville)|Congo Brazzaville
CI Côte d'Ivoire|Ivory Coast
CN |People's Republic of China|PRC|Mainland China
CV Cabo Verde|Cape Verde
CZ |Czech Republic
DE |Deutschland|Federal Republic of Germany
ES |España
FK |Falkland Islands (Malvinas)|Falkland Islands (Islas Malvinas)|Malvinas
FM |Micronesia, Federated States of|Federated States of Micronesia
GB |UK|Great Britain|Britain|England|United Kingdom of Great Britain and Northern Ireland|Scotland|Wales|Northern Ireland
GS South Georgia and the South Sandwich Islands
HK Hong Kong|Hong Kong SAR China|Hong Kong SAR
HM Heard Island and McDonald Islands
IE |Republic of Ireland
IR |Iran, Islamic Republic of|Islamic Republic of Iran
KG |Kyrgyz Republic
KN Saint Kitts and Nevis
KP |Korea, Democratic People's Republic of|Democratic People's Republic of Korea|Korea, North
KR |Korea, Republic of|Republic of Korea|Korea, South|Korea
LA |Lao People's Democratic Republic|Lao PDR|Lao
LC Saint Lucia
LY |Libyan Arab Jamahiriya|State of Libya
MD |Moldova, Republic of|Republic of Moldova
MF Saint Martin|Saint Martin (French part)
MK North Macedonia|Macedonia|Macedonia, the former Yugoslav Republic of|Former Yugoslav Republic of Macedonia|Macedonia (FYROM)|FYROM
MM Myanmar|Burma
MO Macao|Macau|Macao SAR China|Macau SAR China|Macao SAR|Macau SAR
NL |Holland|Netherlands, Kingdom of the
PM Saint Pierre and Miquelon
PN Pitcairn|Pitcairn Islands
PS Palestine|Palestine, State of|State of Palestine|Palestinian Territory, Occupied|Palestinian Territories|Occupied Palestinian Territory|Palestinian Territory
RU |Russian Federation
SA |KSA|Kingdom of Saudi Arabia
SH Saint Helena, Ascension and Tristan da Cunha|Saint Helena
SJ Svalbard and Jan Mayen
SK |Slovak Republic
ST São Tomé and Príncipe
SX |Sint Maarten (Dutch part)
SY |Syrian Arab Republic
SZ Eswatini|Swaziland
TC Turks and Caicos Islands
TL |East Timor|Timor
TR Türkiye|Turkey|Republic of Türkiye
TT Trinidad and Tobago
TW |Taiwan, Province of China
TZ |Tanzania, United Republic of|United Republic of Tanzania
UM United States Minor Outlying Islands|U.S. Outlying Islands
US |United States of America|U.S.|U.S.A.|America
VA |Holy See|Vatican|Holy See (Vatican City State)|Vatican City State|State of the Vatican City
VC Saint Vincent and the Grenadines
VE |Venezuela, Bolivarian Republic of|Bolivarian Republic of Venezuela
VG |Virgin Islands (British)
VI |Virgin Islands (U.S.)|United States Virgin Islands
VN |Viet Nam
WF Wallis and Futuna
XK |Kosovo|Republic of Kosovo|XKK
`

// kosovo is the alpha-3 code in use for XK. ISO 3166-1 leaves both codes to their users, and
// nobody takes them for anything else.
const kosovo = "XKX"

// unassigned are the codes that x/text takes for countries and that ISO 3166-1 does
// not assign: they are reserved, for private use, or withdrawn.
const unassigned = " AC AN BU CP CQ CS CT DD DG DY EA EZ FQ FX HV IC JT MI NH NQ NT PC PU PZ RH SU TA TP UK UN VD WK YD YU ZR "
