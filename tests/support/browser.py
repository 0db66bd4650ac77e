"""A real browser for tests: the fixtures `page` and `complaints`.

Playwright's sync API keeps an event loop running in its thread, in which neither Django's sync code nor another loop may run. So
it lives in a thread of its own, and what tests hold are stand-ins that call over to it: `page.goto(...)` reads as ever. Callbacks
(`page.on("console", ...)`) are called in the browser's thread and get Playwright's own objects.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import pytest

from support.chromium import REMEDY, candidates

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TIMEOUT = 10_000  # milliseconds for any one wait


class Remote:
    """Stands in for one of Playwright's objects and calls it in the browser's thread."""

    def __init__(self, target: Any, call: Callable[..., Any]) -> None:
        object.__setattr__(self, "_target", target)
        object.__setattr__(self, "_call", call)

    def _through(self, work: Callable[[], Any]) -> Any:
        return _wrap(self._call(work), self._call)

    def __getattr__(self, name: str) -> Any:
        return self._through(lambda: getattr(self._target, name))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        plain, named = [_unwrap(a) for a in args], {key: _unwrap(value) for key, value in kwargs.items()}
        return self._through(lambda: self._target(*plain, **named))

    def __enter__(self) -> Any:
        return self._through(lambda: self._target.__enter__())

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> Any:
        return self._call(lambda: self._target.__exit__(kind, error, trace))

    def __repr__(self) -> str:
        return repr(self._target)

    def __eq__(self, other: object) -> bool:
        return bool(self._target == _unwrap(other))

    def __hash__(self) -> int:
        return hash(self._target)


def _wrap(value: Any, call: Callable[..., Any]) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_wrap(one, call) for one in value)
    if callable(value) or type(value).__module__.startswith("playwright."):
        return Remote(value, call)
    return value


def _unwrap(value: Any) -> Any:
    return value._target if isinstance(value, Remote) else value


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A Chromium, started once; the test fails with the command to run where none starts."""
    from playwright.sync_api import Error, sync_playwright

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="browser") as thread:

        def call(work: Callable[[], Any]) -> Any:
            return thread.submit(work).result()

        driver = call(lambda: sync_playwright().start())
        running, reasons = None, []
        for found in candidates():
            try:
                running = call(
                    lambda found=found: driver.chromium.launch(
                        executable_path=found.path, args=list(FLAGS), env={**os.environ, **found.environment}, timeout=30_000
                    )
                )
                break
            except (Error, OSError, subprocess.SubprocessError) as error:
                reasons.append(f"{found.path}: {str(error).splitlines()[0]}")
        if running is None:
            call(driver.stop)
            pytest.fail(f"{REMEDY} ({'; '.join(reasons) or 'none was found'})", pytrace=False)
        yield Remote(running, call)
        call(running.close)
        call(driver.stop)


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page in a fresh context: no cookies, 1440 pixels wide, English, UTC, light."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        locale="en-US",
        timezone_id="UTC",
        color_scheme="light",
        ignore_https_errors=False,
    )
    context.set_default_timeout(TIMEOUT)
    yield context.new_page()
    context.close()


@pytest.fixture
def complaints(page: Any) -> list[str]:
    """Warnings, errors and dialogs of the page: broken policy, missing files, script errors, what foreign text tried."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type in {"warning", "error"} else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    return heard


@pytest.fixture
def expect(browser: Any) -> Any:
    """Playwright's `expect`, for the stand-ins of this browser: `expect(page.get_by_role("alert")).to_be_visible()`."""
    from playwright.sync_api import expect as original

    return Remote(original, browser._call)
