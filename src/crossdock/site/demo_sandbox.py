"""How `crossdock up --demo` starts the sandbox and points the platforms' addresses at it."""

import importlib.util
import json
import os
from collections.abc import Mapping
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
        return {
            **addresses,
            **{key: str(value) for key, value in said.get("environment", {}).items()},
            "CROSSDOCK_SANDBOX_URL": said["control"],
        }


def plan(port: int, folder: Path) -> Plan | None:
    """For a sandbox that keeps its state in `folder` and listens from `port` on."""
    if importlib.util.find_spec("crossdock.sandbox.server") is None:
        return None
    announced = folder / "listening.json"
    announced.unlink(missing_ok=True)
    return Plan(["--port", str(port), "--state", str(folder), "--announce", str(announced)], announced)


def greeting(environment: Mapping[str, str]) -> list[str]:
    """A line for the person at the terminal."""
    url = environment.get("CROSSDOCK_SANDBOX_URL") or os.environ.get("CROSSDOCK_SANDBOX_URL")
    return [f"The sandbox's control page: {url}"] if url else []
