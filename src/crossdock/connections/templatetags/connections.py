"""What templates of connections ask about platforms."""

from collections.abc import Mapping
from urllib.parse import urlsplit
from uuid import UUID

from django import template

from crossdock.connections import presenting, requests
from crossdock.connections.requests import Asked, Subject

register = template.Library()


@register.filter
def platform_name(key: str) -> str:
    """A platform's name by its key."""
    return presenting.platform_name(key)


@register.filter
def host_of(address: str) -> str:
    """The host that an address leads to, with its port where it has one."""
    return urlsplit(address).netloc.rpartition("@")[2]


@register.filter
def offer_for(offers: Mapping[str, str], name: str) -> str:
    """What the platform itself says belongs into a field; empty when it says nothing."""
    return offers.get(name, "")


@register.simple_tag
def asked_in_draft(draft: UUID, side: str) -> Asked | None:
    """How a request for the credentials of one side of a draft stands; None where nobody asked. In the account's transaction."""
    return requests.latest(Subject(side, "", draft=draft))
