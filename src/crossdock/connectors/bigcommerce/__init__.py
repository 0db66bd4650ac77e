"""BigCommerce: the declaration."""

from datetime import timedelta

from crossdock.connectors.bigcommerce import api, auth, webhooks
from crossdock.connectors.bigcommerce.client import BigCommerce
from crossdock.connectors.bigcommerce.settings import Settings
from crossdock.connectors.kit.declaration import Connector, OAuth, RateLimit, Webhooks

connector = Connector(
    key="bigcommerce",
    name="BigCommerce",
    kind="store",
    settings=Settings,
    client=BigCommerce,
    base_url=f"https://{auth.API_HOST}/stores/{{store_hash}}",
    docs="https://docs.bigcommerce.com/developer/api-reference/rest/admin/management/orders",
    version="V2 and V3",
    sign=auth.sign,
    sign_in=auth.sign_in,
    uses_tokens=auth.uses_tokens,
    oauth=OAuth(
        scopes=auth.SCOPES,
        authorize=auth.authorize,
        verify=auth.verify,
        exchange=auth.exchange,
        is_wanted=auth.is_oauth,
        with_app=auth.with_app,
        read_call=auth.read_call,
        # Not documented, and the platform's own sign-in library does without.
        returns_state=False,
    ),
    webhooks=Webhooks(topics=webhooks.TOPICS, receive=webhooks.receive),
    # Of the Standard and Plus plans, shared by all apps of a store; answers correct this.
    rate_limit=RateLimit(calls=150, per=timedelta(seconds=30)),
    sign_in_origins=(auth.LOGIN,),
    pause_asked=api.pause_asked,
)
