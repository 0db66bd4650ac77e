"""`crossdock doctor`."""

import argparse
import json
import sys

NAME = "doctor"
HELP = "check everything an operator can get wrong, and say how to put it right"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to look at, and how to print."""
    parser.add_argument(
        "--audit", action="store_true", help="walk the audit of every account for rows that were altered, and nothing else"
    )
    parser.add_argument("--json", action="store_true", help="one object a check: name, state, sentence, remedy")


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; 0 unless a check fails. A warning alone is not a failure."""
    from crossdock.site import doctor
    from crossdock.site.boot import harden

    harden(may_be_root=True)
    findings = doctor.examine_audit() if arguments.audit else doctor.examine()
    if arguments.json:
        json.dump({"ok": doctor.is_well(findings), "checks": [finding.as_dict() for finding in findings]}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        for finding in findings:
            sys.stdout.write(f"{finding.state.upper():5}{finding.name}: {finding.sentence}\n")
            if finding.remedy:
                sys.stdout.write(f"     {finding.remedy}\n")
    return 0 if doctor.is_well(findings) else 1
