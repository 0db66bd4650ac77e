"""Every platform there is: each folder beside this file that declares a `connector`. Adding one touches nothing else."""

import importlib
import pkgutil
from functools import cache

from crossdock import connectors
from crossdock.connectors.kit.declaration import Connector


@cache
def every_connector() -> dict[str, Connector]:
    """Connectors by key, in the order of their names."""
    found = {}
    for module in pkgutil.iter_modules(connectors.__path__):
        if module.ispkg and module.name not in {"kit", "tests"}:
            connector = getattr(importlib.import_module(f"crossdock.connectors.{module.name}"), "connector", None)
            if isinstance(connector, Connector):
                found[connector.key] = connector
    return dict(sorted(found.items(), key=lambda item: item[1].name))


def connector_for(key: str) -> Connector:
    """The connector of one platform. Raises KeyError for a platform we do not know."""
    return every_connector()[key]
