"""Pages for operators: variables, commands, doctor's checks, figures, limits."""

import argparse
import ast
import inspect
from collections.abc import Iterator

from crossdock.connectors.kit.bounds import BOUNDS
from crossdock.site import doctor, health, shell
from crossdock.site.cli import parser
from crossdock.site.commands import COMMANDS
from crossdock.site.docs.markdown import code, table
from crossdock.site.variables import SETTLED_BY_US, VARIABLES


def configuration() -> str:
    """Every environment variable."""
    groups = list(dict.fromkeys(one.group for one in VARIABLES))
    parts = [
        "# Configuration\n",
        "Everything you set is an environment variable. A name that ends in `__` stands for one variable for each platform, "
        "its key in "
        "capitals behind it. `crossdock doctor` warns about a variable that it does not know.\n",
    ]
    for group in groups:
        rows = [
            (code(one.name + ("<PLATFORM>" if one.name.endswith("__") else "")), one.meaning, one.default, code(one.example))
            for one in VARIABLES
            if one.group == group
        ]
        if group == SETTLED_BY_US:
            parts += [f"## {group}\n", "Leave these alone.\n", table(("Variable", "What it is"), [row[:2] for row in rows])]
        else:
            parts += [f"## {group}\n", table(("Variable", "What it is", "Default", "Example"), rows)]
    return "\n".join(parts)


def commands() -> str:
    """Every command with its arguments, from the parser."""
    parts = [
        "# Commands\n",
        "Each is `crossdock NAME`; `crossdock NAME --help` says the same. With `--debug` an error shows where in the code it "
        "came from.\n",
        table(("Command", "What it does"), [(f"[`{one.NAME}`](#{one.NAME})", one.HELP) for one in COMMANDS]),
    ]
    for name, made in _subparsers(parser()).items():
        parts += [f"## {name}\n", f"{(made.description or '').strip()}\n"]
        parts += [table(("Argument", "What it is"), rows)] if (rows := _arguments(made)) else []
        steps = _subparsers(made)
        parts += [table(("Step", "What it does"), _steps(made))] if steps else []
    parts += [
        "`crossdock sandbox load PLATFORM FILE` and `crossdock bench NAME` have arguments of their own: ask them with `--help`.\n"
    ]
    return "\n".join(parts)


def _subparsers(made: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = (action for action in made._actions if isinstance(action, argparse._SubParsersAction))
    return {name: one for action in found for name, one in action.choices.items()}


def _steps(made: argparse.ArgumentParser) -> list[tuple[str, str]]:
    found = (action for action in made._actions if isinstance(action, argparse._SubParsersAction))
    return [
        (code(choice.dest + "".join(f" {name.upper()}" for name in _positionals(action.choices[choice.dest]))), choice.help or "")
        for action in found
        for choice in action._choices_actions
    ]


def _positionals(made: argparse.ArgumentParser) -> Iterator[str]:
    return (action.dest for action in made._actions if not action.option_strings)


def _arguments(made: argparse.ArgumentParser) -> list[tuple[str, str]]:
    rows = []
    for action in made._actions:
        if isinstance(action, argparse._SubParsersAction | argparse._HelpAction) or action.dest == "debug":
            continue
        name = action.option_strings[-1] if action.option_strings else str(action.metavar or action.dest)
        takes = "" if action.nargs == 0 or not action.option_strings else f" {action.metavar or action.dest.upper()}"
        text = (action.help or "") % {"default": action.default, "prog": "crossdock"}
        # A list of what is installed belongs to --help.
        rows.append((code(name + takes), "which one; `--help` lists them" if text.startswith("one of: ") else text))
    return rows


# --- Doctor -----------------------------------------------------------------------------------------------------------------------


def doctor_checks() -> str:
    """Everything that doctor can find wrong, from the findings in its source."""
    return "\n".join(
        [
            "# What doctor checks\n",
            "`crossdock doctor` looks at everything an operator can get wrong. It prints one line a check and, where "
            "something is not as "
            "it should be, what to do. It exits with 1 when a check fails; a warning alone is no failure. `--json` prints the "
            "same for "
            "machines. Run it as the user that runs Crossdock, with the same environment.\n",
            table(("Check", "State", "What it found", "What to do"), list(_findings())),
        ]
    )


def _findings() -> Iterator[tuple[str, str, str, str]]:
    """The findings that are no `ok`, in the order of the source."""
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(doctor))) if isinstance(node, ast.Call)]
    for node in sorted(calls, key=lambda call: call.lineno):
        if not (isinstance(node.func, ast.Name) and node.func.id == "Finding"):
            continue
        given = [*node.args, *(word.value for word in node.keywords)]
        if len(given) < 3 or not isinstance(given[0], ast.Constant):
            continue
        name, state, sentence = (_text(part) for part in given[:3])
        if state != "ok":
            remedy = _text(given[3]) if len(given) > 3 else ""
            yield name, "warning or failure" if state == "…" else {"warn": "warning", "fail": "failure"}[state], sentence, remedy


def _text(node: ast.expr) -> str:
    """A text in the source; what is filled in when it runs is an ellipsis."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(_text(value) for value in values)
        case _:
            return "…"


# --- Figures and limits ------------------------------------------------------------------------------------------------------------


def monitoring() -> str:
    """What machines may ask, and every figure by name."""
    return "\n".join(
        [
            "# Monitoring\n",
            table(
                ("Address", "What it says"),
                [
                    ("`/healthz`", "200 as long as a web process answers. Asks nothing else."),
                    (
                        "`/readyz`",
                        "200 when "
                        + _and(sorted(health.PARTS))
                        + " are ok, else 503. Each part has a state in one word: "
                        + "; ".join(f"{part}: {', '.join(states)}" for part, states in health.PARTS.items())
                        + ".",
                    ),
                    (
                        "`/metrics`",
                        "Figures for Prometheus. `crossdock up` serves them on loopback, one port after web's. On the public "
                        "address they "
                        "need the bearer of `CROSSDOCK_METRICS_TOKEN`; without one the address does not exist.",
                    ),
                ],
            ),
            "## Figures\n",
            "All are counted in the database when asked, over all accounts and processes. They name parts and states, never a "
            "shop or a "
            "person.\n",
            table(("Figure", "What it counts"), [(code(f"crossdock_{name}"), text) for name, text in health.MEANINGS.items()]),
            "The `effects_` figures appear once there are such effects.\n",
            "## What to be woken for\n",
            "- `crossdock_ready` is 0 for a few minutes: database, migrations or workers.\n"
            "- `crossdock_lanes_due` grows and does not fall: workers are too few, or stand still.\n"
            "- `crossdock_lanes_blocked` is not 0: a platform refuses credentials. The store or warehouse says which.\n"
            "- `crossdock_effects_unknown` stays above 0: a platform cannot say whether a change happened.\n"
            "- `crossdock_webhooks_waiting` grows: announcements come in faster than orders are read.\n",
        ]
    )


def _and(words: list[str]) -> str:
    return ", ".join(words[:-1]) + " and " + words[-1]


def limits() -> str:
    """How much of anything is taken from outside."""
    return "\n".join(
        [
            "# Limits\n",
            "How much of anything Crossdock takes from a platform. Beyond it something is wrong, or somebody means harm.\n",
            table(("What", "Limit", "Beyond it"), [(one.what, one.limit, one.beyond) for one in BOUNDS]),
            f"Web takes {shell.BODY_LIMIT // shell.MIB} MiB a request, {shell.UPLOAD_LIMIT // shell.MIB} MiB from who is "
            "signed in; the "
            f"whole body within {shell.BODY_DEADLINE:.0f} and {shell.UPLOAD_DEADLINE:.0f} seconds; "
            f"{shell.HEADERS_LIMIT // shell.KIB} KiB "
            "of headers.\n",
        ]
    )
