"""What each process of ours does first."""

import os
import resource

from crossdock.site.environment import Refused


def set_up_django() -> None:
    """Load settings and applications. Raises Refused when a setting cannot be read."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crossdock.site.settings")
    import django

    django.setup()


def harden(*, may_be_root: bool = False) -> None:
    """New files are ours alone and a crash leaves no memory image on disk. Raises Refused as root, unless that is meant."""
    if os.geteuid() == 0 and not may_be_root:
        raise Refused("this process does not run as root; start it with `crossdock up`, or as another user")
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
