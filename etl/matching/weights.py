"""Every weight and threshold of the matching, with its reason; docs/matching.md has the measures behind them."""

# A name: ANS's own mix. Edits forgive typing and truncation, shared words forgive order.
NAME_EDITS, NAME_WORDS = 0.6, 0.4
# « FOYER LES LILAS » beside « ESAT LES LILAS »: the proper name says which site, the rest which of its services.
NAME_PROPER, NAME_WHOLE = 0.7, 0.3
# The legal entity's name says who runs it, as for all its sites: at most this, out of 100.
NAME_MANAGER = 70.0
# « PHARMACIE » beside « PHARMACIE » says what both are, not which one: at most this, out of 100.
NAME_GENERIC = 70.0

# An address, ANS's mix again. Candidates share the commune: it is points for all, lost by half between two arrondissements.
ADDRESS_COMMUNE, ADDRESS_NUMBER, ADDRESS_STREET = 0.30, 0.30, 0.40
# The number counts as far as the streets agree: every street has a 1.
OTHER_ARRONDISSEMENT = 0.5
NUMBER_UNSAID = 0.5  # one side gives no number: neither for nor against
STREET_UNSAID = 0.25  # one side gives no street: what two streets of France have in common by chance
NEAR_M, NEAR_ADDRESS = 50.0, 90.0  # two good points at one door are one address, however it is written
FAR_M, FAR_ADDRESS = 500.0, 65.0  # two good points that far apart are two places, unless both write the same address
SAME_ADDRESS = 95.0  # written so alike that a point must be wrong
BLOCK_M = 150.0  # the front of a large site: what stands farther is another door
GOOD_PRECISION = ("pin", "housenumber")  # of FINESS
GOOD_QUALITY = ("11", "21")  # of Insee: the number was found (DATA-FACTS § 2.6)

# The whole: where it is counts more than what it is called, FINESS and SIRENE name one place each their way (ANS).
SCORE_NAME, SCORE_ADDRESS = 0.4, 0.6
SAME_SIREN = 15.0  # the legal entity is the same (ANS)
DECLARED = 15.0  # FINESS names it, right or wrong
HEIR = 15.0  # Insee says that this one took over from the one declared
NAF_EXPECTED = 5.0  # the activity of this very category: it tells two services at one door apart
NAF_FOREIGN = -15.0  # an activity that this category of establishment does not have
TAKEN = -20.0  # another FINESS number already declares it, and rightly

RARE = 5  # rows of a commune that may share a word for it to bring candidates: more is a common word
BEST = 3  # candidates a person is shown: more is a search, not a choice

ACCEPT = 75.0
GAP = 8.0  # over the next one: more than an activity alone (5) tells, or a letter of a name
REVIEW = 60.0
ADDRESS_FLOOR = 70.0  # a name alone, or a SIREN alone, does not make a site
NAME_FLOOR = 55.0  # without the SIREN: practitioners share the door of a centre, not its name
NAME_ALONE = 85.0  # of the same SIREN, when a register gives no street: the site's own name, nearly letter for letter
# Another activity and another legal entity: a person may say so, not we. And of one's own account besides: not even shown.
FOREIGN_CEILING, PERSON_CEILING = ACCEPT - 1, REVIEW - 1
# A declared SIRET is taken for another site's when its own address is this bad and a sibling's is that good.
ELSEWHERE_BELOW, SIBLING_ABOVE = 70.0, 90.0
CONFIRMED_MASKED = 70.0  # a masked one that all numbers confirm: its score, as nothing else may be compared
