"""The `lum1` command: everything an operator does."""

import sys
from importlib import import_module

import click

from api.commands import french
from api.commands.database import explained_in_one_sentence
from geo import discretion
from geo.errors import Lum1Error

# Which module of `api.commands` has each: only that of the command asked for is read, all of them take seconds.
MODULES = {
    "start": "instance",
    "stop": "instance",
    "status": "instance",
    "doctor": "instance",
    "worker": "worker",
    "refresh": "refreshing",
    "search": "searching",
    "rollback": "refreshing",
    "withdraw": "acts",
    "links": "acts",
    "pin": "positions",
    "positions": "positions",
    "loads": "records",
    "verify": "records",
    "export": "records",
    "tiles": "tiles",
}


class Commands(click.Group):
    """Commands found when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in MODULES:
            return None
        found: click.Command = getattr(import_module(f"api.commands.{MODULES[cmd_name]}"), cmd_name)
        return found


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, subcommand_metavar="COMMANDE [OPTIONS]"
)
def lum1() -> None:
    """Annuaire cartographique des structures sanitaires et sociales."""


def main() -> int:
    """Run a command; a domain error is one sentence on standard error and exit code 1."""
    french.speak_french()
    try:
        with explained_in_one_sentence():
            lum1.main(prog_name="./lum1", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        print("\nInterrompu : la même commande reprend où elle en était.", file=sys.stderr)
        return 130
    except Lum1Error as error:
        print(f"lum1 : {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.excepthook = discretion.hook
    sys.exit(main())
