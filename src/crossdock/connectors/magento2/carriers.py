"""Carriers in Magento's words: four codes it has tracking pages for, `custom` for all others, and a title people read."""

from crossdock.domain.carriers import carrier_called

_CODES = {"ups": "ups", "usps": "usps", "fedex": "fedex", "dhl_express": "dhl", "dhl_ecommerce": "dhl"}


def carrier_of(carrier: str | None, service: str | None = None) -> tuple[str, str]:
    """Code and title. The title is never empty, for Magento refuses a tracking number without one."""
    known = carrier_called(carrier)
    name = known.name if known is not None else (carrier or "").strip()
    return (_CODES.get(known.key, "custom") if known is not None else "custom"), name or (service or "").strip() or "Shipment"
