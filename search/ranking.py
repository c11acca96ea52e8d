"""Every weight of the order of relevance, with the search it serves (docs/ranking.md explains how they combine)."""

# Where a word of the question was found: the best field counts, once per word.
NAME = 4.0  # "pasteur" brings the clinics called Pasteur before those in a rue or a group called so
OTHER_NAME = 3.5  # the short name is a name too, a little less
CATEGORIE = 3.0  # "ehpad" brings every EHPAD, named so or not
PLACE = (
    3.5  # "les tilleuls" brings what is called so before what is in Saint-Ouen-du-Tilleul; a whole town's name: COMMUNE
)
ENTITY = 1.0  # "korian" brings the houses of the group, after one that bears the name

BY_FIELD = {"name": NAME, "other": OTHER_NAME, "categorie": CATEGORIE, "place": PLACE, "entity": ENTITY}

# What a word found otherwise than as typed keeps of its field's weight.
SAME = 0.9  # "dentiste" finds « centre dentaire », after what is called « dentiste »
JOINED = 0.9  # "domus vi" finds DOMUSVI, "gustaveroussy" GUSTAVE ROUSSY
PREFIX = 0.7  # when the last word is only begun
TYPO = 0.5  # when a letter or two differ: never before a word that matches
LEFT_OUT = -2.0  # each word given up because nothing holds them all: "enfant autiste metz" finds « autisme » in Metz

# What the question names as a whole.
KIND = 4.0  # "hôpital" is the hospitals before the pharmacies of the town called L'Hôpital
COMMUNE = 9.0  # "pharmacie saint-étienne" is those of the city before those called « Saint-Étienne » elsewhere, and…
COMMUNE_SIZE = (
    1.0  # …for each tenfold of inhabitants: "ehpad saint-joseph" is first the houses called so, "valence" the city
)
DEPARTEMENT = 8.5  # "ehpad vienne" is the town of Vienne, then the département, then those called so
REGION = 8.0  # "ssiad bretagne"

EXACT_NAME = 12.0  # "clinique pasteur" finds that clinic before "clinique pasteur annexe"
COVERAGE = 2.0  # among names that hold all the words, the one with the fewest others
COMPLETE = 0.5  # all else equal, one that can be called and found on the map
CLOSED = -6.0  # with open=all, a closed one comes after the open ones that match as well

# Lines under the search box: what is typed so far is often the beginning of a name.
TYPED_SAME_NAME = 12.0  # as in a search: the one called exactly so
TYPED_NAME_BEGINS = 4.0  # "clinique past" brings the Clinique Pasteur before a clinic in a rue Pasteur
TYPED_LAST_WORD = (
    4.0  # "pharmacie p" brings the Grande Pharmacie Pasteur before a pharmacy "par…"; they may still be meant
)
TYPED_LOOKED_FOR = 2.0  # "saint lou" brings the hospital before the pharmacies called so, unless these are at hand
LOOKED_FOR_BY_NAME = frozenset({101, 106, 114, 122, 128, 129, 131, 292, 355, 365})  # hospitals, clinics: known by name

DISTANCE_HALF_M = 10_000.0  # at this distance from the point, nearness counts half
SURROUNDINGS = 480.0  # at a town that has none, 0 at the edge: "chu dijon" is the nearest, whatever its name
NEARNESS = 6.0  # at the point itself: as much as a word and a half found in the name
