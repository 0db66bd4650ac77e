"""Whom the server, web and workers run as: the caller, or a service user when the caller is root."""

import ctypes
import grp
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "crossdock"
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class ServiceUser:
    """A user that is not root. `is_other` when a process has to change to it."""

    name: str
    uid: int
    gid: int
    home: str
    is_other: bool

    def popen(self, *, die_with: int = signal.SIGTERM) -> dict[str, Any]:
        """Arguments for `subprocess.Popen`: change to this user, gain nothing again, be told `die_with` when the parent dies.

        The kernel tells when the thread that started the child ends, so start children from the main thread.
        """
        arguments: dict[str, Any] = {"umask": 0o077, "preexec_fn": _tie_to_parent(die_with)}
        if self.is_other:
            arguments |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return arguments

    def make_dir(self, path: Path, mode: int = 0o700) -> Path:
        """A folder that belongs to this user; those above it are made open to all, as system folders are."""
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o755)
        path.mkdir(exist_ok=True)
        if self.is_other:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)
        return path


def _tie_to_parent(die_with: int) -> Callable[[], None]:
    parent = os.getpid()

    def tie() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, die_with)
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked to be told
            os._exit(1)

    return tie


def _named(name: str) -> ServiceUser | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return ServiceUser(name=name, uid=entry.pw_uid, gid=entry.pw_gid, home=entry.pw_dir, is_other=True)


def service_user() -> ServiceUser:
    """The user of the server, web and workers; as root `crossdock`, made when missing, or `nobody` where none can be made."""
    if os.geteuid() != 0:
        try:
            name = pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:  # a container's arbitrary uid
            name = str(os.geteuid())
        return ServiceUser(name=name, uid=os.geteuid(), gid=os.getegid(), home=str(Path.home()), is_other=False)
    found = _named(NAME)
    if found is None and shutil.which("useradd"):
        command = ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
        command += ["--gid", NAME] if _has_group(NAME) else ["--user-group"]
        subprocess.run([*command, NAME], check=False, capture_output=True)
        found = _named(NAME)
    found = found or _named("nobody")
    if found is None or found.uid == 0:
        raise RuntimeError("no user other than root could be found or made")
    return found


def _has_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
