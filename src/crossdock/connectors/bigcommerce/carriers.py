"""Carriers as BigCommerce's shipments take them: a shipping provider it integrates, or the slug of a tracking carrier."""

from msgspec import Struct

from crossdock.domain.carriers import carrier_called

MOST_CHARACTERS = 50
"""Of a tracking number; a longer one is refused."""


class Named(Struct, frozen=True):
    """What is sent: at most one of the two is filled. Both empty: BigCommerce does not know the carrier, and needs a link."""

    provider: str = ""
    carrier: str = ""


_PROVIDERS = {"ups": "ups", "fedex": "fedex", "usps": "usps", "canada_post": "canadapost", "royal_mail": "royalmail"}
"""Ours to theirs, where BigCommerce makes the tracking link itself."""

_CARRIERS = {
    "dhl_express": "dhl",
    "dhl_ecommerce": "dhl-global-mail",
    "ontrac": "ontrac",
    "amazon": "amazon-fba-us",
    "purolator": "purolator",
    "gls": "gls",
}


def named(carrier: str | None) -> Named:
    """The carrier a warehouse calls so. An unknown one is left empty: `custom` would lose the link."""
    ours = carrier_called(carrier)
    if ours is not None:
        return Named(_PROVIDERS.get(ours.key, ""), "" if ours.key in _PROVIDERS else _CARRIERS.get(ours.key, ""))
    plain = "".join((carrier or "").casefold().replace("-", "").split())
    return Named("auspost") if plain in ("auspost", "australiapost") else Named()
