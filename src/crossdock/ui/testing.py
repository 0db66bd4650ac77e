"""For browser tests: hold a page to the accessibility rules of axe-core, and take its picture in every look.

Plain Playwright pages are passed in; nothing here starts a browser.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTHS = (1440, 390)
THEMES = ("light", "dark")
_SERIOUS = ("serious", "critical")


def axe_source() -> str:
    """The text of axe-core from node_modules. Raises FileNotFoundError, with the command to run, when it is not there."""
    path = Path(__file__).resolve().parents[3] / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        raise FileNotFoundError("axe-core is missing: run `npm ci`")
    return path.read_text(encoding="utf-8")


def accessibility_faults(page: "Page") -> list[str]:
    """What axe-core calls serious or critical on the page as it stands: the rule, its help, and the elements."""
    # Evaluated by the debugger, which the page's content policy does not concern; a script tag would be refused.
    page.evaluate(axe_source() + "; undefined")
    found: dict[str, Any] = page.evaluate("async () => await axe.run(document, {resultTypes: ['violations']})")
    return [_told(fault) for fault in found["violations"] if fault["impact"] in _SERIOUS]


def _told(fault: dict[str, Any]) -> str:
    nodes = [f"{' '.join(map(str, node['target']))} {(node['any'] or [{}])[0].get('message', '')}" for node in fault["nodes"]]
    return f"{fault['id']} ({fault['impact']}): {fault['help']}: {'; '.join(nodes[:8])}"


def assert_accessible(page: "Page") -> None:
    """Fail when axe-core finds anything serious on the page as it stands."""
    faults = accessibility_faults(page)
    assert not faults, "\n".join(faults)  # noqa: S101 - an assertion for tests


def screenshot_all(page: "Page", url: str, folder: Path, *, full: bool = True) -> list[Path]:
    """Pictures of `url` at 1440 and 390 pixels, light and dark, named after its last part; leaves the page as it is in the last."""
    folder.mkdir(parents=True, exist_ok=True)
    name = url.split("?")[0].rstrip("/").rsplit("/", 1)[-1] or "home"
    made: list[Path] = []
    for width in WIDTHS:
        for theme in THEMES:
            page.set_viewport_size({"width": width, "height": 900 if width > 600 else 844})
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.goto(url, wait_until="networkidle")
            page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)")
            path = folder / f"{name}-{width}-{theme}.png"
            page.screenshot(path=path, full_page=full)
            made.append(path)
    return made
