"""`crossdock keys`."""

import argparse
import sys

NAME = "keys"
HELP = "the keys that wrap this installation's secrets: list, rotate, retire, export"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do."""
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    steps.add_parser("list", help="each key of the key file: id, when it was made, what it is used for; never the key itself")
    steps.add_parser("rotate", help="put a new key into the key file and wrap every data key with it; the old ones stay")
    retire = steps.add_parser("retire", help="take a key out of the key file that wraps nothing any more")
    retire.add_argument("id", help="the key's id, as `keys list` shows it")
    steps.add_parser("export", help="print the key file, to be kept in a safe; a backup of the database does not contain it")


def run(arguments: argparse.Namespace) -> int:
    """Do one step. Raises VaultError, a sentence, where it cannot be done."""
    from crossdock.site.boot import harden, set_up_django

    harden(may_be_root=True)
    set_up_django()
    from crossdock.accounts import keyring, vault

    vault.check()
    match arguments.step:
        case "list":
            for key in keyring.listed():
                sys.stdout.write(f"{key.id}  {key.created}  {key.use}\n")
        case "rotate":
            sys.stdout.write(f"{vault.rotate()} wraps everything now. Keep a copy of the key file: crossdock keys export\n")
        case "retire":
            vault.retire(arguments.id)
            sys.stdout.write(f"{arguments.id} is out of the key file.\n")
        case "export":
            sys.stdout.write(keyring.key_file().read_text() + "\n")
    return 0
