"""Words a letter away."""

from string import ascii_lowercase, digits

ALPHABET = ascii_lowercase + digits  # of compared words (search.french)


def a_letter_away(word: str) -> list[str]:
    """The word, and what it becomes when a letter is left out, added, another, or has changed places with the next; sorted.

    >>> len(a_letter_away("ime")), "mie" in a_letter_away("ime"), "imee" in a_letter_away("ime")
    (243, True, True)
    """
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    left_out = (before + after[1:] for before, after in cuts if after)
    swapped = (before + after[1] + after[0] + after[2:] for before, after in cuts if len(after) > 1)
    others = (before + letter + after[1:] for before, after in cuts if after for letter in ALPHABET)
    added = (before + letter + after for before, after in cuts for letter in ALPHABET)
    return sorted({word, *left_out, *swapped, *others, *added})
