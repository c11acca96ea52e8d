"""What is typed so far, as both engines read it: the words that are said, the last of them only begun."""

from search.french import STOP_WORDS, words_of

Said = tuple[str, ...]

LEAST_DIGITS = 5  # of a number that is begun; fewer may be a postcode's, or a year
LEAST_LETTERS_FOR_TYPOS = 4  # shorter beginnings are other words once a letter changes
MANY_HEARD = 500  # words that sound alike, or begin so


def words_typed(words: str) -> tuple[Said, Said]:
    """The words that are typed; and without the last one, where it may become a small word that says nothing.

    « lbm c » may become « lbm cerballiance » or « lbm ce… »: who bears such a word comes first, and nobody is out yet.
    """
    written = words_of(words)
    said = tuple(word for word in written if word not in STOP_WORDS)
    if not said:
        return written[-1:], written[-1:]  # « du par » is on its way to « du Parc »
    last = written[-1]
    if not words[-1].isalnum() or not any(each.startswith(last) for each in STOP_WORDS):
        return said, said
    before = said[:-1] if said[-1] == last else said
    return (*before, last), before or said
