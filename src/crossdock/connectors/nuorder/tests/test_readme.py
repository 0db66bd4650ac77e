"""The README's table of traps names tests that exist."""

import re
from pathlib import Path

HERE = Path(__file__).parent


def test_every_trap_has_a_row_and_every_named_test_exists():
    text = (HERE.parent / "README.md").read_text()
    rows = re.findall(r"^\| (\d+) .*?\| (.*) \|$", text, re.MULTILINE)

    assert [int(number) for number, _ in rows] == list(range(1, 21))
    for number, cell in rows:
        for module, names in re.findall(r"`([\w/]+)`: ((?:[^`](?!`))*)", cell):
            path = HERE / f"{module}.py"
            assert path.is_file(), (number, module)
            known = " ".join(re.findall(r"def test_(\w+)", path.read_text())).replace("_", " ")
            for name in names.split("·"):
                words = re.sub(r"[^a-z0-9]+", " ", re.split(r"[.;…]", name)[0].casefold()).strip()
                assert not words or words in known, (number, words)
