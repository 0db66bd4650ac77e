"""Every template of the project: lint, the content policy, known icons; and the error pages."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.template.loader import get_template
from django.test import Client, RequestFactory

from crossdock.ui import views
from crossdock.ui.icons import UnknownIconError, icon_names, known_icon

PACKAGE = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(PACKAGE.glob("*/templates/**/*.html"))
SCRIPTS = sorted((PACKAGE / "ui" / "static" / "ui").glob("*.js"))

# What the policy `default-src 'self'` refuses, or what only works where eval does.
REFUSED = {
    "an inline script": re.compile(r"""<script(?![^>]*(?:\bsrc=|\btype="application/json"))""", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "an inline style": re.compile(r"""\sstyle\s*=\s*["']""", re.I),
    "an event attribute": re.compile(r"""<[^>]*\son[a-z]+\s*=\s*["']""", re.I),
    "a script address": re.compile(r"javascript:", re.I),
    "an htmx event attribute": re.compile(r"\bhx-on[:-]", re.I),
    "an evaluated htmx value": re.compile(r"""["']js:""", re.I),
    "an htmx event filter": re.compile(r"""hx-trigger=["'][^"']*\["""),
    "something from another site": re.compile(r"""(?:src|href)=["'](?:https?:)?//[^"']*\.(?:js|css|woff2?|png|svg)\b""", re.I),
}


def named(path):
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("template", TEMPLATES, ids=named)
def test_a_template_holds_the_content_policy(template):
    text = template.read_text(encoding="utf-8")

    assert [what for what, pattern in REFUSED.items() if pattern.search(text)] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=named)
def test_a_template_draws_known_icons_only(template):
    drawn = re.findall(r"""\{%\s*icon\s+["']([^"']+)["']""", template.read_text(encoding="utf-8"))

    assert set(drawn) <= icon_names()


@pytest.mark.parametrize("script", SCRIPTS, ids=named)
def test_a_script_evaluates_no_text_and_imports_no_other_script_of_ours(script):
    text = script.read_text(encoding="utf-8")

    assert not re.search(r"\beval\(|new Function|document\.write|\bsetAttribute\([\"']style", text)
    # Files are served under names with a hash, which a script could not know.
    assert not re.search(r"""^import\b.*["']\./""", text, re.M)


def test_the_templates_pass_the_linter():
    done = subprocess.run(
        [sys.executable, "-m", "djlint", "--lint", "--quiet", str(PACKAGE)],
        capture_output=True,
        text=True,
        check=False,
        cwd=PACKAGE.parents[1],
    )

    assert done.returncode == 0, done.stdout


def test_an_icon_that_is_not_in_the_list_is_a_bug():
    with pytest.raises(UnknownIconError, match="no-such-icon"):
        known_icon("no-such-icon")


def test_the_sprite_has_every_icon_of_the_list():
    sprite = PACKAGE / "ui" / "static" / "vendor" / "icons.svg"
    assert sprite.is_file(), "the assets are missing: run `npm ci && npm run assets`"

    assert set(re.findall(r'<symbol id="([^"]+)"', sprite.read_text(encoding="utf-8"))) == icon_names()


@pytest.mark.parametrize(
    ("view", "status"),
    [(views.bad_request, 400), (views.permission_denied, 403), (views.not_found, 404), (views.csrf_failure, 403)],
)
def test_an_error_page_says_what_happened_and_what_to_do(view, status):
    answer = view(RequestFactory().get("/"))

    text = answer.content.decode()
    assert answer.status_code == status
    assert len(re.findall(r"<p[ >]", text)) >= 3
    assert "Go to Home" in text


def test_the_page_of_last_resort_needs_nothing_from_the_request():
    answer = views.server_error(object())

    assert answer.status_code == 500
    assert b"Something broke on our side" in answer.content


def test_an_address_of_nothing_is_answered_with_the_error_page():
    answer = Client(HTTP_HOST="localhost").get("/there/is/nothing/here")

    assert answer.status_code == 404
    assert b"There is nothing at this address" in answer.content


def test_the_page_of_components_is_there_in_a_demo_only(settings):
    settings.IS_DEMO = False
    assert Client(HTTP_HOST="localhost").get("/ui/components").status_code == 404

    settings.IS_DEMO = True
    page = Client(HTTP_HOST="localhost").get("/ui/components")
    assert page.status_code == 200
    assert [what for what, pattern in REFUSED.items() if pattern.search(page.content.decode())] == []


def test_every_page_turns_off_what_htmx_would_evaluate_store_or_inject():
    text = get_template("ui/base_plain.html").render({})

    for setting in (
        '"includeIndicatorStyles": false',
        '"allowEval": false',
        '"allowScriptTags": false',
        '"selfRequestsOnly": true',
        '"historyCacheSize": 0',
    ):
        assert setting in text
