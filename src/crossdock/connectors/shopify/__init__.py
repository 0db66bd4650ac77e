"""Shopify: the declaration."""

from datetime import timedelta

from crossdock.connectors.kit.declaration import Connector, OAuth, RateLimit, Webhooks
from crossdock.connectors.shopify import auth, queries, webhooks
from crossdock.connectors.shopify.client import Shopify
from crossdock.connectors.shopify.settings import Settings

connector = Connector(
    key="shopify",
    name="Shopify",
    kind="store",
    settings=Settings,
    client=Shopify,
    base_url="https://{shop}.myshopify.com",
    docs="https://shopify.dev/docs/api/admin-graphql",
    version=queries.VERSION,
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
    ),
    webhooks=Webhooks(topics=webhooks.TOPICS, receive=webhooks.receive, receive_for_app=webhooks.receive_for_app),
    # Points, not calls: 100 come back each second on the smallest plan, 2,000 may be saved up. Answers correct this.
    rate_limit=RateLimit(calls=100, per=timedelta(seconds=1), burst=2_000),
)
