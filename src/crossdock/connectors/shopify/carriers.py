"""Carriers as Shopify spells them. With one of these names Shopify links the tracking number itself, and follows many of them."""

from crossdock.domain.carriers import carrier_called

# From the description of FulfillmentTrackingInfo.company in the schema of 2026-10.
KNOWN = frozenset(
    name.strip()
    for name in """4PX|AGS|Amazon|Amazon Logistics UK|An Post|Anjun Logistics|APC|Asendia USA|Australia Post|Bonshaw|BPost
BPost International|Canada Post|Canpar|CDL Last Mile|China Post|Chronopost|Chukou1|Colissimo|Comingle|Coordinadora|Correios|Correos
CTT|CTT Express|Cyprus Post|Delnext|Deutsche Post|DHL eCommerce|DHL eCommerce Asia|DHL Express|DPD|DPD Local|DPD UK|DTD Express|DX
Eagle|Estes|Evri|FedEx|First Global Logistics|First Line|FSC|Fulfilla|GLS|Guangdong Weisuyi Information Technology (WSE)
Heppner Internationale Spedition GmbH & Co.|Iceland Post|IDEX|Israel Post|Japan Post (EN)|Japan Post (JA)|La Poste Colissimo
La Poste Burkina Faso|Lasership|Latvia Post|Lietuvos Paštas|Logisters|Lone Star Overnight|M3 Logistics|Meteor Space|Mondial Relay
New Zealand Post|NinjaVan|North Russia Supply Chain (Shenzhen) Co.|OnTrac|Packeta|Pago Logistics|Ping An Da Tengfei Express
Pitney Bowes|Portal PostNord|Poste Italiane|PostNL|PostNord DK|PostNord NO|PostNord SE|Purolator|Qxpress|Qyun Express|Royal Mail
Royal Shipments|Sagawa (EN)|Sagawa (JA)|Sendle|SF Express|SFC Fulfillment|ShipBob|SHREE NANDAN COURIER|Singapore Post
Southwest Air Cargo|StarTrack|Step Forward Freight|Swiss Post|TForce Final Mile|Tinghao|TNT|Toll IPEC|United Delivery Service|UPS
USPS|Venipak|We Post|Whistl|Wizmo|WMYC|Xpedigo|XPO Logistics|Yamato (EN)|Yamato (JA)|YiFan Express|YunExpress""".replace(
        "\n", "|"
    ).split("|")
)

_SPELLED = {name.casefold(): name for name in KNOWN}

_OURS = {
    "ups": "UPS",
    "fedex": "FedEx",
    "usps": "USPS",
    "dhl_express": "DHL Express",
    "dhl_ecommerce": "DHL eCommerce",
    "ontrac": "OnTrac",
    "amazon": "Amazon",
    "purolator": "Purolator",
    "canada_post": "Canada Post",
    "royal_mail": "Royal Mail",
    "gls": "GLS",
}


def company_of(carrier: str | None) -> tuple[str | None, bool]:
    """The carrier as Shopify is told, and whether Shopify knows it: an unknown one needs its tracking page with it."""
    if not carrier or not carrier.strip():
        return None, False
    ours = carrier_called(carrier)
    name = (_OURS.get(ours.key) if ours is not None else None) or _SPELLED.get(carrier.strip().casefold())
    return (name, True) if name is not None else (carrier.strip(), False)
