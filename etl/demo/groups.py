"""Hospital groups and cooperations: the root lists that come before the entities."""

from etl.demo.country import Country
from etl.demo.mix import sorts

Json = dict[str, object]

HOSPITALS, COOPERATIONS = ("101", "106", "355", "292"), ("696", "697")
LARGEST_GROUP = 20


def groups(country: Country) -> Json:
    """The root's `gcc` (hospital groups, one a département) and `gco` (cooperations that are legal entities)."""
    by_departement: dict[str, list[str]] = {}
    cooperations: list[Json] = []
    for index, (head, home) in enumerate(zip(country.plan.heads, country.plan.homes, strict=True)):
        code, number = sorts()[head].code, str(index + 1)
        if code in HOSPITALS:
            by_departement.setdefault(country.places.communes[home].departement, []).append(number)
        elif code in COOPERATIONS:
            cooperations.append({"pmSmsseId": number, "typeGco": "003", "pmejDuGco": [], "egeDuGco": []})
    members = sorted(by_departement.items())
    return {"gcc": [_group(rank, *each) for rank, each in enumerate(members, start=1)], "gco": cooperations}


def _group(rank: int, departement: str, members: list[str]) -> Json:
    day = "2025-10-21 19:19:05"
    event = {
        "evenementId": str(600_000 + rank), "dateEnregistrement": day, "dateEvenement": "2017-01-01",
        "etatObjet1": "003", "identifiantObjet1": str(rank), "systemeMaitre": "01", "typeObjet1": "GR",
        "codeEvenement": "003",
    }  # fmt: skip
    roles = [{"pmSmsseId": n, "typeRoleEntiteGroupe": "S" if n == members[0] else "M"} for n in members[:LARGEST_GROUP]]
    return {
        "gccId": str(rank), "nomGcc": f"{departement} Groupement fictif {rank}", "typeGcc": "001",
        "gccIdentifiantExterne": str(10_000 + rank), "engagement": [], "evenement": [event], "pmejDuGcc": roles,
        "egeDuGcc": [], "etatObjet": "A", "dateDerniereMaj": day,
    }  # fmt: skip
