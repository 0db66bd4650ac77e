"""`crossdock sandbox load PLATFORM FILE`: puts a platform's own payloads into a running sandbox."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crossdock.connectors.kit.simulator.control import TOKEN_HEADER

DEFAULT_URL = "http://127.0.0.1:9000"


class NotLoaded(Exception):
    """The running sandbox refused, or is not there; the message is one line."""


def load(platform: str, path: Path, url: str, token: str, **where: str) -> dict[str, Any]:
    """Load a file; what the platform's simulator understood of it. `where` are further arguments of its lever, such as the shop.

    Raises NotLoaded, and OSError for a file that cannot be read.
    """
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise NotLoaded(f"{path} begins like a gzip file but cannot be decompressed: {error}") from error
    body = json.dumps({"content": content.decode("utf-8", "replace"), **where}).encode("utf-8")
    request = urllib.request.Request(  # noqa: S310  (our own sandbox's address)
        f"{url.rstrip('/')}/_sandbox/{platform}/load",
        data=body,
        headers={TOKEN_HEADER: token, "Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            result: dict[str, Any] = json.load(answer)["result"]
            return result
    except urllib.error.HTTPError as error:
        with error:
            try:
                said = json.load(error).get("error", "")
            except ValueError:
                said = ""
        raise NotLoaded(said or f"the sandbox answered {error.code}") from error
    except urllib.error.URLError as error:
        raise NotLoaded(
            f"no sandbox answers at {url}: {error.reason}; start one with `crossdock sandbox`, or name its address with --url"
        ) from error


def main(argv: Sequence[str]) -> int:
    """Load from the command line; 0 all loaded, 1 something refused, 2 nothing could be done."""
    parser = argparse.ArgumentParser(
        prog="crossdock sandbox load", description="Put a platform's own payloads into a running sandbox."
    )
    parser.add_argument("platform", metavar="PLATFORM", help="for example shopify")
    parser.add_argument("file", metavar="FILE", type=Path, help="orders as JSON, JSON lines or gzip of these")
    parser.add_argument("--url", default=_control_url(), help=f"where the sandbox listens (default {DEFAULT_URL})")
    parser.add_argument("--token-file", type=Path, help="where the sandbox wrote its token (default: in its state folder)")
    parser.add_argument("--shop", help="into which shop, where the platform has several")
    arguments = parser.parse_args(list(argv))
    try:
        token = _token(arguments.token_file or _token_file())
        where = {"shop": arguments.shop} if arguments.shop else {}
        result = load(arguments.platform, arguments.file, arguments.url, token, **where)
    except OSError as error:
        sys.stderr.write(f"crossdock: {error.filename} cannot be read: {error.strerror}\n")
        return 2
    except NotLoaded as error:
        sys.stderr.write(f"crossdock: {error}\n")
        return 2
    json.dump(result, sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 1 if result.get("refused") else 0


def _token(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError as error:
        raise NotLoaded(
            f"no sandbox has written its token to {path}; start one with `crossdock sandbox`,"
            " or name the token of the one that runs with --token-file"
        ) from error


def _control_url() -> str:
    return (os.environ.get("CROSSDOCK_SANDBOX_URL") or DEFAULT_URL).removesuffix("/").removesuffix("/_sandbox")


def _token_file() -> Path:
    from crossdock.sandbox.server import TOKEN_FILE, default_folder

    named = os.environ.get("CROSSDOCK_SANDBOX_TOKEN_FILE")
    return Path(named) if named else default_folder() / TOKEN_FILE
