"""The components as template tags: `{% load ui %}`. Each is shown at /ui/components in a demo."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django import template
from django.forms import BoundField
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from crossdock.ui import shown
from crossdock.ui.forms import Switch, draw_widget, field_kind
from crossdock.ui.icons import known_icon
from crossdock.ui.links import page_url
from crossdock.ui.parts import Fact, Happening, Step, Tab, WayStep, with_times
from crossdock.ui.statuses import Tone, key_of, status_of

register = template.Library()


# --- small things ---------------------------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite in the color of its text. `label` names it for a screen reader; without one it is decoration."""
    if label:
        return format_html('<svg class="cd-icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, _drawn_at(name))
    return _decoration(name)


@cache
def _decoration(name: str) -> SafeString:
    return format_html('<svg class="cd-icon" aria-hidden="true" focusable="false"><use href="{}"/></svg>', _drawn_at(name))


def _drawn_at(name: str) -> str:
    return f"{static('vendor/icons.svg')}#{known_icon(name)}"


@register.simple_tag
def status(kind: str, state: object, detail: str = "") -> SafeString:
    """A state as badge: shape, word, quiet tint. `kind` is one of statuses.KINDS; `detail` stands after the word ("until 14:00")."""
    badge = _status_badge(kind, key_of(state), get_language())
    return format_html("{}<small>{}</small></span>", badge, detail) if detail else badge + _BADGE_ENDS


_BADGE_ENDS = SafeString("</span>")


@cache
def _status_badge(kind: str, key: str, language: str | None) -> SafeString:
    """A badge but for its end: there are few of them, and a list shows one in each row."""
    row = status_of(kind, key)
    return format_html(
        '<span class="cd-status tone-{}" title="{}">{}<span>{}</span>', row.tone, row.meaning, icon(row.icon), row.word
    )


@register.simple_tag
def badge(word: str, tone: str = "aside", icon_name: str = "") -> SafeString:
    """A badge for a word that is no status; `tone` is a Tone. Use `status` wherever the state is in the table."""
    return format_html(
        '<span class="cd-status tone-{}">{}<span>{}</span></span>', Tone(tone), icon(icon_name) if icon_name else "", word
    )


@register.simple_tag
def moment(value: datetime | None, style: str = "relative") -> SafeString:
    """A time. "relative" ("3 min ago", kept fresh, exact on hover), "exact", or "clock" (hour and minute). None is an en dash.

    The exact one is in the active time zone, which is the account's.
    """
    if value is None:
        return mark_safe('<span class="cd-none">–</span>')
    if style == "exact":
        return format_html('<time datetime="{}">{}</time>', shown.iso_utc(value), shown.exact(value))
    if style == "clock":
        return format_html(
            '<time datetime="{}" title="{}">{}</time>', shown.iso_utc(value), shown.exact(value), shown.clock(value)
        )
    return format_html(
        '<time datetime="{}" title="{}" data-moment>{}</time>', shown.iso_utc(value), shown.exact(value), shown.relative(value)
    )


@register.simple_tag
def moment_words() -> str:
    """The phrases of relative times as JSON, for the body's `data-moment-words`."""
    return json.dumps(shown.relative_words())


@register.filter
def lasted(value: timedelta | None) -> str:
    """A duration in its two largest units; None is an en dash."""
    return "–" if value is None else shown.duration(value)


@register.simple_tag
def copyable(value: object, label: str = "") -> SafeString:
    """An id in the monospaced face that a click copies; `label` says what the click does ("Copy the tracking number").

    Empty is an en dash.
    """
    if value in (None, ""):
        return mark_safe('<span class="cd-none">–</span>')
    return format_html(
        '<button type="button" class="cd-copy" data-copy="{}" title="{}"><span class="cd-mono">{}</span>{}</button>',
        value,
        label or _("Copy"),
        value,
        icon("copy"),
    )


@register.simple_tag
def money(amount: Any, currency: str = "") -> SafeString:
    """An amount in major units, tabular: a Money, or a number and its currency. Right-align its cell with class `num`."""
    return format_html('<span class="cd-num">{}</span>', shown.money_text(amount, currency))


@register.simple_tag
def quantity(amount: Any, uom: str = "") -> SafeString:
    """A quantity, tabular, with its unit unless that is each."""
    return format_html('<span class="cd-num">{}</span>', shown.quantity_text(amount, uom))


@register.filter
def count(number: int | None) -> str:
    """A count; "10,000+" above ten thousand."""
    return shown.count_text(number)


@register.filter
def initials(person: object) -> str:
    """One or two letters for a person's round mark."""
    words = [word for word in str(person).split("@")[0].replace(".", " ").split() if word]
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.filter
def yes_if(value: object, expected: object) -> str:
    """ "true" or "false", for ARIA attributes."""
    return "true" if value == expected else "false"


@register.simple_tag(takes_context=True)
def page(context: Context, name: str, *args: Any, **kwargs: Any) -> str:
    """The address of a page by URL name, inside the current page's account: `{% page "orders:one" public_id=order.public_id %}`."""
    return page_url(context.get("request"), name, *args, **kwargs)


# --- blocks ---------------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("ui/_notice.html")
def notice(text: object, tone: str = "info", title: str = "") -> dict[str, Any]:
    """A message across the page. `tone` is a Tone or a level of Django's messages; errors stay until they are closed."""
    known = {"success": Tone.DONE, "warning": Tone.WAIT, "error": Tone.STUCK, "info": Tone.FLIGHT, "debug": Tone.ASIDE}
    as_tone = known.get(tone) or Tone(tone)
    icons = {
        Tone.DONE: "circle-check",
        Tone.WAIT: "clock",
        Tone.STUCK: "alert-triangle",
        Tone.FLIGHT: "info-circle",
        Tone.ASIDE: "info-circle",
    }
    return {"text": text, "tone": as_tone, "title": title, "icon_name": icons[as_tone]}


@register.simple_block_tag
def page_header(content: str, title: str, badge: str = "", meta: str = "", back: str = "", back_label: str = "") -> SafeString:
    """The head of a page: title, status badge (`{% status ... as badge %}`), a line of meta, and as its content the actions.

    The same on every record: number, status, source link and dates in `meta`, one main action and a `menu`.
    """
    return format_html(
        '<header class="cd-page-head">{}<div class="cd-page-head-row"><div class="cd-page-title"><h1>{}</h1>{}</div>'
        '<div class="cd-actions">{}</div></div>{}</header>',
        format_html('<a class="cd-back" href="{}">{}{}</a>', back, icon("chevron-left"), back_label or _("Back")) if back else "",
        title,
        badge,
        mark_safe(content),  # noqa: S308 - the rendered inside of the block
        format_html('<div class="cd-meta">{}</div>', meta) if meta else "",
    )


@register.simple_block_tag
def card(content: str, title: str = "", meta: str = "", flush: bool = False, id: str = "") -> SafeString:
    """A panel with a title; `flush` leaves out the padding, for a table; `meta` is a quiet remark at the right of the title."""
    head = format_html('<div class="cd-card-head"><h2>{}</h2>{}</div>', title, _muted(meta)) if title else ""
    body = format_html('<div class="cd-card-body{}">{}</div>', " is-flush" if flush else "", mark_safe(content))  # noqa: S308
    return format_html('<section class="cd-card"{}>{}{}</section>', format_html(' id="{}"', id) if id else "", head, body)


@register.simple_block_tag
def menu(content: str, label: str = "", icon_name: str = "dots") -> SafeString:
    """A menu behind a button; its content is `<a class="cd-menu-item">` and `<button class="cd-menu-item">`. Works without scripts."""
    inner = format_html("{}{}", label, icon("chevron-down")) if label else icon(icon_name)
    said = "" if label else format_html(' aria-label="{}"', _("More actions"))
    return format_html(
        '<details class="cd-menu cd-menu-end" data-menu><summary class="btn{}"{}>{}</summary>'
        '<div class="cd-menu-list">{}</div></details>',
        "" if label else " btn-icon",
        said,
        inner,
        mark_safe(content),  # noqa: S308
    )


@register.simple_block_tag
def empty(content: str, icon_name: str, title: str, text: str = "") -> SafeString:
    """An empty state that teaches: what will be here and why it is not; its content is the next step as a button."""
    return format_html(
        '<div class="cd-empty"><span class="cd-empty-mark">{}</span><h3>{}</h3><p>{}</p><div class="cd-actions">{}</div></div>',
        icon(icon_name),
        title,
        text,
        mark_safe(content),  # noqa: S308
    )


@register.simple_block_tag
def selection_bar(content: str, form: str, noun: str = "") -> SafeString:
    """The bar that appears when rows of the form `form` are checked. Its content is buttons; a button with `data-confirm="#id"`
    opens that `confirm` dialog first. Rows are `<input type="checkbox" name="selected" form=… data-select>`."""
    return format_html(
        '<div class="cd-selection" data-selection="{}" hidden role="region" aria-label="{}"><span class="cd-selection-count">'
        '<strong data-selection-count>0</strong> {}</span><div class="cd-actions">{}</div>'
        '<button type="button" class="cd-icon-button" data-selection-clear aria-label="{}">{}</button></div>',
        form,
        _("Selection"),
        noun or _("selected"),
        mark_safe(content),  # noqa: S308
        _("Clear the selection"),
        icon("x"),
    )


@register.inclusion_tag("ui/_confirm.html", takes_context=True)
def confirm(
    context: Context,
    id: str,
    title: str,
    text: str,
    verb: str,
    url: str = "",
    form: str = "",
    name: str = "action",
    value: str = "",
    is_danger: bool = True,
) -> dict[str, Any]:
    """A dialog that asks once, in its own words. Opened by `<button type="button" data-dialog="#id">` or `data-confirm="#id"`.

    Its verb posts to `url`, or submits the form whose id is `form` with `name=value`. `{count}` in title and text becomes the
    number of selected rows.
    """
    return {
        "id": id,
        "title": title,
        "text": text,
        "verb": verb,
        "url": url,
        "form": form,
        "name": name,
        "value": value,
        "is_danger": is_danger,
        "csrf_token": context.get("csrf_token"),
    }


# --- lists ----------------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("ui/_tabs.html")
def tabs(tabs: Sequence[Tab], label: str = "") -> dict[str, Any]:
    """Tabs with counts, each a link: the tab is in the address bar."""
    return {"tabs": tabs, "label": label or _("Views")}


@register.inclusion_tag("ui/_filter_bar.html", takes_context=True)
def filter_bar(context: Context, bar: Any, columns: Any = None) -> dict[str, Any]:
    """A list's search box, facets and chips (a `filters.FilterBar`) as a GET form; beside it the choice of columns, if given.

    The filter is in the address bar, so a colleague can open it.
    """
    return {"bar": bar, "columns": columns, "request": context.get("request"), "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("ui/_pager.html")
def pager(newer: str = "", older: str = "", note: str = "", is_by_name: bool = False) -> dict[str, Any]:
    """Newer and Older by keyset: `newer` and `older` are addresses, empty where there is no more. `note` is a quiet count.

    `is_by_name`: the list is in the order of names, so they are called Previous and Next.
    """
    words = (_("Previous"), _("Next")) if is_by_name else (_("Newer"), _("Older"))
    return {"newer": newer, "older": older, "note": note, "newer_word": words[0], "older_word": words[1]}


@register.inclusion_tag("ui/_column_chooser.html", takes_context=True)
def column_chooser(context: Context, columns: Any) -> dict[str, Any]:
    """Which columns a table shows (a `columns.Columns`), kept in a cookie that the server reads."""
    return {"columns": columns, "request": context.get("request"), "csrf_token": context.get("csrf_token")}


# --- records --------------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("ui/_facts.html")
def facts(rows: Sequence[Fact], hide_empty: bool = False) -> dict[str, Any]:
    """A definition list of `Fact`s; `hide_empty` leaves out those without a value."""
    return {"rows": [row for row in rows if row.value not in (None, "") or not hide_empty]}


@register.inclusion_tag("ui/_steps.html")
def steps(steps: Sequence[Step]) -> dict[str, Any]:
    """Where one is in a wizard."""
    return {"steps": steps}


@register.inclusion_tag("ui/_way.html")
def way(steps: Sequence[WayStep]) -> dict[str, Any]:
    """A record's way as a line of steps with the times between."""
    return {"steps": with_times(steps)}


@register.inclusion_tag("ui/_timeline.html")
def timeline(happenings: Sequence[Happening]) -> dict[str, Any]:
    """What happened, newest first (the view orders it); each entry can be opened."""
    return {"happenings": happenings}


@register.inclusion_tag("ui/_toggle.html", takes_context=True)
def toggle(
    context: Context, url: str, label: str, checked: bool, name: str = "on", disabled: str = "", target: str = ""
) -> dict[str, Any]:
    """A switch that posts `name=on` or nothing at once, and shows the fragment that comes back in `target` (default: itself).

    `disabled` is the sentence that says why it cannot be used. Without scripts a Save button stands beside it.
    """
    return {
        "url": url,
        "label": label,
        "checked": checked,
        "name": name,
        "disabled": disabled,
        "target": target,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("ui/_wire.html")
def wire(body: object, title: str = "", media_type: str = "application/json", note: str = "") -> dict[str, Any]:
    """One side of an exchange: JSON laid out to be read, anything else as it is; a button copies it."""
    return {"text": pretty(body, media_type), "title": title, "note": note, "media_type": media_type}


def pretty(body: object, media_type: str = "application/json") -> str:
    """`body` (text, bytes or a value) as text: JSON indented by two, whatever is not JSON unchanged, control characters escaped."""
    if isinstance(body, bytes):
        body = body.decode("utf-8", errors="backslashreplace")
    if isinstance(body, str):
        if "json" in media_type:
            try:
                body = json.loads(body)
            except (ValueError, RecursionError):
                return _printable(str(body))
        else:
            return _printable(body)
    return _printable(json.dumps(body, indent=2, ensure_ascii=False, default=str))


def _printable(text: str) -> str:
    return "".join(char if char in "\n\t" or char.isprintable() else f"\\u{ord(char):04x}" for char in text)


@register.inclusion_tag("ui/_chart.html")
def chart(plot: Any, height: int = 160) -> dict[str, Any]:
    """A plot (`plots.Plot`) over time, its figures as a table for whoever cannot see it. Its page needs `{% chart_assets %}`."""
    return {"plot": plot, "height": height, "data": plot.as_json()}


@register.inclusion_tag("ui/_chart_assets.html")
def chart_assets() -> Mapping[str, Any]:
    """The style and script of plots, for a page's `head` block."""
    return {}


@register.simple_tag
def poll(url: str, version: object = "") -> SafeString:
    """Attributes that keep an element fresh: asked every 5 s while the page is seen, 204 leaves it, 200 replaces it.

    The request carries `X-Crossdock-Version`; the answer's root element carries these attributes anew, with the next version.
    """
    return format_html('data-poll="{}" data-poll-version="{}"', url, version)


# --- forms ----------------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("ui/forms/field.html")
def form_field(field: BoundField) -> dict[str, Any]:
    """One field: label, control, help under it, error beside it. The same template that `{{ form }}` uses for every field."""
    return {"field": field}


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """A field's control alone, dressed: class, description, error mark."""
    return draw_widget(field)


@register.filter
def kind(field: BoundField) -> str:
    """What a field is to its template: "check", "choices", "secret" or "text"."""
    return field_kind(field)


@register.filter
def is_switch(widget: object) -> bool:
    """Whether a checkbox is drawn as a switch."""
    return isinstance(widget, Switch)


def _muted(text: str) -> SafeString | str:
    return format_html('<span class="cd-muted">{}</span>', text) if text else ""
