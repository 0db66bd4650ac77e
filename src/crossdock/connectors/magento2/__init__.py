"""Magento 2 and Adobe Commerce: the declaration."""

from datetime import timedelta

from crossdock.connectors.kit.declaration import Connector, RateLimit
from crossdock.connectors.magento2 import auth
from crossdock.connectors.magento2.client import Magento2
from crossdock.connectors.magento2.settings import Settings

connector = Connector(
    key="magento2",
    name="Magento 2",
    kind="store",
    settings=Settings,
    client=Magento2,
    base_url="{store_url}",
    docs="https://developer.adobe.com/commerce/webapi/rest/",
    version="V1",
    sign=auth.sign,
    # Magento documents no limit. The brake is that only two calls run at once; this one stops what would be a runaway loop.
    rate_limit=RateLimit(calls=50, per=timedelta(seconds=1)),
)
