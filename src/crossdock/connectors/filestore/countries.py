"""Countries as files spell them: three letters of ISO 3166 and English names, to two letters."""

_TABLE = """
AE ARE United Arab Emirates|UAE
AR ARG Argentina
AT AUT Austria|Österreich
AU AUS Australia
BE BEL Belgium
BG BGR Bulgaria
BR BRA Brazil|Brasil
CA CAN Canada
CH CHE Switzerland|Schweiz|Suisse
CL CHL Chile
CN CHN China
CO COL Colombia
CR CRI Costa Rica
CY CYP Cyprus
CZ CZE Czechia|Czech Republic
DE DEU Germany|Deutschland
DK DNK Denmark|Danmark
DO DOM Dominican Republic
EC ECU Ecuador
EE EST Estonia
EG EGY Egypt
ES ESP Spain|España
FI FIN Finland
FR FRA France
GB GBR United Kingdom|Great Britain|England|Scotland|Wales|Northern Ireland
GR GRC Greece
GT GTM Guatemala
HK HKG Hong Kong
HR HRV Croatia
HU HUN Hungary
ID IDN Indonesia
IE IRL Ireland
IL ISR Israel
IN IND India
IS ISL Iceland
IT ITA Italy|Italia
JM JAM Jamaica
JP JPN Japan
KE KEN Kenya
KR KOR South Korea|Republic of Korea|Korea, Republic of
KW KWT Kuwait
LT LTU Lithuania
LU LUX Luxembourg
LV LVA Latvia
MA MAR Morocco
MT MLT Malta
MX MEX Mexico|México
MY MYS Malaysia
NG NGA Nigeria
NL NLD Netherlands|The Netherlands|Holland|Nederland
NO NOR Norway|Norge
NZ NZL New Zealand
PA PAN Panama
PE PER Peru
PH PHL Philippines
PK PAK Pakistan
PL POL Poland|Polska
PR PRI Puerto Rico
PT PRT Portugal
QA QAT Qatar
RO ROU Romania
RS SRB Serbia
SA SAU Saudi Arabia
SE SWE Sweden|Sverige
SG SGP Singapore
SI SVN Slovenia
SK SVK Slovakia
TH THA Thailand
TR TUR Turkey|Türkiye
TW TWN Taiwan
UA UKR Ukraine
US USA United States|United States of America|U.S.A.|U.S.
UY URY Uruguay
VE VEN Venezuela
VN VNM Vietnam|Viet Nam
ZA ZAF South Africa
"""


def _codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for line in _TABLE.strip().splitlines():
        two, three, names = line.split(" ", 2)
        for name in (three, *names.split("|")):
            codes["".join(character for character in name.casefold() if character.isalnum())] = two
    return codes


CODES = _codes()
"""Two-letter codes by the letters and digits of a name, small."""
