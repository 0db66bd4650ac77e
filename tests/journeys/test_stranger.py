"""A stranger's way through the demo: sign in, join a second shop to a warehouse, place an order, watch it go, read its story.

Everything is as `crossdock up --demo` starts it: real processes, a real database, a real browser.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest


def free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Demo:
    """One run of `crossdock up --demo` on a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.metrics, self.sandbox = free_ports(3)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "CROSSDOCK_"))}
        environment |= {"CROSSDOCK_DATA_DIR": str(folder / "data"), "CROSSDOCK_KEY_FILE": str(folder / "keys" / "keys.json")}
        command = [sys.executable, "-m", "crossdock.site.cli", "up", "--demo", "--workers", "1", "--port", str(self.port)]
        command += ["--metrics-port", str(self.metrics), "--sandbox-port", str(self.sandbox)]
        self.output = (folder / "output").open("w+")
        self.process = subprocess.Popen(command, env=environment, stdout=self.output, stderr=self.output)

    def said(self) -> str:
        """What it has printed."""
        return (self.folder / "output").read_text()

    def wait(self, limit: float = 120.0) -> None:
        """Until it says how to sign in."""
        deadline = time.monotonic() + limit
        while "Ctrl-C" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.2)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sign_in(self) -> tuple[str, str]:
        """E-mail and password, as printed."""
        found = re.search(r"Sign in as (\S+) with the password (\S+)", self.said())
        assert found, self.said()
        return found[1], found[2]

    def pull(self, platform: str, lever: str, **arguments: object) -> object:
        """Pull a lever of the sandbox by its API, as the control page does."""
        token = (self.folder / "data" / "sandbox" / "sandbox-token").read_text()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.sandbox}/_sandbox/{platform}/{lever}",
            data=json.dumps(arguments).encode(),
            headers={"Content-Type": "application/json", "X-Sandbox-Token": token},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def stop(self) -> None:
        """As Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)
        self.output.close()


@pytest.fixture
def demo() -> Iterator[Demo]:
    folder = Path(tempfile.mkdtemp(prefix="crossdock-demo-"))
    folder.chmod(0o755)
    made = Demo(folder)
    try:
        made.wait()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def go_on(page) -> None:
    page.locator("main button[type=submit]:not(.visually-hidden)", has_text="Continue").click()
    page.wait_for_load_state()


def test_a_stranger_joins_a_shop_to_a_warehouse_and_follows_an_order_to_its_end(demo, page, expect):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None)
    email, password = demo.sign_in()

    page.goto(f"{demo.address}/sign-in/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url("**/a/*/")
    home = page.url

    # The wizard's four steps, with what the sandbox knows.
    page.goto(f"{home}connections/")
    page.click("text=Add connection")
    page.fill("input[name=name]", "Stationery")
    go_on(page)
    page.check("input[name=how][value=new]")
    page.fill("input[name=name]", "Paper and Ink")
    go_on(page)
    page.check("input[name=how][value=new]")
    page.click("button:has-text('demo-stationery over SFTP')")
    expect(page.locator("input[name$=username]")).to_have_value("demo-stationery")
    page.click("button:has-text('Test connection')")
    page.wait_for_selector(".cn-outcome .tone-done")
    go_on(page)
    page.check("input[name=platform][value=shopify]")
    page.click("button:has-text('Demo Stationery, by own app')")
    expect(page.locator("input[name$=shop]")).to_have_value("demo-stationery")
    page.click("button:has-text('Test connection')")
    page.wait_for_selector("select[name=store-location] option:has-text('Main warehouse')", state="attached")
    page.select_option("select[name=store-location]", index=1)
    page.click("button:has-text('Add connection')")
    page.wait_for_selector("text=Sales Orders")
    connection = page.url

    # Created Off; going Live asks about older orders.
    page.click("main button:has-text('Live')")
    page.wait_for_url("**/go-live/")
    page.check("input[name=older][value=leave]")
    page.locator("main button", has_text="Go Live").click()
    page.wait_for_url(connection)

    # An order, placed on the sandbox's own page, is at the warehouse within seconds.
    page.goto(f"http://127.0.0.1:{demo.sandbox}/_sandbox/shopify/")
    form = page.locator("form[action$='/place_order']")
    form.locator("select[name=shop]").select_option("demo-stationery")
    form.locator("input[name=sku_1]").fill("NOTEBOOK-A5")
    form.locator("input[name=quantity_1]").fill("3")
    form.locator("button").click()
    page.wait_for_selector("text=Done")
    page.goto(f"{home}orders/?q=NOTEBOOK-A5")
    status(page, "Open")

    # The warehouse ships; the store is told, and the order's page says how it all went.
    page.goto(f"{home}orders/?q=NOTEBOOK-A5")
    page.locator("main table a", has_text="#1001").first.click()
    page.wait_for_load_state()
    order = page.url
    demo.pull("files", "ship_all", merchant="demo-stationery")
    page.goto(connection)
    page.locator("[data-key=shipments] form", has_text="Run now").locator("button").click()
    page.wait_for_load_state()
    page.goto(order)
    status(page, "Closed")
    story = page.inner_text("main")
    for sentence in ("Imported from the store", "The warehouse has it", "The store was told of the shipment", "everything left"):
        assert sentence in story
    assert complaints == []


def status(page, word: str, limit: float = 60.0) -> None:
    """Wait until the page shows a status, reading it again as a person would."""
    deadline = time.monotonic() + limit
    while page.locator("main .badge, main [class*=status]", has_text=word).count() == 0:
        assert time.monotonic() < deadline, page.inner_text("main")[:1500]
        time.sleep(0.5)
        page.reload()
