"""What each process of ours does first."""

import os
import resource
import threading
import time

from crossdock.site.environment import Refused


def set_up_django() -> None:
    """Load settings and applications. Raises Refused when a setting cannot be read."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crossdock.site.settings")
    import django

    django.setup()


PARENT_GRACE = 12.0  # seconds between the supervisor's death and ours, for what is under way


def end_with(parent: int, grace: float = PARENT_GRACE) -> None:
    """Never outlive the process that looks after us, even when an orderly end hangs because the database died with it."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        time.sleep(grace)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def harden(*, may_be_root: bool = False) -> None:
    """New files are ours alone and a crash leaves no memory image on disk. Raises Refused as root, unless that is meant."""
    if os.geteuid() == 0 and not may_be_root:
        raise Refused("this process does not run as root; start it with `crossdock up`, or as another user")
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    supervisor = os.environ.get("CROSSDOCK_SUPERVISOR")
    if supervisor:
        end_with(int(supervisor))
