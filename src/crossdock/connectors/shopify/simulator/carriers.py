"""Carriers whose tracking addresses the platform makes by itself; the spelling has to be exact."""

from __future__ import annotations

from urllib.parse import quote

_ADDRESSES = {
    "UPS": "https://www.ups.com/track?tracknum={}",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr={}",
    "DHL Express": "https://www.dhl.com/en/express/tracking.html?AWB={}",
    "DHL eCommerce": "https://www.dhl.com/us-en/home/tracking.html?tracking-id={}",
    "Canada Post": "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={}",
    "Royal Mail": "https://www.royalmail.com/track-your-item#/tracking-results/{}",
}


def tracking_url(company: str | None, number: str | None) -> str | None:
    """The address of a number with a known carrier, else None."""
    template = _ADDRESSES.get(company or "")
    return template.format(quote(number, safe="")) if template and number else None
