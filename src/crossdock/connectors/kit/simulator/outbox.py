"""How platforms announce: messages posted in the background, some at a time, until they have arrived or nobody waits for them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import aiohttp

AT_ONCE = 32

_PATIENCE = aiohttp.ClientTimeout(total=5, sock_connect=1)


class Outbox:
    """Posts messages. What is tried again, and when, is each platform's own; `slots` is held while a message is under way."""

    def __init__(self) -> None:
        self.slots = asyncio.Semaphore(AT_ONCE)
        self._session: aiohttp.ClientSession | None = None
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, deliver: Callable[[], Awaitable[None]]) -> None:
        """Start delivering and return at once. Outside a running loop nobody listens, and nothing is sent."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return

        async def work() -> None:
            await deliver()

        task = loop.create_task(work())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def post(self, address: str, body: bytes, headers: Mapping[str, str]) -> int | None:
        """Post one message as it is; the status of the answer, None when none came. Redirects are not followed."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_PATIENCE, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        try:
            async with self._session.post(address, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None

    async def idle(self) -> None:
        """Wait until every message under way has arrived or was given up."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    async def stop(self) -> None:
        """Drop what is under way."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None
