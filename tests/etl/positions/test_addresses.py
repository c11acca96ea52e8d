"""What registers write of an address, and what is left of it to ask a geocoder for."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.positions.addresses import address_of
from etl.positions.wording import cleaned
from geo.communes import communes

LILLE, PARIS_14, LYON_6, MARSEILLE_3 = "59350", "75114", "69386", "13203"


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        # the number, whole or not
        (["12 RUE DES LILAS"], ("12 RUE DES LILAS",)),
        (["0012 RUE DES LILAS"], ("12 RUE DES LILAS",)),
        (["12B RUE DES LILAS"], ("12 BIS RUE DES LILAS",)),
        (["12 B RUE DES LILAS"], ("12 BIS RUE DES LILAS",)),
        (["28b Allée du Mûrier"], ("28 BIS ALLEE DU MURIER",)),
        (["12 BIS, RUE DES LILAS"], ("12 BIS RUE DES LILAS",)),
        (["12bis rue des Lilas"], ("12 BIS RUE DES LILAS",)),
        (["9 J rue Pasteur"], ("9 J RUE PASTEUR",)),
        (["12 C RUE DES LILAS"], ("12 C RUE DES LILAS",)),
        (["12 QUINQUIES RUE DES LILAS"], ("12 QUINQUIES RUE DES LILAS",)),
        (["12quinquies R DES LILAS"], ("12 QUINQUIES RUE DES LILAS",)),
        (["12 BIS A RUE DES LILAS"], ("12 BIS A RUE DES LILAS",)),
        (["12 BIS A R DES LILAS"], ("12 BIS A RUE DES LILAS",)),
        (["12 BIS A 16 RUE DES LILAS"], ("12 BIS RUE DES LILAS",)),
        (["3 D ESTIENNE D ORVES"], ("3 D ESTIENNE D ORVES",)),
        # several numbers: the first
        (["12-14 RUE DES LILAS"], ("12 RUE DES LILAS",)),
        (["12/14 RUE DES LILAS"], ("12 RUE DES LILAS",)),
        (["12 A 16 RUE DES LILAS"], ("12 RUE DES LILAS",)),
        (["12 ET 14 RUE DES LILAS"], ("12 RUE DES LILAS",)),
        (["12 - 14 - 16 RUE DES LILAS"], ("12 RUE DES LILAS",)),
        (["12B-14 RUE DES LILAS"], ("12 BIS RUE DES LILAS",)),
        (["37", "PLACE DE L'HÔTEL DE VILLE"], ("37 PLACE DE L HOTEL DE VILLE",)),
        # digits that are no number
        (["RUE DU 8 MAI 1945"], ("RUE DU 8 MAI 1945",)),
        (["12 RUE DU 8 MAI 1945"], ("12 RUE DU 8 MAI 1945",)),
        (["8 MAI 1945"], ("8 MAI 1945",)),
        (["1 ROUTE NATIONALE 96"], ("1 ROUTE NATIONALE 96",)),
        (["RN 7"], ("ROUTE NATIONALE 7",)),
        (["5 AVENUE DU 44 REGIMENT D INFANTERIE"], ("5 AVENUE DU 44 REGIMENT D INFANTERIE",)),
        (["31054", "CAMIN DE SARCIN"], ("CAMIN DE SARCIN",)),
        (["0"], ()),
        # a number after its street
        (["RUE DE L'EGLISE 12"], ("12 RUE DE L EGLISE",)),
        (["RUE DES LILAS 12 BIS"], ("12 BIS RUE DES LILAS",)),
        (["GRANDE RUE 12"], ("12 GRANDE RUE",)),
        (["RUE DES LILAS 12 RESIDENCE PASTEUR"], ("12 RUE DES LILAS", "RESIDENCE PASTEUR")),
        (["RUE DES LILAS 12", "BATIMENT 3"], ("12 RUE DES LILAS",)),
        (["RUE PASTEUR 12 RUE VERTE"], ("12 RUE VERTE", "RUE PASTEUR")),
        (["5 RUE DES LILAS 12"], ("5 RUE DES LILAS 12",)),
        (["ROUTE NATIONALE 7"], ("ROUTE NATIONALE 7",)),
        (["CHEMIN RURAL 12"], ("CHEMIN RURAL 12",)),
        (["CHEMIN DEPARTEMENTAL 613"], ("CHEMIN DEPARTEMENTAL 613",)),
        (["ROUTE DEPART 200"], ("ROUTE DEPART 200",)),
        (["ROUTE NATIONALE 7 RUE VERTE"], ("ROUTE NATIONALE 7", "RUE VERTE")),
        (["BD DE LA FOSSE 2"], ("BOULEVARD DE LA FOSSE 2",)),
        (["RUE DU BATAILLON XII 20"], ("RUE DU BATAILLON XII 20",)),
        (["RUE 12"], ("RUE 12",)),
        (["PLACE HENRI 4"], ("PLACE HENRI 4",)),
        (["PLACE DE LA VICTOIRE 1945"], ("PLACE DE LA VICTOIRE 1945",)),
        # boxes, and what the post writes beside them
        (["BP 40 12 RUE DES LILAS"], ("12 RUE DES LILAS",)),
        (["BP 40 12 B R DES LILAS"], ("12 BIS RUE DES LILAS",)),
        (["CS 12345 13 RUE DES LILAS"], ("13 RUE DES LILAS",)),
        (["CS 12 345 13-15 AV FOCH"], ("13 AVENUE FOCH",)),
        (["BP 40 123 RUE DES LILAS"], ("RUE DES LILAS",)),  # five figures, as boxes have
        (["BP 40 12 LE BOURG"], ("LE BOURG",)),
        (["12 RUE DES LILAS", "BP 40"], ("12 RUE DES LILAS",)),
        (["12 RUE DES LILAS BP 40 123"], ("12 RUE DES LILAS",)),
        (["B.P. 40", "RUE DES LILAS"], ("RUE DES LILAS",)),
        (["BP 70128 CHATEAU DU LOIR"], ("CHATEAU DU LOIR",)),
        (["LE TILLET BP 26"], ("LE TILLET",)),
        (["CS 90632"], ()),
        (["PLACE LANGE", "TSA 60033"], ("PLACE LANGE",)),
        (["12 RUE DES LILAS", "COURSE SPECIALE"], ("12 RUE DES LILAS",)),
        (["12 RUE DES LILAS", "59045 LILLE CEDEX 2"], ("12 RUE DES LILAS",)),
        (["CEDEX 9"], ()),
        # the inside of buildings
        (["BATIMENT B", "12 RUE DES LILAS"], ("12 RUE DES LILAS",)),
        (["BÂT. C 12 RUE DES LILAS"], ("12 RUE DES LILAS",)),
        (["BATIMENT C  2EME ETAGE   APT N°6", "12 RUE DES LILAS"], ("12 RUE DES LILAS",)),
        (["12 RUE DES LILAS APPT 12 B"], ("12 RUE DES LILAS",)),
        (["12 RUE DES LILAS APPT 12B BP 4"], ("12 RUE DES LILAS",)),
        (["BATIMENT 3 C 12 RUE DES LILAS"], ("12 RUE DES LILAS",)),
        (["BATIMENT 3 R DES LILAS"], ("RUE DES LILAS",)),
        (["12 RUE DES LILAS ESC 3 PORTE 12 RDC"], ("12 RUE DES LILAS",)),
        (["IMMEUBLE LE PETIT PARIS", "4 CHEMIN DU BELVEDERE"], ("4 CHEMIN DU BELVEDERE",)),
        (["LOT 111 - VOIE J", "RUE DES LILAS"], ("RUE DES LILAS", "VOIE J")),
        (["HALL SUD", "200 AVENUE MENDES FRANCE"], ("200 AVENUE MENDES FRANCE",)),
        (["PLACE DE LA PORTE D AIX"], ("PLACE DE LA PORTE D AIX",)),
        # who is there
        (["CHEZ MME MARTIN", "12 RUE DES LILAS"], ("12 RUE DES LILAS",)),
        (["C/O ASSOCIATION DES LILAS"], ()),
        (["CHEZ BORDAS"], ("CHEZ BORDAS",)),  # a hamlet of Charente
        (["MAIRIE"], ()),
        (["CENTRE HOSPITALIER", "BP 189"], ()),
        (["MAISON DES SERVICES PUBLICS", "6 RUE DES BELLES HALTES"], ("6 RUE DES BELLES HALTES",)),
        (["MAIRIE 6 RUE DES BELLES HALTES"], ("6 RUE DES BELLES HALTES",)),
        (["RESIDENCE LES LILAS 12 RUE PASTEUR"], ("12 RUE PASTEUR", "RESIDENCE LES LILAS")),
        # abbreviations
        (["12 AV DU GAL LECLERC"], ("12 AVENUE DU GENERAL LECLERC",)),
        (["2 BD ST MICHEL"], ("2 BOULEVARD SAINT MICHEL",)),
        (["33 RUE MAL KOENIG"], ("33 RUE MARECHAL KOENIG",)),
        (["5 ROUTE DU COL"], ("5 ROUTE DU COL",)),
        (["12 R DU FBG ST ANTOINE"], ("12 RUE DU FAUBOURG SAINT ANTOINE",)),
        (["2 R D'ARMENTIÈRES"], ("2 RUE D ARMENTIERES",)),
        (["120 ART DE BEAUJEU"], ("120 ANCIENNE ROUTE DE BEAUJEU",)),
        (["40 C R DU FER A CHEVAL"], ("40 C RUE DU FER A CHEVAL",)),
        (["4 GAL MARCHANDE"], ("4 GALERIE MARCHANDE",)),
        (["146 RUE GAL DE GAULLE"], ("146 RUE GENERAL DE GAULLE",)),
        (["RUE DU MAL DE LATTRE"], ("RUE DU MARECHAL DE LATTRE",)),
        (["ROUTE DU COL DE LA FAUCILLE"], ("ROUTE DU COL DE LA FAUCILLE",)),
        (["9 RUE MONTGOLFIER BAT LE LIDO"], ("9 RUE MONTGOLFIER",)),
        (["AVENUE PAUL BRUTUS RES LES 3 EPIS"], ("AVENUE PAUL BRUTUS", "RESIDENCE LES 3 EPIS")),
        (["RUE BAT L EAU"], ("RUE BAT L EAU",)),
        (["ROUTE D12 QUARTIER ST JEAN"], ("ROUTE DEPARTEMENTALE 12", "QUARTIER SAINT JEAN")),
        (["CD 18 LE PEYRON"], ("ROUTE DEPARTEMENTALE 18 LE PEYRON",)),
        (["15 PTE DE FRANCE"], ("15 PORTE DE FRANCE",)),
        (["CAP FERRÉ"], ("CAP FERRE",)),
        (["12 CHEM DES PRES"], ("12 CHEMIN DES PRES",)),
        (["CCAL LA GALLERIA"], ("CENTRE COMMERCIAL LA GALLERIA",)),
        # streets that a letter names, and those that nothing names
        (["12 RUE A"], ("12 RUE A",)),
        (["12 R L"], ("12 RUE L",)),
        (["12 ALLEE D", "BP 40"], ("12 ALLEE D",)),
        (["ROND POINT A"], ("ROND POINT A",)),
        (["ALLEE DU CHATEAU D'AUX"], ("ALLEE DU CHATEAU",)),
        (["2 ALLEE A RESIDENCE LES LILAS"], ("2 ALLEE A", "RESIDENCE LES LILAS")),
        (["ZONE D"], ("ZONE D",)),
        (["12 RUE"], ()),
        (["5 RUE PORTE 3"], ()),
        (["2 CHE DU BP"], ()),
        (["RUE DE L"], ()),
        (["12 ROND POINT"], ()),
        (["12 RUE", "LE BOURG"], ("LE BOURG",)),
        (["12 GRANDE RUE"], ("12 GRANDE RUE",)),
        # words twice
        (["12 RUE RUE DES LILAS"], ("12 RUE DES LILAS",)),
        (["50 RUE GRANDE RUE"], ("50 GRANDE RUE",)),
        (["LE BOURG LE BOURG"], ("LE BOURG",)),
        (["RUE DES LILAS", "RUE DES LILAS"], ("RUE DES LILAS",)),
        # places
        (["LIEU DIT LA CROIX ST GEORGE"], ("LA CROIX SAINT GEORGE",)),
        (["LIEU-DIT \"TEMPE\"", "AVENUE BELONDRADE"], ("AVENUE BELONDRADE", "TEMPE")),
        (["ZONE DE LA BEUCHERIE", "ROUTE DE FOUGERES"], ("ROUTE DE FOUGERES", "ZONE DE LA BEUCHERIE")),
        (["Z.A.C. DE RAVEZIES"], ("ZAC DE RAVEZIES",)),
        (["ZI MOLINA"], ("ZI MOLINA",)),
        (["SAINT POL SUR MER", "460 RUE DE LA REPUBLIQUE"], ("460 RUE DE LA REPUBLIQUE", "SAINT POL SUR MER")),
        (["QUARTIER RUSSA", "2 ROUTE DE LA GRAVE"], ("2 ROUTE DE LA GRAVE", "QUARTIER RUSSA")),
        (["54 BD EDGAR QUINET", "43 RUE DELAMBRE"], ("43 RUE DELAMBRE", "BOULEVARD EDGAR QUINET")),
        (["ANGLE RUE PASTEUR ET RUE VERTE"], ("RUE PASTEUR", "RUE VERTE")),
        (["8 Allée Victor Hugo"], ("8 ALLEE VICTOR HUGO",)),
        ([], ()),
        (["", "  ", "-"], ()),
    ],
)  # fmt: skip
def test_an_address_is_what_says_where(lines: list[str], asked: tuple[str, ...]) -> None:
    found = address_of(lines, "59000", LILLE, "LILLE")
    assert (*found.lines[len(found.localities) :], *found.localities) == asked


@pytest.mark.parametrize(
    ("commune", "name", "postcode", "expected"),
    [
        (LILLE, "LILLE", "59000", ("Lille", "59000", LILLE)),
        (
            PARIS_14,
            "PARIS CEDEX 14",
            "75675",
            ("Paris", "75014", "75056"),
        ),  # its own, not the CEDEX's
        (LYON_6, "LYON", "69006", ("Lyon", "69006", "69123")),
        (MARSEILLE_3, "MARSEILLE", "13003", ("Marseille", "13003", "13055")),
        ("75056", "PARIS", "75019", ("Paris", "75019", "75056")),
        ("76351", "LE HAVRE CEDEX", "76050", ("Le Havre", None, "76351")),  # has three: none can be told
        ("97127", "ST MARTIN", "97150", ("Saint-Martin", "97150", "97801")),
        ("59540", "ST POL SUR MER", "59430", ("Dunkerque", "59430", "59183")),  # merged
        ("00000", "LA ROCHE SUR YON CEDEX", "85016", ("LA ROCHE SUR YON", None, None)),
        (None, "LA ROCHE SUR YON", "85000", ("LA ROCHE SUR YON", "85000", None)),
        (None, None, None, (None, None, None)),
    ],
)
def test_the_town_is_the_bans(
    commune: str | None, name: str | None, postcode: str | None, expected: tuple[str | None, ...]
) -> None:
    found = address_of(["12 RUE DES LILAS"], postcode, commune, name)
    assert (found.town, found.postcode, found.citycode) == expected


def test_the_name_of_the_commune_is_no_place_in_it() -> None:
    assert address_of(["MERCUES"], "46090", "46191", "MERCUES").lines == ()
    assert address_of(["CHATENAY MALABRY", "10 RUE X"], "92290", "92019", "CHATENAY MALABRY").lines == ("10 RUE X",)


# Words that the rules are about, beside any text at all.
WORDS = [
    "12", "14", "0", "8", "MAI", "1945", "B", "BIS", "A", "D", "ET", "DE", "LA", "RUE", "R", "AV", "PLACE", "GRANDE",
    "ROUTE", "NATIONALE", "N", "N°", "BP", "CS", "CEDEX", "59000", "LILLE", "BATIMENT", "BAT", "ESC", "2EME", "ETAGE",
    "PORTE", "LOT", "ZAC", "Z", "C", "RESIDENCE", "MAIRIE", "CHEZ", "M", "C/O", "LIEU", "DIT", "LD", "ST", "GAL",
    "LE", "BOURG", "LILAS", "-", "12-14", "ANGLE", "EIERS", "RN", "7", "CH", "PAS", "IMMEUBLE", "COURSE", "SPECIALE",
    "QUARTIER", "FACE", "ROND", "POINT",
]  # fmt: skip
LINES = st.lists(
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)), max_size=3
)
CODES = st.one_of(st.none(), st.text(max_size=6), st.sampled_from([LILLE, PARIS_14, "97127", "59540", "49244"]))


@settings(deadline=None)  # the first one reads the communes
@given(
    lines=LINES, postcode=CODES, commune=CODES, name=st.one_of(st.none(), st.text(max_size=30), st.just("LILLE CEDEX"))
)
def test_any_text_gives_an_address_and_an_address_gives_itself(
    lines: list[str], postcode: str | None, commune: str | None, name: str | None
) -> None:
    once = address_of(lines, postcode, commune, name)
    assert address_of(once.lines, once.postcode, once.citycode, once.town) == once
    assert not {"BP", "CEDEX", "TSA"} & {word for line in once.lines for word in line.split()}


@example(line="RN CEDEX 12 12")
@given(line=st.lists(st.sampled_from(WORDS), max_size=10).map(" ".join))
def test_a_clean_line_stays_as_it_is(line: str) -> None:
    assert cleaned(cleaned(line)) == cleaned(line)


def test_no_communes_name_is_taken_for_noise() -> None:
    names = [commune.name for commune in communes().values() if commune.parent is None]
    lost = [name for name in names if not cleaned(name)]
    assert lost == []
