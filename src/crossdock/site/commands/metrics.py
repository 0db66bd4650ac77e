"""`crossdock metrics`."""

import argparse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from crossdock.site.environment import Refused, is_loopback

NAME = "metrics"
HELP = "serve /metrics on a listener of its own, on loopback"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen."""
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default %(default)s)")
    parser.add_argument("--port", type=int, default=8001, help="default %(default)s")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM. Raises Refused for an address that is not loopback: there /metrics wants a bearer, see the docs."""
    if not is_loopback(arguments.host):
        raise Refused(
            "the metrics listener asks for no password, so it listens on loopback only; use CROSSDOCK_METRICS_TOKEN instead"
        )
    from crossdock.site.boot import harden, set_up_django

    harden()
    set_up_django()
    with ThreadingHTTPServer((arguments.host, arguments.port), _Handler) as server:
        server.serve_forever()
    return 0


class _Handler(BaseHTTPRequestHandler):
    timeout = 10
    server_version = "crossdock"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer /metrics; anything else is not here."""
        from django.db import connection

        from crossdock.site import health

        if self.path != "/metrics":
            self.send_error(404)
            return
        try:
            body = health.metrics_text()
        finally:
            connection.close()  # each request has a thread of its own
        self.send_response(200)
        self.send_header("Content-Type", health.METRICS_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Scrapes are not logged."""
