"""`python -m crossdock.site.docs [--check]`."""

import argparse
import sys

from crossdock.site.boot import set_up_django


def main() -> int:
    """Write the generated pages, or with --check say which are stale; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m crossdock.site.docs", description="Make the pages that say what the code says."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is stale")
    arguments = parser.parse_args()
    set_up_django()
    from crossdock.site.docs import pages

    if not arguments.check:
        for path in pages.write():
            sys.stdout.write(f"{path}\n")
        return 0
    found = pages.stale()
    for path in found:
        sys.stderr.write(f"{path} is stale: run `python -m crossdock.site.docs`\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
