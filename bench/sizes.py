"""How large each run is: everything, a look, a test."""

import msgspec


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of establishments, but for `requests` and `heap_mib`."""

    volume: int
    raw_bytes: int  # of the volume's JSON before compression
    activities: int  # in the second flow of the volume
    tenfold: int | None  # of the official file, then ten times as many; None: all of it
    days: int | None  # of two days that are made up; None: the official days where they are
    stock: int  # of SIRENE, in or out of our field
    country: int  # structures that are drawn, and asked
    documents: int  # of them, given to addok too
    requests: int  # timed for each question
    heap_mib: int  # of the search server


LIVE_RAW_BYTES = 715_000_000  # the flow of November 2026 (DATA-FACTS § 1.1)
ACTIVITIES = 600_000  # the second flow had 590,440

FULL = Sizes(
    volume=175_000,
    raw_bytes=LIVE_RAW_BYTES,
    activities=ACTIVITIES,
    tenfold=None,
    days=None,
    stock=20_000_000,
    country=2_000_000,
    documents=200_000,
    requests=200,
    heap_mib=2_048,
)
QUICK = Sizes(
    volume=20_000,
    raw_bytes=LIVE_RAW_BYTES * 20 // 175,
    activities=ACTIVITIES * 20 // 175,
    tenfold=5_000,
    days=10_000,
    stock=1_000_000,
    country=200_000,
    documents=20_000,
    requests=60,
    heap_mib=1_024,
)
MADE_UP_DAYS = 75_000  # where the official days are wanted and absent: about as many
