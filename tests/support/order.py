"""Which tests of a parallel run go together: those of a file whose fixtures serve the whole file, largest files first.

`--dist loadgroup` alone does not do it: xdist 3.8 marks the group in a place that pytest 9.2 no longer reads.
"""

from functools import cache
from pathlib import Path
from typing import Any

import pytest


@cache
def _is_whole(path: Path) -> bool:
    """Whether a file has fixtures that are made once for all its tests."""
    return path.is_file() and 'scope="module"' in path.read_text(encoding="utf-8")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A scheduler that hands out single tests, and some files whole."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class WholeFiles(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            return file if _is_whole(config.rootpath / file) else nodeid

    return WholeFiles(config, log)
