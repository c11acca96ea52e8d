"""What happens to SIRENE's units after the stock, as the API's pages tell it."""

import numpy as np

CLOSES, MOVES, OPENS = "closes", "moves", "opens"
RENAMED = "renamed"  # another sign
TOUCHED = "touched"  # treated again, nothing that we read changed
MASKED, MASKED_HERE, MASKED_UNIT = "masked", "masked_here", "masked_unit"  # turn P: on both levels, or on one of them
SHOWN = "shown"  # from P to O
TURNED_P = (MASKED, MASKED_HERE, MASKED_UNIT)

SHARE = 0.03  # of units: more than a day of the register, so that a small country has some of each
TO_ANYONE = {CLOSES: 4, MOVES: 2, RENAMED: 4, TOUCHED: 6, MASKED: 6, MASKED_HERE: 2, MASKED_UNIT: 2}
TO_COMPANIES = {CLOSES: 4, RENAMED: 4, TOUCHED: 6, MASKED_HERE: 2}  # those of FINESS
TO_THE_MASKED = {SHOWN: 1, TOUCHED: 1}


def draw_events(
    draw: np.random.Generator, count: int, *, of_companies: bool = False, masked: bool = False
) -> list[str | None]:
    """One for a few of them, none for the others."""
    weights = TO_COMPANIES if of_companies else TO_THE_MASKED if masked else TO_ANYONE
    shares = np.array(list(weights.values())) / sum(weights.values())
    drawn = draw.choice(list(weights), count, p=shares)
    return [str(event) if chosen else None for event, chosen in zip(drawn, draw.random(count) < SHARE, strict=True)]
