"""The tests' own browser can be trusted: it starts, shows pages, and leaves other event loops alone."""

import asyncio

PAGE = "data:text/html,<title>Here</title><button onclick='this.textContent=2'>1</button><p>a</p><p>b</p>"


def test_a_page_is_shown_and_answers_clicks(page, expect):
    page.goto(PAGE)

    page.get_by_role("button").click()

    assert page.title() == "Here"
    assert [p.inner_text() for p in page.locator("p").all()] == ["a", "b"]
    expect(page.get_by_role("button")).to_have_text("2")


def test_other_event_loops_run_beside_the_browser(page, db_ready):
    from django.db import connection

    page.goto(PAGE)

    assert asyncio.run(asyncio.sleep(0, result="ran")) == "ran"
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)


async def test_an_async_test_may_follow():
    await asyncio.sleep(0)


def test_one_can_wait_for_what_a_click_causes(page):
    page.goto(PAGE)

    with page.expect_console_message() as said:
        page.evaluate("console.log('hello')")

    assert said.value.text == "hello"
