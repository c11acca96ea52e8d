"""Jinja with French habits: dates, distances, numbers, phones; and addresses of static files that caches may keep."""

import datetime as dt
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig
from markupsafe import Markup, escape

from api.web import once, places, registers, whereabouts, zones
from api.web.activities import by_nature, is_long
from api.web.charts import LEVEL_NAMES, bar, stacked, swatch
from api.web.departements import tile_map
from api.web.typography import FrenchSpaces
from geo import figures, licences
from geo.figures import NARROW_SPACE
from tiles.style import colour_of

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
STATIC = HERE / "static"
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def template_config() -> TemplateConfig[JinjaTemplateEngine]:
    """What the application renders pages with."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[FrenchSpaces],
    )
    environment.filters |= {
        "nombre": figures.number,
        "pourcent": figures.percent,
        "duree": figures.duration,
        "octets": figures.size,
        "metres": metres,
        "a_la_commune": places.at,
        "jour": day,
        "heure": hour,
        "tel": telephone,
        "couleur": colour_of,
        "code": code,
        "par_nature": by_nature,
        "est_longue": is_long,
        "en_mots": once.in_words,
        "conventions": once.agreements,
        "ailleurs": once.elsewhere,
        "joignable": once.reached_at,
        "activites_principales": registers.main_activities,
        "autres_noms": registers.other_names,
        "rapproche": registers.matched,
        "champs": registers.fields_in_words,
        "licence": licences.name_of,
        "ou": whereabouts.said,
        "desservi": zones.served,
        "nomme": zones.named,
    }
    environment.globals |= {
        "statique": static_address,
        "barre": bar,
        "empile": stacked,
        "nuance": swatch,
        "niveaux": LEVEL_NAMES,
        "carte_des_departements": tile_map,
    }
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment))


def metres(value: float) -> str:
    """A distance as one says it.

    >>> [metres(v) for v in (84.2, 1_240.0, 18_700.0)]
    ['84\u202fm', '1,2\u202fkm', '19\u202fkm']
    """
    if value < 1000:
        return f"{value:.0f}{NARROW_SPACE}m"
    kilometres = f"{value / 1000:.1f}" if value < 10_000 else f"{value / 1000:.0f}"
    return f"{kilometres.replace('.', ',')}{NARROW_SPACE}km"


def day(value: dt.date) -> str:
    """A date in words."""
    return f"{value.day}{'er' if value.day == 1 else ''} {MONTHS[value.month - 1]} {value.year}"


def hour(value: dt.datetime) -> str:
    """A time of the day.

    >>> hour(dt.datetime(2026, 11, 24, 3, 5))
    '3 h 05'
    """
    return f"{value.hour} h {value.minute:02}"


def telephone(value: str) -> str:
    """The target of a `tel:` link."""
    return "".join(c for c in value if c.isdigit() or c == "+")


def code(text: str) -> Markup:
    """Names between backticks, as the contract's descriptions write them, set as code.

    >>> code("`lat` < 90")
    Markup('<code>lat</code> &lt; 90')
    """
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(p) if rank % 2 else escape(p) for rank, p in enumerate(parts)
    )


@cache
def static_address(name: str) -> str:
    """A static file's address, with its content's digest: it can be cached for ever."""
    digest = hashlib.blake2b((STATIC / name).read_bytes(), digest_size=6).hexdigest()
    return f"/static/{name}?v={digest}"
