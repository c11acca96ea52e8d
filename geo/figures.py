"""Numbers, shares, durations and sizes as French writes them."""

NARROW_SPACE = "\u202f"


def number(value: float) -> str:
    """Thousands apart; decimals only when there are some.

    >>> [number(n) for n in (76764, -12, 0.5)]
    ['76\u202f764', '-12', '0,5']
    """
    whole = round(value, 1)
    written = f"{int(whole):,}" if whole == int(whole) else f"{whole:,.1f}".replace(".", "\u2003")
    return written.replace(",", NARROW_SPACE).replace("\u2003", ",")


def signed(value: float) -> str:
    """A difference: its sign is always written, and nothing is what did not move.

    >>> [signed(n) for n in (12, -3400, 0)]
    ['+12', '−3\u202f400', '=']
    """
    if not value:
        return "="
    return ("+" if value > 0 else "−") + number(abs(value))


def percent(part: float, whole: float = 1) -> str:
    """A share; only all is said to be 100 %, only nothing 0 %.

    >>> [percent(n, 100_000) for n in (0, 1, 84_300, 99_999, 100_000)]
    ['0\u202f%', '<\u202f0,1\u202f%', '84,3\u202f%', '>\u202f99,9\u202f%', '100\u202f%']
    """
    share = 100 * part / whole if whole else 0.0
    if 0 < share < 0.1:
        return f"<{NARROW_SPACE}0,1{NARROW_SPACE}%"
    if 99.9 < share < 100:
        return f">{NARROW_SPACE}99,9{NARROW_SPACE}%"
    return f"{number(share)}{NARROW_SPACE}%"


def duration(seconds: float) -> str:
    """A time spent.

    >>> [duration(s) for s in (0.04, 41.23, 185, 4320)]
    ['<\u202f0,1\u202fs', '41,2\u202fs', '3\u202fmin\u202f05\u202fs', '1\u202fh\u202f12\u202fmin']
    """
    if seconds < 0.05:
        return f"<{NARROW_SPACE}0,1{NARROW_SPACE}s"
    if seconds < 60:
        return f"{number(seconds)}{NARROW_SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{NARROW_SPACE}min{NARROW_SPACE}{rest:02}{NARROW_SPACE}s"
    return f"{minutes // 60}{NARROW_SPACE}h{NARROW_SPACE}{minutes % 60:02}{NARROW_SPACE}min"


def metres(distance_m: float) -> str:
    """A distance.

    >>> [metres(n) for n in (3.4, 641.2, 12_345)]
    ['3\u202fm', '641\u202fm', '12,3\u202fkm']
    """
    if distance_m < 1_000:
        return f"{number(round(distance_m))}{NARROW_SPACE}m"
    return f"{number(round(distance_m / 1_000, 1))}{NARROW_SPACE}km"


def size(octets: float) -> str:
    """A file's size.

    >>> [size(n) for n in (812, 50_395_722)]
    ['812\u202foctets', '50,4\u202fMo']
    """
    for unit, name in ((1e9, "Go"), (1e6, "Mo"), (1e3, "ko")):
        if octets >= unit:
            return f"{number(octets / unit)}{NARROW_SPACE}{name}"
    return f"{number(octets)}{NARROW_SPACE}octets"
