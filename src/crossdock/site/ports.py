"""Whether we could listen somewhere."""

import socket

from crossdock.site.environment import Refused


def is_free(host: str, port: int) -> bool:
    """Whether we could listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError:
            return False
    return True


def check_port(host: str, port: int, option: str) -> None:
    """Raises Refused for a port that is taken or not ours to use."""
    if not 1 <= port <= 65_535:
        raise Refused(f"{option} {port} is not a port")
    if not is_free(host, port):
        raise Refused(f"port {port} of {host} is in use; name another with {option}")
