"""What a client prefers, as RFC 9110 § 12.4 and § 12.5 write it: `Accept`, `Accept-Encoding`."""

GEOJSON = "application/geo+json"


def prefers_geojson(accept: str) -> bool:
    """Whether GeoJSON is named, and not below plain JSON."""
    weights = weights_in(accept)
    named = weights.get(GEOJSON, 0.0)
    plain = next((weights[r] for r in ("application/json", "application/*", "*/*") if r in weights), 0.0)
    return named > 0 and named >= plain


def preferred_encoding(accept_encoding: str) -> str:
    """The encoding that a client likes best of ours; of those it likes alike the smallest. Who takes none gets it plain.

    >>> [preferred_encoding(each) for each in ("gzip, deflate, br", "br;q=0.1, gzip", "gzip;q=0.1, identity", "")]
    ['br', 'gzip', 'identity', 'identity']
    """
    weights = weights_in(accept_encoding)
    liked = {"br": weights.get("*", 0.0), "gzip": weights.get("*", 0.0), "identity": 0.0} | weights
    best = max(("br", "gzip", "identity"), key=lambda name: liked[name])
    return best if liked[best] > 0 else "identity"


def weights_in(header: str) -> dict[str, float]:
    """Each name of the list with its weight; an unreadable weight refuses.

    >>> weights_in("text/HTML, application/json;q=0.5, */*; q=x")
    {'text/html': 1.0, 'application/json': 0.5, '*/*': 0.0}
    """
    found = {}
    for item in header.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        weight = next((each.removeprefix("q=") for each in parameters if each.startswith("q=")), "1")
        found[name] = _weight(weight)
    return found


def _weight(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
