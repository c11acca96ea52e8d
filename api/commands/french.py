"""click's own words in French, whatever the machine's language: the operator's other messages are."""

import click

# click asks gettext, which would want a catalogue compiled for each machine and LANG to be set: cron sets none.
ONE = {
    "Usage:": "Usage :",
    "Options": "Options",
    "Commands": "Commandes",
    "Positional arguments": "Arguments",
    "Show this message and exit.": "Afficher cette aide.",
    "default: {default}": "par défaut : {default}",
    "required": "obligatoire",
    "Aborted!": "Interrompu.",
    "Error: {message}": "Erreur : {message}",
    "Try '{command} {option}' for help.": "« {command} {option} » aide.",
    "Missing command.": "Il manque une commande.",
    "Missing argument": "Il manque l’argument",
    "Missing option": "Il manque l’option",
    "Missing parameter": "Il manque le paramètre",
    "No such option {name!r}.": "L’option {name} n’existe pas.",
    "No such command {name!r}.": "La commande {name} n’existe pas.",
    "Invalid value: {message}": "Valeur refusée : {message}",
    "Invalid value for {param_hint}: {message}": "Valeur refusée pour {param_hint} : {message}",
    "Choose from:\n\t{choices}": "Au choix :\n\t{choices}",
    "{value!r} is not a valid {number_type}.": "« {value} » n’est pas un nombre entier.",
    "{value} is not in the range {range}.": "{value} est hors des limites ({range}).",
    "Option {name!r} does not take a value.": "L’option {name} ne prend pas de valeur.",
    "{name} {filename!r} does not exist.": "« {filename} » n’existe pas.",
    "{name} {filename!r} is a file.": "« {filename} » est un fichier.",
    "{name} {filename!r} is a directory.": "« {filename} » est un dossier.",
    "{name} {filename!r} is not readable.": "« {filename} » n’est pas lisible.",
    "{name} {filename!r} is not writable.": "« {filename} » n’est pas modifiable.",
}
SEVERAL = {
    "Got unexpected extra argument ({args})": ("Argument de trop : {args}", "Arguments de trop : {args}"),
    "Did you mean {possibility}?": ("Vouliez-vous dire {possibility} ?", "(Ou bien : {possibilities} ?)"),
    "{value!r} is not {choice}.": ("« {value} » n’est pas {choice}.", "« {value} » n’est pas l’un de : {choices}."),
    "{value!r} does not match the format {format}.": (
        "« {value} » n’a pas la forme {format}.",
        "« {value} » n’a aucune des formes {formats}.",
    ),
    "Option {name!r} requires an argument.": (
        "L’option {name} attend une valeur.",
        "L’option {name} attend {nargs} valeurs.",
    ),
}
MODULES = (click.core, click.exceptions, click.types, click.parser, click.formatting, click.decorators)


def speak_french() -> None:
    """From here on, in this process; what has no translation stays as click says it."""
    for module in MODULES:
        vars(module).update(_=translated, ngettext=counted)


def translated(message: str) -> str:
    return ONE.get(message, message)


def counted(one: str, several: str, number: int) -> str:
    """French counts 0 and 1 alike."""
    in_french = SEVERAL.get(one, (one, several))
    return in_french[0] if number < 2 else in_french[1]
