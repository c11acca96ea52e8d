"""Every weight of the order of relevance, with the search it serves (docs/ranking.md explains how they combine)."""

# Where a word of the question was found: the best field counts, once per word.
NAME = 4.0  # "pasteur" brings the clinics called Pasteur before those in a rue or a group called so
OTHER_NAME = 3.5  # the short name is a name too, a little less
CATEGORIE = 3.0  # "ehpad" brings every EHPAD, named so or not
PLACE = 5.0  # "ehpad lorient" prefers Lorient over an EHPAD elsewhere that is called Lorient
ENTITY = 1.0  # "korian" brings the houses of the group, after one that bears the name

PREFIX = 0.7  # of a field's weight, when the last word is only begun
TYPO = 0.5  # of a field's weight, when a letter or two differ: never before a word that matches

EXACT_NAME = 12.0  # "clinique pasteur" finds that clinic before "clinique pasteur annexe"
COVERAGE = 2.0  # among names that hold all the words, the one with the fewest others
COMPLETE = 0.5  # all else equal, one that can be called and found on the map
CLOSED = -6.0  # with open=all, a closed one comes after the open ones that match as well

# Lines under the search box: what is typed so far is often the beginning of a name.
TYPED_SAME_NAME = 12.0  # as in a search: the one called exactly so
TYPED_NAME_BEGINS = 4.0  # "clinique past" brings the Clinique Pasteur before a clinic in a rue Pasteur
TYPED_LOOKED_FOR = 2.0  # "saint lou" brings the hospital before the pharmacies called so, unless these are at hand
LOOKED_FOR_BY_NAME = frozenset({101, 106, 114, 122, 128, 129, 131, 292, 355, 365})  # hospitals, clinics: known by name

DISTANCE_HALF_M = 10_000.0  # at this distance from the point, nearness counts half
NEARNESS = 6.0  # at the point itself: as much as a word and a half found in the name
