"""Acumatica: the declaration."""

from datetime import timedelta

from crossdock.connectors.acumatica import auth, webhooks
from crossdock.connectors.acumatica.client import Acumatica
from crossdock.connectors.acumatica.settings import WRITTEN_FOR, Settings
from crossdock.connectors.kit.declaration import Connector, RateLimit, Webhooks

connector = Connector(
    key="acumatica",
    name="Acumatica",
    kind="store",
    settings=Settings,
    client=Acumatica,
    base_url="{instance_url}",
    docs="https://github.com/Acumatica/AcumaticaRESTAPIClientForCSharp",
    version=f"Default {WRITTEN_FOR}",
    sign=auth.sign,
    sign_in=auth.sign_in,
    webhooks=Webhooks(topics=webhooks.TOPICS, receive=webhooks.receive, by_hand=webhooks.BY_HAND, signed_with="push_secret"),
    # The standard license tier: 100 a minute. Little may be saved up: Acumatica counts within each minute, and lets few wait.
    rate_limit=RateLimit(calls=98, per=timedelta(minutes=1), burst=10),
)
