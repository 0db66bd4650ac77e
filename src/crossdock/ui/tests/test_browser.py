"""The components in a real browser: accessible, obedient to the content policy, usable by keyboard, live."""

import re
from collections.abc import Iterator

import pytest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from crossdock.ui import views
from crossdock.ui.testing import assert_accessible, screenshot_all
from support.served import served

COMPONENTS = "/ui/components"


class State:
    """What the live page shows now, and what it was asked."""

    version = "1"
    word = "first"
    asked: list[str] = []


def _fragment() -> str:
    return (
        f'<div id="live-part" data-poll="/fragment" data-poll-version="{State.version}"><p data-key="a">{State.word}</p>'
        '<details data-key="d"><summary>More</summary>inside</details><input id="typed" aria-label="Typed"></div>'
    )


def live(request: HttpRequest) -> HttpResponse:
    page = render(request, "ui/base_plain.html")
    page.content = page.content.replace(b"</main>", _fragment().encode() + b"</main>")
    return page


def fragment(request: HttpRequest) -> HttpResponse:
    given = request.headers.get("X-Crossdock-Version", "")
    State.asked.append(given)
    return HttpResponse(status=204) if given == State.version else HttpResponse(_fragment())


urlpatterns = [
    path("", include("crossdock.ui.urls")),
    path("live", live),
    path("fragment", fragment),
    path("a/orders/", include(([path("", views.components, name="list")], "orders"))),
    path("a/search/", include(([path("", views.components, name="search")], "desk"))),
]


@pytest.fixture
def site(settings) -> Iterator[str]:
    """The address of a server of our own pages: a demo, without database."""
    settings.IS_DEMO = True
    settings.ROOT_URLCONF = __name__
    with served() as address:
        yield address


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_components_are_accessible_and_fit_in_every_look(site, page, complaints, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)

    page.goto(site + COMPONENTS)

    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light dark"
    assert complaints == []


def test_open_menus_and_dialogs_are_accessible(site, page, complaints):
    page.goto(site + COMPONENTS)

    page.click(".cd-user")
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.is_visible("#help")
    assert_accessible(page)
    assert complaints == []


def test_plots_are_drawn_and_their_figures_can_be_read(site, page):
    page.goto(site + COMPONENTS)

    page.wait_for_selector(".cd-chart-bars canvas")

    page.click(".cd-chart-bars summary")
    assert page.locator(".cd-chart-bars tbody tr").count() == 24


def test_rows_are_walked_selected_and_counted_by_keyboard(site, page):
    page.goto(site + COMPONENTS)
    page.evaluate("document.activeElement.blur()")

    for key in "jjkxjjx":
        page.keyboard.press(key)

    assert page.inner_text("[data-selection-count]") == "2"
    assert page.evaluate("[...document.querySelectorAll('[data-select]:checked')].map(box => box.value)") == ["#1063", "#1061"]
    page.click("[data-confirm]")
    assert page.inner_text("#delete-many h2") == "Delete 2 orders?"


def test_slash_searches_and_g_goes(site, page):
    page.goto(site + COMPONENTS)
    page.evaluate("document.activeElement.blur()")

    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("go")
    assert page.input_value("#search") == "go"

    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url("**/a/orders/")


def test_the_chosen_theme_comes_with_the_next_page_before_any_script(site, page):
    page.goto(site + COMPONENTS)
    page.click(".cd-user")
    with page.expect_response("**/ui/theme"):
        page.click("button[value=dark]")

    answer = page.goto(site + COMPONENTS, wait_until="commit")

    assert 'data-bs-theme="dark"' in answer.text()


def test_a_filter_ends_up_in_the_address_without_empty_parts(site, page):
    page.goto(site + COMPONENTS + "?tab=stuck")

    page.fill("[data-filter-text]", "ada")
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile(r"\?tab=stuck&q=ada$"))
    assert page.locator(".cd-chip").count() == 1


def test_a_field_appears_with_the_answer_it_depends_on(site, page):
    page.goto(site + COMPONENTS)
    assert page.is_visible("#id_note")

    page.uncheck("#id_notify")

    assert page.is_hidden("#id_note")


def test_a_live_part_follows_without_taking_what_one_does_in_it(site, page, complaints):
    State.version, State.word, State.asked = "1", "first", []
    page.clock.install()
    page.goto(site + "/live")
    page.click("summary:has-text('More')")

    with page.expect_response("**/fragment") as unchanged:
        page.clock.run_for(6_000)
    assert unchanged.value.status == 204
    assert State.asked == ["1"]

    page.focus("#typed")
    page.keyboard.type("half a word")
    State.version, State.word = "2", "second"
    with page.expect_response("**/fragment"):
        page.clock.run_for(6_000)
    page.clock.run_for(1_000)
    assert page.inner_text("[data-key=a]") == "first"
    assert page.input_value("#typed") == "half a word"

    page.evaluate("document.activeElement.blur()")
    page.clock.run_for(1_000)
    page.wait_for_selector("p:has-text('second')")
    assert page.evaluate("document.querySelector('#live-part details').open")
    assert page.get_attribute("#live-part", "data-poll-version") == "2"
    assert complaints == []


def test_a_page_works_without_scripts(site, browser):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(site + COMPONENTS)

    page.click("summary:has-text('Status') >> nth=0")
    page.check("[name=status][value=error]")
    page.click("[data-filter] fieldset button:has-text('Filter')")

    assert "status=error" in page.url
    page.click(".cd-thumb-bar [data-drawer]")
    assert page.is_visible("#sidebar")
    context.close()


def test_pictures_are_taken_in_every_look(site, page, tmp_path):
    made = screenshot_all(page, site + "/live", tmp_path)

    assert [path.name for path in made] == [
        "live-1440-light.png",
        "live-1440-dark.png",
        "live-390-light.png",
        "live-390-dark.png",
    ]
    assert all(path.stat().st_size > 1_000 for path in made)
