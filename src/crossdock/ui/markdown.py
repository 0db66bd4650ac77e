"""The Markdown that our own pages are written in, as HTML: titles, paragraphs, lists, tables, code, emphasis, links to https.

Everything else is shown as it was typed. All text is escaped, so what a page holds can never become markup of another kind.
"""

import re
from collections.abc import Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString

_TITLE = re.compile(r"(#{1,4}) +(.+)")
_ITEM = re.compile(r"(?:(-)|(\d+)\.) +(.*)")
_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"[-:| ]+")
_INLINE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\*\*(?P<strong>.+?)\*\*"
    r"|\*(?P<em>[^\s*][^*]*)\*"
    r"|\[(?P<text>[^\]]+)\]\((?P<to>https://[^\s)]+)\)"
    r"|<(?P<bare>https://[^\s>]+)>"
    r"|\\(?P<plain>[\\|*`])"
)


def html_of(text: str, *, below: int = 0) -> SafeString:
    """A page as HTML. Titles sink by `below` levels, for a page inside a page."""
    return SafeString("\n".join(_blocks(text.splitlines(), below)))  # every piece of it is escaped below


def _blocks(lines: list[str], below: int) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif title := _TITLE.fullmatch(line.strip()):
            level = min(6, len(title[1]) + below)
            yield f"<h{level}>{_inline(title[2])}</h{level}>"
            at += 1
        else:
            end = at + 1
            is_table, item = line.startswith("|"), _ITEM.match(line)
            while end < len(lines) and _goes_on(lines[end], is_table=is_table, is_list=item is not None):
                end += 1
            if is_table:
                yield _table(lines[at:end])
            elif item:
                yield _list(lines[at:end], is_ordered=item[1] is None)
            else:
                yield f"<p>{_inline(' '.join(one.strip() for one in lines[at:end]))}</p>"
            at = end


def _goes_on(line: str, *, is_table: bool, is_list: bool) -> bool:
    """Whether a line belongs to the block above it."""
    if not line.strip() or _TITLE.match(line):
        return False
    if is_table or line.startswith("|"):
        return is_table and line.startswith("|")
    return is_list or _ITEM.match(line) is None


def _list(lines: list[str], *, is_ordered: bool) -> str:
    items: list[str] = []
    for line in lines:
        item = _ITEM.match(line)
        if item:
            items.append(item[3])
        else:
            items[-1] += f" {line.strip()}"
    tag = "ol" if is_ordered else "ul"
    return f"<{tag}>{''.join(f'<li>{_inline(item)}</li>' for item in items)}</{tag}>"


def _table(lines: list[str]) -> str:
    """A table whose first column names its rows; each cell says its column, for screens on which cells stand below one another."""
    head, *rows = [_cells(line) for line in lines if not _RULE.fullmatch(line.strip())]
    top = "".join(f'<th scope="col">{_inline(cell)}</th>' for cell in head)
    body = []
    for first, *rest in rows:
        named = zip(head[1:], rest, strict=False)
        others = "".join(f'<td data-label="{escape(_plain(name))}">{_inline(cell)}</td>' for name, cell in named)
        body.append(f'<tr><th scope="row">{_inline(first)}</th>{others}</tr>')
    return f'<table class="cd-prose-table"><thead><tr>{top}</tr></thead><tbody>{"".join(body)}</tbody></table>'


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _BAR.split(line.strip().strip("|"))]


def _plain(text: str) -> str:
    return re.sub(r"[`*]", "", text)


def _inline(text: str) -> str:
    parts, done = [], 0
    for found in _INLINE.finditer(text):
        parts += [escape(text[done : found.start()]), _marked(found)]
        done = found.end()
    return "".join([*parts, escape(text[done:])])


def _marked(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "code":
            return f"<code>{escape(found['code'])}</code>"
        case "strong" | "em" as tag:
            return f"<{tag}>{_inline(found[tag])}</{tag}>"
        case "to":
            return _link(found["to"], _inline(found["text"]))
        case "bare":
            return _link(found["bare"], escape(found["bare"]))
        case _:
            return escape(found["plain"])


def _link(to: str, shown: str) -> str:
    return f'<a href="{escape(to)}" rel="noreferrer noopener" target="_blank">{shown}</a>'
