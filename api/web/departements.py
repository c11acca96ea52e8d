"""The départements as equal squares, where one looks for them on a map: small ones are read like large ones."""

from collections.abc import Mapping

from markupsafe import Markup

from api.web.charts import figure, level
from geo.communes import area_names
from geo.figures import percent

# By hand, from the centres of the communes: neighbours stay neighbours as far as squares allow. Overseas below.
SQUARES = """
..  ..  ..  ..  ..  ..  62  59  ..  ..  ..  ..
..  ..  ..  ..  76  80  60  02  08  ..  ..  ..
..  ..  50  14  27  95  93  77  51  55  57  ..
..  22  35  61  78  92  75  94  10  52  54  67
29  56  53  72  28  91  45  89  21  70  88  68
..  44  49  37  41  18  58  71  39  25  90  ..
..  85  79  86  36  03  42  69  01  74  ..  ..
..  17  16  87  23  63  43  38  73  ..  ..  ..
..  33  24  19  15  48  07  26  05  ..  ..  ..
..  40  47  46  12  30  84  04  06  ..  ..  ..
..  64  32  82  81  34  13  83  ..  ..  2B  ..
..  ..  65  31  11  66  ..  ..  ..  ..  2A  ..
..  ..  ..  09  ..  ..  ..  ..  ..  ..  ..  ..
971 972 973 974 976 975 977 978 986 987 988 ..
"""
PITCH, SIDE = 10, 9.2
COLUMN_ROW = {
    code: (column, row)
    for row, codes in enumerate(SQUARES.split("\n")[1:-1])
    for column, code in enumerate(codes.split())
    if code != ".."
}
OVERSEAS_ROW = max(row for _, row in COLUMN_ROW.values())
BOX = f"0 0 {12 * PITCH - (PITCH - SIDE):g} {(OVERSEAS_ROW + 1.4) * PITCH:g}"


def tile_map(name: str, title: str, shares: Mapping[str, float | None]) -> Markup:
    """A square for each département, darker as its share is higher; hollow where nothing is open."""
    known = {code: share for code in COLUMN_ROW if (share := shares.get(code)) is not None}
    lowest = min(known, key=lambda code: known[code], default=None)
    names = area_names("departement")
    described = f"Le plus bas : {names[lowest]}, {percent(known[lowest])}." if lowest else "Rien d’ouvert."
    drawn = Markup().join(_square(code, names[code], shares.get(code)) for code in COLUMN_ROW)
    return figure(name, title, f"{described} Tous les chiffres sont dans le tableau.", "tuiles", BOX, drawn)


def _square(code: str, name: str, share: float | None) -> Markup:
    column, row = COLUMN_ROW[code]
    top = row * PITCH + (4 if row == OVERSEAS_ROW else 0)  # set apart: they are not under the Pyrénées
    told = f"{name} ({code}) : {percent(share) if share is not None else 'rien d’ouvert'}"
    return Markup(
        '<g class="{kind}"><title>{told}</title><rect x="{x}" y="{y}" width="{side}" height="{side}" rx="1.4"/>'
        '<text x="{middle:g}" y="{base:g}">{code}</text></g>'
    ).format(
        kind="creux" if share is None else f"niveau-{level(share)}",
        told=told,
        x=column * PITCH,
        y=top,
        side=SIDE,
        middle=column * PITCH + SIDE / 2,
        base=top + SIDE / 2 + 1.6,
        code=code,
    )
