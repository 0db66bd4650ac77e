"""The control API: the levers of a simulator as JSON over HTTP, for those who were given this start's token."""

import hmac
import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any, get_type_hints

import msgspec
from aiohttp import web

TOKEN_HEADER = "X-Sandbox-Token"  # noqa: S105  (the name of a header)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def is_local_host(host: str) -> bool:
    """Whether a Host header names this machine. Any other name means that a web page elsewhere was pointed here."""
    name = host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]
    return name.lower() in LOOPBACK


def is_token(given: str | None, token: str) -> bool:
    """Compare in constant time."""
    return given is not None and hmac.compare_digest(given.encode(), token.encode())


async def pull(lever: Callable[..., Any], arguments: Mapping[str, Any], *, strict: bool = True) -> Any:
    """Call a lever with JSON values checked against its signature; the result as JSON values.

    `strict` False takes numbers and switches as text, as forms send them. Raises ValueError with what does not fit.
    """
    checked = msgspec.convert(dict(arguments), _arguments_of(lever), strict=strict, str_keys=True)
    result = lever(**{name: getattr(checked, name) for name in checked.__struct_fields__})
    if isinstance(result, Awaitable):
        result = await result
    return msgspec.to_builtins(result, enc_hook=str)


def _arguments_of(lever: Callable[..., Any]) -> type[msgspec.Struct]:
    return _struct_for(getattr(lever, "__func__", lever))


@cache
def _struct_for(function: Callable[..., Any]) -> type[msgspec.Struct]:
    hints = get_type_hints(function)
    fields: list[Any] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name == "self":
            continue
        kind = hints.get(name, Any)
        if parameter.default is inspect.Parameter.empty:
            fields.append((name, kind))
        else:
            fields.append((name, kind, msgspec.field(default=parameter.default)))
    return msgspec.defstruct(function.__name__, fields, forbid_unknown_fields=True, kw_only=True)


def guarded(handler: Callable[[web.Request], Awaitable[web.StreamResponse]], token: str) -> Any:
    """Refuse who comes by another host name or without the token."""

    async def checked(request: web.Request) -> web.StreamResponse:
        if not is_local_host(request.host):
            return web.json_response({"error": "this host name is not served"}, status=421)
        if not is_token(request.headers.get(TOKEN_HEADER), token):
            return web.json_response({"error": f"{TOKEN_HEADER} is missing or wrong"}, status=403)
        return await handler(request)

    return checked
