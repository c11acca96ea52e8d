"""The `lum1` command: everything an operator does."""

import sys

import click

from api.commands import acts, french, instance, positions, records, refreshing, worker
from api.commands.database import explained_in_one_sentence
from geo import discretion
from geo.errors import Lum1Error


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, subcommand_metavar="COMMANDE [OPTIONS]")
def lum1() -> None:
    """Annuaire cartographique des structures sanitaires et sociales."""


for command in (
    instance.start,
    instance.stop,
    instance.status,
    instance.doctor,
    worker.worker,
    refreshing.refresh,
    refreshing.search,
    refreshing.rollback,
    acts.withdraw,
    acts.links,
    positions.pin,
    positions.positions,
    records.loads,
    records.verify,
    records.export,
):
    lum1.add_command(command)


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
