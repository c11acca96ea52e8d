"""Numbers that cannot be real, so that nobody takes an invented structure for one that exists (docs/demo.md)."""

FINESS_MARK = "Z"  # third character: FINESS gives a digit there, whatever the département

# SIREN beginning with 1 are the State's, and among them neither 14 nor 16 is in use, as far as we have seen (15 is: the
# gendarmerie). Roots that look freer are not: units exist from 000 325 175 upwards, and new ones have reached 99.
SIREN_ROOTS = ("14", "16")
SIRENS_PER_ROOT = 1_000_000
SIREN_CAPACITY = SIRENS_PER_ROOT * len(SIREN_ROOTS)

# Kept by ARCEP for works of fiction (décision 2018-0881, annexe), by zone of the real plan; overseas take the last.
PHONE_ROOTS = {1: "019900", 2: "026191", 3: "035301", 4: "046571", 5: "053649", 6: "063998"}
PHONES_PER_ROOT = 10_000


def demo_finess(departement: str, rank: int) -> str:
    """Nine characters of the published form; overseas, the fourth digit tells the département as in real numbers."""
    within = f"{departement[2]}{rank:05d}" if len(departement) == 3 else f"{rank:06d}"
    if len(within) > 6:
        raise ValueError(f"no invented FINESS number is left in département {departement}")
    return f"{departement[:2]}{FINESS_MARK}{within}"


def is_demo_finess(finess: str) -> bool:
    """Whether this number is one of ours."""
    return len(finess) == 9 and finess[2] == FINESS_MARK


def demo_siren(rank: int) -> str:
    """Nine digits with a valid key, growing with the rank: the pipelines check the key as they do a real one's."""
    if rank >= SIREN_CAPACITY:
        raise ValueError("no invented SIREN is left: ask for a smaller demo, or one without SIRENE")
    return _with_key(f"{SIREN_ROOTS[rank // SIRENS_PER_ROOT]}{rank % SIRENS_PER_ROOT:06d}")


def is_demo_siren(siren: str) -> bool:
    """Whether this number is one of ours."""
    return siren.startswith(SIREN_ROOTS)


def demo_siret(siren: str, rank: int) -> str:
    """Fourteen digits with a valid key; establishments are numbered from 1 as INSEE does."""
    return _with_key(f"{siren}{rank:04d}")


def demo_phone(zone: int, rank: int) -> str:
    """Ten digits in a range kept for fiction."""
    return f"{PHONE_ROOTS[zone]}{rank % PHONES_PER_ROOT:04d}"


_DOUBLED = {digit: (int(digit) * 2 - 9 if digit > "4" else int(digit) * 2) for digit in "0123456789"}


def _with_key(digits: str) -> str:
    """The Luhn key appended: the last digit so far is the first one doubled."""
    weighted = sum(_DOUBLED[digit] for digit in digits[::-2]) + sum(map(int, digits[-2::-2]))
    return f"{digits}{-weighted % 10}"
