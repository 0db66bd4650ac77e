"""Carriers: one spelling for each, whatever a warehouse calls it, and where a parcel can be followed.

Names and addresses of tracking pages are from the carriers' own sites; SCACs as in X12 practice. A carrier that is not in the
table keeps the text the warehouse used.
"""

from urllib.parse import quote

from msgspec import Struct


class Carrier(Struct, frozen=True):
    """A carrier: key, name, tracking page with `{n}` for the number, and other spellings in lower case without punctuation."""

    key: str
    name: str
    url: str | None
    aliases: tuple[str, ...]


CARRIERS = (
    Carrier("ups", "UPS", "https://www.ups.com/track?tracknum={n}", ("upsn", "united parcel service", "ups ground", "ups mi")),
    Carrier(
        "fedex",
        "FedEx",
        "https://www.fedex.com/fedextrack/?trknbr={n}",
        ("fdeg", "fden", "fde", "fdxe", "fedex ground", "federal express"),
    ),
    Carrier(
        "usps",
        "USPS",
        "https://tools.usps.com/go/TrackConfirmAction?tLabels={n}",
        ("us postal service", "united states postal service"),
    ),
    Carrier("dhl_express", "DHL Express", "https://www.dhl.com/en/express/tracking.html?brand=DHL&AWB={n}", ("dhl", "dhlc")),
    Carrier(
        "dhl_ecommerce",
        "DHL eCommerce",
        "https://www.dhl.com/us-en/home/tracking.html?tracking-id={n}",
        ("dhle", "dhl global mail"),
    ),
    Carrier("ontrac", "OnTrac", "https://www.ontrac.com/trackingres.asp?tracking_number={n}", ("emsy", "lasership", "lshp")),
    Carrier("amazon", "Amazon Logistics", None, ("amzl", "amazon")),
    Carrier("purolator", "Purolator", "https://www.purolator.com/en/shipping/tracker?pins={n}", ("prla",)),
    Carrier(
        "canada_post",
        "Canada Post",
        "https://www.canadapost-postescanada.ca/track-reperage/en#/details/{n}",
        ("cpos", "postes canada"),
    ),
    Carrier("royal_mail", "Royal Mail", "https://www.royalmail.com/track-your-item#/tracking-results/{n}", ()),
    Carrier("gls", "GLS", "https://gls-group.com/track/{n}", ("general logistics systems",)),
)

_BY_NAME = {alias: carrier for carrier in CARRIERS for alias in (carrier.key, carrier.name.casefold(), *carrier.aliases)}


def carrier_called(text: str | None) -> Carrier | None:
    """The carrier a warehouse means by a name, code or SCAC; None when it is not one of ours."""
    if not text:
        return None
    plain = " ".join(text.casefold().replace(".", "").replace("-", " ").replace("_", " ").split())
    return _BY_NAME.get(plain) or _BY_NAME.get(plain.replace(" ", "_"))


def tracking_page(carrier: str | None, number: str) -> str | None:
    """Where a parcel can be followed; None for a carrier without a page or a text that is no tracking number."""
    known = carrier_called(carrier)
    if known is None or known.url is None or not number.strip():
        return None
    return known.url.format(n=quote(number.strip(), safe=""))
