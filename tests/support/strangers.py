"""Clients that nobody here wrote, each in a process of its own, as any foreign program: what they import and warn of is theirs."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

TIME = 60
"""Seconds a client may take for its story."""


async def told_by(story: str, told: Any, *, home: Path, ca_file: Path | None = None) -> Any:
    """Run a story of a client; what it printed last, as JSON values. The story finds `told` as JSON in its first argument.

    `home` is where it may keep files; `ca_file` is the authority it trusts over TLS. Raises AssertionError with its complaints.
    """
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {"HOME": str(home), "NO_PROXY": "*"}
    if ca_file is not None:
        environment |= {"REQUESTS_CA_BUNDLE": str(ca_file), "SSL_CERT_FILE": str(ca_file)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        story,
        json.dumps(told),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        cwd=home,
    )
    try:
        async with asyncio.timeout(TIME):
            said, complaints = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
        raise AssertionError(f"the client was not done after {TIME} seconds") from None
    assert process.returncode == 0, complaints.decode()
    return json.loads(said.decode().strip().splitlines()[-1])
