"""How `crossdock up --demo` starts the sandbox and points the platforms' addresses at it."""

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plan:
    """The sandbox's arguments, and the file in which it says where it listens once it does."""

    arguments: list[str]
    announced: Path

    def is_ready(self) -> bool:
        """Whether it listens."""
        return self.announced.exists()

    def environment(self) -> dict[str, str]:
        """What web and workers must know: each platform's address, the control page."""
        said = json.loads(self.announced.read_text())
        addresses = {f"CROSSDOCK_BASE_URL__{platform.upper()}": url for platform, url in said["base_urls"].items()}
        told = {key: str(value) for key, value in said.get("environment", {}).items()}
        return {**addresses, **told, "CROSSDOCK_SANDBOX_URL": said["control"]}

    def greeting(self) -> list[str]:
        """Lines for the person at the terminal."""
        said = json.loads(self.announced.read_text())
        lines = [f"Place and ship orders in the sandbox: {said['control']}"]
        if said.get("tls_url"):
            lines.append(f"The sandbox with TLS: {said['tls_url']}, by the made-up authority {said['ca_file']}")
        return lines


def plan(port: int, folder: Path) -> Plan | None:
    """For a sandbox that keeps its state in `folder` and listens from `port` on."""
    if importlib.util.find_spec("crossdock.sandbox.server") is None:
        return None
    announced = folder / "listening.json"
    announced.unlink(missing_ok=True)
    return Plan(["--port", str(port), "--state", str(folder), "--announce", str(announced)], announced)
