"""The sandbox as a process of its own, and its levers over the control API: what a bench does to the platforms."""

import json
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
import msgspec

from crossdock.bench._processes import Process
from crossdock.connectors.kit.simulator.control import TOKEN_HEADER


class Sandbox:
    """A running sandbox. Its state lives in its own process, which no bench kills."""

    def __init__(self, process: Process, said: dict[str, Any]) -> None:
        self.process = process
        self.said = said
        self._token = Path(said["token_file"]).read_text()
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    def start(cls, folder: Path, environment: dict[str, str]) -> "Sandbox":
        """Start it and wait until it listens."""
        announced = folder / "sandbox.json"
        arguments = ["--port", "0", "--tls-port", "0", "--state", str(folder / "sandbox"), "--announce", str(announced)]
        process = Process("sandbox", "sandbox", *arguments, environment=environment, logs=folder)
        process.start()
        process.wait_until(announced.exists)
        return cls(process, json.loads(announced.read_text()))

    def environment(self) -> dict[str, str]:
        """What points our processes at it."""
        addresses = {f"CROSSDOCK_BASE_URL__{key.upper()}": url for key, url in self.said["base_urls"].items()}
        return {**addresses, **self.said["environment"]}

    def settings(self, platform: str) -> dict[str, Any]:
        """The settings of a platform's first preset."""
        presets = json.loads(Path(self.said["environment"]["CROSSDOCK_SANDBOX_PRESETS"]).read_text())
        return dict(presets[platform][0]["settings"])

    async def __aenter__(self) -> "Sandbox":
        self._session = aiohttp.ClientSession(
            headers={TOKEN_HEADER: self._token}, timeout=aiohttp.ClientTimeout(total=60), json_serialize=_json
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def pull(self, platform: str, lever: str, **arguments: Any) -> Any:
        """Pull a lever; what it gave back. Raises RuntimeError when it was refused."""
        assert self._session is not None  # noqa: S101  (used inside `async with`)
        async with self._session.post(f"{self.said['url']}/_sandbox/{platform}/{lever}", json=arguments) as answer:
            body = msgspec.json.decode(await answer.read())
            if answer.status != 200:
                raise RuntimeError(f"{platform} {lever}: {body}")
            return body["result"]

    async def first_location(self, shop: str, token: str) -> str:
        """The number of a shop's first location, asked for as any app would."""
        assert self._session is not None  # noqa: S101
        address = self.said["base_urls"]["shopify"].format(shop=shop) + "/admin/api/2026-10/graphql.json"
        body = {"query": "{ locations(first: 1) { nodes { id } } }"}
        async with self._session.post(address, json=body, headers={"X-Shopify-Access-Token": token}) as answer:
            said = msgspec.json.decode(await answer.read())
        return str(said["data"]["locations"]["nodes"][0]["id"]).rsplit("/", 1)[-1]

    async def state(self, platform: str) -> tuple[dict[str, Any], dict[str, int]]:
        """What the platform has, as it counts itself, and how often each fault was done to us."""
        assert self._session is not None  # noqa: S101
        async with self._session.get(f"{self.said['url']}/_sandbox/{platform}/state") as answer:
            body = msgspec.json.decode(await answer.read())
            return body["state"], body["faults"]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
