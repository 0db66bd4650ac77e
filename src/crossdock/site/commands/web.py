"""`crossdock web`."""

import argparse
import os
import tempfile
from pathlib import Path

from crossdock.site.environment import Refused, data_dir, is_loopback, public_url

NAME = "web"
HELP = "serve the pages and take webhooks"
A_YEAR = 31_536_000  # seconds: a static file's name carries its content's hash


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen, how many at once."""
    parser.add_argument("--host", default="127.0.0.1", help="another address than loopback needs an https CROSSDOCK_PUBLIC_URL")
    parser.add_argument("--port", type=int, default=8000, help="default %(default)s")
    parser.add_argument("--processes", type=int, default=1, help="default %(default)s")
    parser.add_argument("--threads", type=int, default=8, help="requests at once in each process (default %(default)s)")


def check_address(host: str) -> None:
    """Plain HTTP is for loopback only; elsewhere a proxy in front has the certificate. Raises Refused."""
    if is_loopback(host):
        return
    if not public_url().startswith("https://") or int(os.environ.get("CROSSDOCK_TRUSTED_PROXIES", "0")) < 1:
        raise Refused(
            f"{host} is not a loopback address; put a proxy with a certificate in front, and set CROSSDOCK_PUBLIC_URL to its https"
            " address and CROSSDOCK_TRUSTED_PROXIES to how many stand between"
        )


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM."""
    check_address(arguments.host)
    from crossdock.site.boot import harden

    harden()
    static = _collect_static()
    os.environ["CROSSDOCK_STATIC_ROOT"] = str(static)
    os.environ["CROSSDOCK_WEB_THREADS"] = str(arguments.threads)

    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    server = Granian(
        "crossdock.site.shell:shell",
        factory=True,
        address=arguments.host,
        port=arguments.port,
        interface=Interfaces.ASGINL,
        workers=arguments.processes,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=65_536),
        static_path_route=["/static"],
        static_path_mount=[static],
        static_path_expires=A_YEAR,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGING,
    )
    server.serve()
    return 0


# Granian writes its own lines to standard output; ours is for what a person should read.
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"generic": {"format": "%(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"formatter": "generic", "class": "logging.StreamHandler", "stream": "ext://sys.stderr"}},
    "loggers": {"_granian": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
}


def _collect_static() -> Path:
    """Lay out the static files under hashed names; below the data where we may write, else in a temporary folder."""
    root = Path(os.environ.get("CROSSDOCK_STATIC_ROOT") or data_dir() / "static")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError:
        root = Path(tempfile.mkdtemp(prefix="crossdock-static-"))
    os.environ["CROSSDOCK_STATIC_ROOT"] = str(root)
    os.environ["CROSSDOCK_COLLECTING"] = "1"
    from django.core.management import call_command

    from crossdock.site.boot import set_up_django

    set_up_django()
    call_command("collectstatic", interactive=False, verbosity=0)
    return root
