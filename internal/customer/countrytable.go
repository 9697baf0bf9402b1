package customer

// countryNames are the English names that golang.org/x/text lacks: behind an alpha-2
// code the name to show, or nothing if that of x/text is shown, and behind each "|"
// another name in use. What countryKey and bare make equal needs no entry.
const countryNames = `
AE |UAE|Emirates
AG Antigua and Barbuda|Antigua
AR |Argentine Republic
AT |Österreich
AX |Åland
BA Bosnia and Herzegovina|Bosnia
BE |België|Belgique
BF |Upper Volta
BH |State of Bahrain
BL Saint Barthélemy|Saint Barts|Saint Barths
BN |Brunei Darussalam|State of Brunei Darussalam
BO |Plurinational State of Bolivia
BQ Bonaire, Sint Eustatius and Saba|Bonaire
BR |Brasil
BY |Byelorussia|Belorussia
CC |Cocos Islands|Territory of Cocos (Keeling) Islands
CD Democratic Republic of the Congo|DR Congo|DRC|Congo (DRC)|Zaire|ZAR
CG Congo|Republic of the Congo
CH |Swiss Confederation|Schweiz|Suisse|Svizzera
CI Côte d'Ivoire|Ivory Coast|Cote d Ivoire
CN |People's Republic of China|PRC|Mainland China|P.R. China
CV Cabo Verde
CX |Territory of Christmas Island
CZ |Czech Republic
DE |Deutschland
DK |Danmark
ER |State of Eritrea
ES |España
FI |Suomi
FK |Falkland Islands (Malvinas)|Falkland Islands (Islas Malvinas)|Malvinas|Falklands
FM |Micronesia, Federated States of
FO |Faeroe Islands|Faroes
FR |French Republic
GA |Gabonese Republic
GB |UK|Great Britain|Britain|England|United Kingdom of Great Britain and Northern Ireland|Scotland|Wales|Northern Ireland
GE |Republic of Georgia
GR |Hellenic Republic|Hellas
GS South Georgia and the South Sandwich Islands
GU |Territory of Guam
HK Hong Kong|Hong Kong, China|Hongkong|Hong Kong Special Administrative Region|Hong Kong Special Administrative Region of China|China, Hong Kong Special Administrative Region
HM Heard Island and McDonald Islands|Territory of Heard Island and McDonald Islands
IE |Eire
IL |State of Israel
IT |Italia|Italian Republic
KG |Kyrgyz Republic|Kirghizia|Kirgizstan|Kirgizia
KN Saint Kitts and Nevis|Saint Kitts
KP |Korea, Democratic People's Republic of|DPRK
KR |Korea, Republic of|Korea|ROK
KW |State of Kuwait
LA |Lao People's Democratic Republic|Lao PDR|Lao
LB |Lebanese Republic
LC Saint Lucia
LK |Ceylon
LY |Libyan Arab Jamahiriya|State of Libya
MF Saint Martin|Saint Martin (French part)
MK North Macedonia|Macedonia, the former Yugoslav Republic of|Macedonia (FYROM)|FYROM
MM Myanmar|Burma|BUR
MO Macao|Macau|Macao SAR China|Macao, China|Macao Special Administrative Region|Macao Special Administrative Region of China|Macau Special Administrative Region|China, Macao Special Administrative Region
MX |United Mexican States
NF |Territory of Norfolk Island
NL |Holland|Nederland
NO |Norge
PG |Independent State of Papua New Guinea
PL |Polska
PM Saint Pierre and Miquelon
PN Pitcairn
PS Palestine|Palestinian Territory, Occupied|Palestinian Territory|West Bank and Gaza|West Bank|Gaza|Gaza Strip|State of Palestine|Palestine State
PT |Portuguese Republic
QA |State of Qatar
RO |Rumania|ROM
RU |Russian Federation
SA |KSA
SE |Sverige
SH Saint Helena, Ascension and Tristan da Cunha
SJ Svalbard and Jan Mayen
SK |Slovak Republic|Slovakia (Slovak Republic)
ST São Tomé and Príncipe
SX |Sint Maarten (Dutch part)|Saint Maarten
SY |Syrian Arab Republic
SZ Eswatini
TC Turks and Caicos Islands|Turks and Caicos
TF |French Southern and Antarctic Lands|French Southern and Antarctic Territories
TG |Togolese Republic
TL |East Timor|Timor|TMP
TR Türkiye|Turkey (Türkiye)
TT Trinidad and Tobago|Trinidad
TW |Taiwan, Province of China|Taiwan, China|Republic of China|Chinese Taipei
TZ |United Republic of Tanzania
UM United States Minor Outlying Islands
US |United States of America|U.S.|U.S.A.|America
VA |Holy See|Vatican|Holy See (Vatican City State)|State of the Vatican City|Vatican City State
VC Saint Vincent and the Grenadines|Saint Vincent
VE |Venezuela, RB
VI |United States Virgin Islands
VN |Viet Nam
WF Wallis and Futuna|Territory of the Wallis and Futuna Islands
WS |Western Samoa|Independent State of Samoa
XK |XKK|Kosovo (under UNSCR 1244)|UNK|RKS
`

// kosovo is the alpha-3 code in use for XK. ISO 3166-1 leaves both codes to their users, and
// nobody takes them for anything else.
const kosovo = "XKX"

// unassigned are the codes that x/text takes for countries and that ISO 3166-1 does
// not assign: they are reserved, for private use, or withdrawn.
const unassigned = " AC AN BU CP CQ CS CT DD DG DY EA EZ FQ FX HV IC JT MI NH NQ NT PC PU PZ RH SU TA TP UK UN VD WK YD YU ZR "
