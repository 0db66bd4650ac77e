"""Acme: the declaration."""

from datetime import timedelta

from crossdock.connectors.acme import auth
from crossdock.connectors.acme.client import AcmeClient
from crossdock.connectors.acme.settings import Settings
from crossdock.connectors.kit.declaration import Connector, RateLimit

connector = Connector(
    key="acme",
    name="Acme",
    kind="store",
    settings=Settings,
    client=AcmeClient,
    base_url="https://{shop}.acme.example.com",
    docs="https://developer.acme.example.com/orders",
    version="1",
    sign=auth.sign,
    sign_in=auth.sign_in,
    rate_limit=RateLimit(calls=10, per=timedelta(seconds=1), burst=50),
)
