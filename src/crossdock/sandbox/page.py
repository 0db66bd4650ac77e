"""The control page: another look than the product's, so that nobody takes the sandbox for the truth. No script, no outside files."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from crossdock.connectors.kit.simulator import Action, Field, Form, Simulator, Table

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}

STYLE = """
:root { color-scheme: light dark; --ink: #2b1d0e; --paper: #fff8e6; --line: #c9a45c; --loud: #8a4b00; --sheet: #fffdf6; }
@media (prefers-color-scheme: dark) { :root { --ink: #f6e7c8; --paper: #241a0c; --line: #7a5a1f; --loud: #ffc266; --sheet: #2e2212; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 ui-monospace, Menlo, Consolas, monospace; }
.bar { background: repeating-linear-gradient(135deg, #e8a200 0 18px, #2b1d0e 18px 36px); padding: 6px 16px; }
.bar strong { background: #fff8e6; color: #2b1d0e; padding: 2px 10px; }
main { max-width: 1400px; margin: 0 auto; padding: 12px 16px 48px; }
nav a { margin-right: 14px; }
a { color: var(--loud); }
h1 { font-size: 22px; } h2 { font-size: 17px; margin: 28px 0 8px; }
form.panel, .sheet { background: var(--sheet); border: 1px dashed var(--line); padding: 12px; margin: 0 0 12px; }
form.panel { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: end; }
form.row { display: inline-flex; gap: 4px; margin: 0 8px 4px 0; align-items: center; }
form.row label { font-size: 12px; }
summary { cursor: pointer; color: var(--loud); }
label { display: flex; flex-direction: column; font-size: 13px; }
label.switch { flex-direction: row; gap: 6px; align-items: center; }
input, select, textarea, button { font: inherit; padding: 3px 6px; border: 1px solid var(--line); color: var(--ink); }
input, select, textarea, button { background: var(--paper); }
input[type=number] { width: 6em; }
button { border-width: 2px; cursor: pointer; font-weight: 600; }
button:focus-visible, input:focus-visible, select:focus-visible, a:focus-visible { outline: 3px solid var(--loud); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 4px 8px; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-size: 12px; text-transform: uppercase; letter-spacing: .04em; }
.said { border: 2px solid var(--loud); padding: 8px 12px; margin: 12px 0; }
.dim { opacity: .8; overflow-wrap: anywhere; }
td { white-space: pre-line; }
"""


def page(title: str, body: str, *, tabs: Mapping[str, str], here: str | None, said: str | None) -> str:
    """A whole page. `tabs` are names by platform; `said` is what the last button did."""
    links = "".join(
        f'<a href="/_sandbox/{escape(key)}/"{" aria-current=page" if key == here else ""}>{escape(name)}</a>'
        for key, name in tabs.items()
    )
    note = f'<p class="said" role="status">{escape(said)}</p>' if said else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{escape(title)} · Crossdock sandbox</title><link rel="stylesheet" href="/_sandbox/style.css"></head><body>'
        '<div class="bar"><strong>SANDBOX: nothing here is real</strong></div>'
        f'<main><nav aria-label="Platforms"><a href="/_sandbox/">Overview</a>{links}</nav>'
        f"<h1>{escape(title)}</h1>{note}{body}</main></body></html>"
    )


def platform_page(simulator: Simulator, token: str) -> str:
    """What one platform shows and takes: its own panel, then the faults."""
    panel = simulator.panel()
    parts = [f'<p class="dim">{escape(note)}</p>' for note in panel.notes]
    parts += [_form(simulator.key, form, token) for form in panel.forms]
    parts += [_table(simulator.key, table, token) for table in panel.tables]
    parts.append(_faults(simulator, token))
    parts.append(_log(simulator))
    return "".join(parts)


def overview(simulators: Mapping[str, Simulator], facts: Mapping[str, str]) -> str:
    """Where everything is."""
    rows = "".join(f"<tr><th scope=row>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts.items())
    counts = "".join(
        f'<tr><td><a href="/_sandbox/{escape(key)}/">{escape(one.name)}</a></td><td>{len(one.log)}</td>'
        f"<td>{len(one.writes())}</td><td>{sum(one.troubles.done.values())}</td></tr>"
        for key, one in simulators.items()
    )
    return (
        "<p>Stand-ins of the platforms. Place orders here, watch them arrive in Crossdock, ship them, break the line.</p>"
        f'<div class="scroll sheet"><table>{rows}</table></div><h2>Platforms</h2><div class="scroll"><table>'
        "<thead><tr><th scope=col>Platform</th><th scope=col>Requests</th><th scope=col>Writes</th><th scope=col>Faults</th></tr>"
        f"</thead><tbody>{counts}</tbody></table></div>"
    )


def _form(key: str, form: Form, token: str) -> str:
    helped = f'<p class="dim">{escape(form.help)}</p>' if form.help else ""
    fields = "".join(_field(field) for field in form.fields)
    return (
        f'<h2>{escape(form.title)}</h2>{helped}<form class=panel method=post action="/_sandbox/{escape(key)}/do/{escape(form.lever)}">'
        f"{_hidden(token)}{fields}<button>{escape(form.button)}</button></form>"
    )


def _hidden(token: str) -> str:
    return f'<input type="hidden" name="_token" value="{escape(token)}">'


def _field(field: Field) -> str:
    name, value = escape(field.name), "" if field.default is None else escape(str(field.default))
    if field.kind == "hidden":
        return f'<input type="hidden" name="{name}" value="{value}">'
    if field.kind == "switch":
        checked = " checked" if field.default else ""
        # A box that is not ticked is not sent; the hidden value before it is then the answer.
        off = f'<input type="hidden" name="{name}" value="false">'
        return (
            f'{off}<label class="switch"><input type="checkbox" name="{name}" value="true"{checked}>{escape(field.label)}</label>'
        )
    if field.kind == "choice":
        options = "".join(
            f'<option value="{escape(one)}"{" selected" if one == field.default else ""}>{escape(label)}</option>'
            for one, label in field.choices
        )
        control = f'<select name="{name}">{options}</select>'
    elif field.kind == "long":
        control = f'<textarea name="{name}" rows="1">{value}</textarea>'
    else:
        kind = "number" if field.kind == "number" else "text"
        control = f'<input type="{kind}" name="{name}" value="{value}">'
    helped = f"<small>{escape(field.help)}</small>" if field.help else ""
    return f"<label>{escape(field.label)}{control}{helped}</label>"


def _action(key: str, action: Action, token: str) -> str:
    fixed = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(_text(value))}">' for name, value in action.arguments.items()
    )
    fields = "".join(_field(field) for field in action.fields)
    return (
        f'<form class="row" method="post" action="/_sandbox/{escape(key)}/do/{escape(action.lever)}">'
        f"{_hidden(token)}{fixed}{fields}<button>{escape(action.label)}</button></form>"
    )


def _actions(key: str, actions: tuple[Action, ...], token: str) -> str:
    """Plain buttons in sight, those that ask something folded away."""
    plain = "".join(_action(key, action, token) for action in actions if not action.fields)
    asking = "".join(_action(key, action, token) for action in actions if action.fields)
    return plain + (f"<details><summary>More</summary>{asking}</details>" if asking else "")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _table(key: str, table: Table, token: str) -> str:
    if not table.rows:
        return f"<h2>{escape(table.title)}</h2><p>{escape(table.empty)}</p>"
    has_actions = any(row.actions for row in table.rows)
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in table.columns) + (
        "<th scope=col>Do</th>" if has_actions else ""
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in row.cells)
        + (f"<td>{_actions(key, row.actions, token)}</td>" if has_actions else "")
        + "</tr>"
        for row in table.rows
    )
    return (
        f'<h2>{escape(table.title)}</h2><div class="scroll" tabindex="0" role="region" aria-label="{escape(table.title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _faults(simulator: Simulator, token: str) -> str:
    statuses = tuple((str(status), str(status)) for status in (429, 500, 502, 503, 504, 401, 403, 404))
    forms = (
        Form("Faults", "fail_next", "Fail", (
            Field("n", "Next requests", "number", default=1),
            Field("status", "With status", "choice", default="503", choices=statuses),
            Field("after_write", "After the work was done", "switch", default=False),
        )),
        Form("Cut the line after the write", "hang_up_after_write", "Cut", (Field("n", "Next writes", "number", default=1),)),
        Form("Cut the line before the write", "hang_up_before_write", "Cut", (Field("n", "Next writes", "number", default=1),)),
        Form("Slow down", "delay", "Set", (Field("seconds", "Seconds", default="0"),)),
        Form("By chance", "faults", "Set", (
            Field("rate", "Share of requests (0 to 1)", default="0.05"),
            Field("seed", "Seed", "number", default=1),
        )),
        Form("Refuse the credentials", "revoke_key", "Revoke"),
        Form("End all faults", "calm", "Calm"),
    )  # fmt: skip
    counts = ", ".join(f"{name}: {count}" for name, count in sorted(simulator.troubles.done.items())) or "none"
    waiting = ", ".join(f"{fault.name} × {fault.left}" for fault in simulator.troubles.waiting) or "none"
    return f'<p class="dim">Faults so far: {escape(counts)}. Still to come: {escape(waiting)}.</p>' + "".join(
        _form(simulator.key, form, token) for form in forms
    )


def _log(simulator: Simulator) -> str:
    rows = "".join(
        f"<tr><td>{entry.at:%H:%M:%S}</td><td>{escape(entry.method)}</td><td>{escape(entry.operation)}</td>"
        f"<td>{'write' if entry.is_write else 'read'}</td><td>{entry.status or 'cut'}</td><td>{escape(entry.fault or '')}</td></tr>"
        for entry in reversed(simulator.log[-50:])
    )
    return (
        '<h2>Last requests</h2><div class="scroll" tabindex="0" role="region" aria-label="Last requests"><table><thead><tr>'
        "<th scope=col>At</th><th scope=col>Method</th><th scope=col>Operation</th><th scope=col>Kind</th>"
        f"<th scope=col>Status</th><th scope=col>Fault</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
