"""What click says by itself, in French."""

import inspect
import re

import click
import pytest

from api.commands import french


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["frobnicate"], "Erreur : La commande frobnicate n’existe pas."),
        (["start", "--frob"], "Erreur : L’option --frob n’existe pas."),
        (["start", "--demo", "beaucoup"], "« beaucoup » n’est pas un nombre entier."),
        (["start", "--port", "99999"], "99999 est hors des limites"),
        (["start", "--finess", "absent.json"], "« absent.json » n’existe pas."),
        (["rollback"], "Erreur : Il manque l’argument"),
        (["export", "structures"], "Erreur : Il manque l’option '-o'"),
        (["export", "routes", "-o", "x"], "« routes » n’est pas l’un de : 'structures', 'changes', 'links'."),
        (["links", "accept", "1", "2", "--by", " ", "--reason", "appelé"], "--by est vide"),
        (["links", "reject", "1", "2", "--by", "Ana", "--reason", ""], "--reason est vide"),
        (["withdraw", "1", "--reason", "\u00a0 "], "--reason est vide"),
        (
            ["links", "accept", "1", "2", "--by", "\udcff", "--reason", "appelé"],
            "--by contient des octets qui ne sont pas",
        ),
        (["withdraw", "1", "--reason", "dossier\0"], "--reason contient des octets qui ne sont pas"),
        (["status", "maintenant"], "Argument de trop : maintenant"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_said_in_french_with_the_program_s_name(lum1_here, arguments, sentence):
    failed = lum1_here(*arguments, LANG="C")
    assert failed.returncode == 2
    assert failed.stderr.startswith("Usage : ./lum1 ")
    assert sentence in failed.stderr
    assert not re.search(r"Try |Error|Invalid|Missing|Got", failed.stderr)


def test_help_is_in_french(lum1_here):
    helped = lum1_here("loads", "--help").stdout
    assert helped.startswith("Usage : ./lum1 loads")
    assert "Afficher cette aide." in helped
    assert "par défaut : 20" in helped


@pytest.mark.parametrize("message", [*french.ONE, *french.SEVERAL])
def test_click_still_says_what_is_translated(message):
    source = "".join(map(inspect.getsource, (*french.MODULES, click.Option)))
    assert repr(message)[1:-1] in source or message in source
