"""Nothing in the project names the machine it was written on, or where its packages come from."""

import re

from docs.files import shown, texts

SLASH, DOT = "/", "."

# Put together here, so that this file does not hold what it looks for.
PATHS = [f"{SLASH}{name}{SLASH}" for name in ("root", "work")]
HOMES = re.compile(rf"(?<![\w-]){SLASH}(?:home|Users){SLASH}\w+")
REGISTRIES = [DOT.join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"), ("npmjs", "com"))]


def found_in(text: str) -> list[str]:
    """What of it should not stand there."""
    return [word for word in (*PATHS, *REGISTRIES) if word in text] + HOMES.findall(text)


def test_no_file_names_a_path_of_somebodys_machine_or_a_registry():
    found = {shown(path): words for path, text in texts().items() if (words := found_in(text))}

    assert found == {}


def test_what_should_not_stand_there_would_be_found():
    assert found_in(f"see {SLASH}root{SLASH}x and https:{SLASH}{SLASH}pypi{DOT}org") == [f"{SLASH}root{SLASH}", f"pypi{DOT}org"]


def test_pages_and_code_are_spelled_as_in_the_united_states():
    british = re.compile(r"\b(fulfil(?:ment)?|cancelled|colour|behaviour|catalogue|licence)\b", re.IGNORECASE)
    pages = {path: re.sub(r"`[^`\n]*`", "", text) for path, text in texts(".md").items()}

    assert {shown(path): words for path, text in pages.items() if (words := british.findall(text))} == {}
