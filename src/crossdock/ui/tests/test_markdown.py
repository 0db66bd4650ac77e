"""Our own Markdown as HTML, and nothing but that."""

import pytest

from crossdock.ui.markdown import html_of


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# A title", "<h1>A title</h1>"),
        ("Two lines\nof one paragraph.", "<p>Two lines of one paragraph.</p>"),
        ("- one\n- two\n  goes on", "<ul><li>one</li><li>two goes on</li></ul>"),
        ("1. first\n2. second", "<ol><li>first</li><li>second</li></ol>"),
        ("Text before:\n- a list", "<p>Text before:</p>\n<ul><li>a list</li></ul>"),
        ("**bold with `code`** and *words*", "<p><strong>bold with <code>code</code></strong> and <em>words</em></p>"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
        ("`a*b*c` stays", "<p><code>a*b*c</code> stays</p>"),
    ],
)
def test_what_pages_are_written_in(text, html):
    assert html_of(text) == html


def test_a_table_names_its_rows_and_its_cells():
    html = html_of("| what | why |\n|---|---|\n| a `\\|` bar | **so** |")

    assert '<th scope="col">what</th><th scope="col">why</th>' in html
    assert '<tr><th scope="row">a <code>\\|</code> bar</th><td data-label="why"><strong>so</strong></td></tr>' in html


def test_titles_sink_inside_another_page():
    assert html_of("# One\n\n### Three", below=1) == "<h2>One</h2>\n<h4>Three</h4>"


def test_links_lead_to_https_and_away_from_us():
    html = html_of("[here](https://example.com/a?b=1&c=2) <https://example.com/>")

    assert html.count('rel="noreferrer noopener" target="_blank"') == 2
    assert 'href="https://example.com/a?b=1&amp;c=2"' in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[click](javascript:alert(1))",
        '`"><img src=x onerror=alert(1)>`',
        '| <b>a</b> | "b" |\n|---|---|\n| <i>c</i> | d |',
        '<https://example.com/"onmouseover=alert(1)>',
        '[x](https://example.com/"onmouseover=alert(1))',
    ],
)
def test_nothing_else_becomes_markup(text):
    html = html_of(text)

    assert not any(one in html for one in ("<script", "<img", "<b>", "<i>", 'href="javascript', '"onmouseover'))
