"""NuORDER: the declaration."""

from datetime import timedelta

from crossdock.connectors.kit.declaration import Connector, OAuth, RateLimit
from crossdock.connectors.nuorder import auth, consent
from crossdock.connectors.nuorder.client import NuOrderPortal
from crossdock.connectors.nuorder.settings import Settings

connector = Connector(
    key="nuorder",
    name="NuORDER",
    kind="store",
    settings=Settings,
    client=NuOrderPortal,
    base_url="https://{host}",
    docs="https://nuorder.com/api-docs/",
    version="v1 and v3.0",
    sign=auth.sign,
    sign_in=consent.sign_in,
    uses_tokens=consent.is_wanted,
    oauth=OAuth(
        scopes=(),
        request=consent.ask,
        authorize=consent.authorize,
        verify=consent.verify,
        exchange=consent.exchange,
        is_wanted=consent.is_wanted,
        code_help=consent.CODE_HELP,
    ),
    # NuORDER publishes no figure; what is known to go well is a handful of calls at a time, which the client keeps to. This only
    # stops a runaway.
    rate_limit=RateLimit(calls=50, per=timedelta(seconds=1), burst=300),
)
