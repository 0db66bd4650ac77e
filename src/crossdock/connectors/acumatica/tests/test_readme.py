"""The README's table of traps names tests that exist."""

import re
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[4]


def test_every_trap_has_a_row_and_every_named_test_exists():
    text = (HERE.parent / "README.md").read_text()
    rows = re.findall(r"^\| (\d+) .*?\| (.*) \|$", text, re.MULTILINE)

    assert [int(number) for number, _ in rows] == list(range(1, 17))
    for number, cell in rows:
        named = re.findall(r"`([\w/]+)`: ((?:[^`](?!`))*)", cell)
        assert named, number
        for module, names in named:
            path = ROOT / f"{module}.py" if module.startswith("tests/") else HERE / f"{module}.py"
            assert path.is_file(), (number, module)
            known = re.sub(r"[^a-z0-9]+", " ", " ".join(re.findall(r"def test_(\w+)", path.read_text())).replace("_", " "))
            for name in names.split("·"):
                words = re.sub(r"[^a-z0-9]+", " ", re.split(r"[.;…]", name)[0].casefold()).strip()
                assert not words or words in known, (number, words)
