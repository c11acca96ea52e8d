"""The report of a run on a terminal: the verdict first, why, what to do; then the numbers, in 80 columns."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from etl.counts import Covered, counts_of
from etl.gates import GATE_NAMES, Verdict
from etl.labels import label
from etl.report import Report, as_text
from geo.history import CHANGE_KINDS
from geo.position import Precision
from tests.builders import counts_told_whole

PASSED = Verdict("rows", True, "1\u202f200 établissements utilisables sur 1\u202f204 lus")
REMOVED = Verdict("removed", False, "615 structures servies absentes du fichier, 51,25\u202f%, au plus 10,00\u202f%")
SMALL = Verdict("size", False, "fichier de 0.8 Mo, au moins 30 attendus du flux", warning=True)


def a_report(state: str = "published", **fields: Any) -> Report:
    about: dict[str, Any] = {
        "load": 7,
        "state": state,
        "source": "finess-structures-journalier-20261123.json.gz",
        "counts": counts_told_whole(),
        "gates": [PASSED],
        "seconds": 41.2,
        "origin": "live",
    }
    return Report(**about | fields)


def lines_of(report: Report) -> list[str]:
    return as_text(report).split("\n")


def test_a_published_load_says_its_version_then_what_was_read() -> None:
    first, second, _, read, *_ = lines_of(a_report(version=12))
    assert first == "PUBLIÉ  finess-structures-journalier-20261123.json.gz"
    assert second == "  version 12 servie · chargement 7 · 41,2\u202fs · 212\u202fMio au plus"
    assert read.split(maxsplit=1) == ["lus", "1\u202f204"]


def test_rejections_come_with_their_numbers_the_most_frequent_first() -> None:
    lines = [line.strip() for line in lines_of(a_report())]
    at = next(i for i, line in enumerate(lines) if line.startswith("rejetés"))
    assert lines[at + 1].startswith("numéro déjà vu dans ce fichier")
    assert lines[at + 2] == "590000001, 590000002"
    assert lines[at + 3].startswith("sans nom")


def test_coverage_is_one_sum_and_the_worst_départements() -> None:
    text = as_text(a_report())
    assert "Couverture de 800 structures ouvertes" in text
    assert "les moins précises : Corse-du-Sud 45\u202f%, La Réunion 50\u202f%, Nord 92,9\u202f%" in text


@pytest.mark.parametrize(
    ("origin", "source", "command"),
    [
        ("live", "finess.json.gz", "./lum1 refresh finess --accept removed"),
        ("file", "finess.json.gz", "./lum1 refresh finess --file finess.json.gz --accept removed"),
        ("live", "retour au chargement 3 : finess.json.gz", "./lum1 rollback 3"),
        ("file", "un fichier.json", "./lum1 refresh finess --file 'un fichier.json' --accept removed"),
    ],
)
def test_a_closed_gate_gives_the_command_that_accepts_it(origin: str, source: str, command: str) -> None:
    report = a_report("refused", gates=[PASSED, REMOVED], origin=origin, source=source, error="tout en une phrase")
    lines = lines_of(report)
    assert lines[0] == f"REFUSÉ  {source}"
    assert any(line.startswith("  ✗ porte « removed » fermée : 615 structures") for line in lines)
    assert any("Les données servies n’ont pas changé." in line for line in lines[:8])
    assert f"    {command}" in lines[:9]
    assert "tout en une phrase" not in as_text(report)  # the gates have said it, with their names


STOCK = "StockEtablissement_utf8.parquet, StockUniteLegale_utf8.zip"
PLACES = "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques_utf8.parquet"


@pytest.mark.parametrize(
    ("source", "options"),
    [
        (STOCK, "--etablissements StockEtablissement_utf8.parquet --unites-legales StockUniteLegale_utf8.zip"),
        (
            f"{STOCK}, StockEtablissementLiensSuccession_utf8.parquet, StockDoublons_utf8.parquet",
            "--etablissements StockEtablissement_utf8.parquet --unites-legales StockUniteLegale_utf8.zip"
            " --liens-succession StockEtablissementLiensSuccession_utf8.parquet --doublons StockDoublons_utf8.parquet",
        ),
        (
            f"{STOCK}, {PLACES}",
            "--etablissements StockEtablissement_utf8.parquet --unites-legales StockUniteLegale_utf8.zip"
            f" --geolocalisation {PLACES}",
        ),
        ("page-1.json, page-2.json", "--api-pages page-1.json --api-pages page-2.json"),
    ],
)
def test_a_refused_run_of_sirene_is_asked_again_with_each_file_as_it_was_given(source: str, options: str) -> None:
    report = a_report("refused", counts={}, gates=[], pipeline="sirene", origin="file", source=source, error="…")
    assert f"    ./lum1 refresh sirene {options}" in lines_of(report)


def test_pages_of_any_name_are_asked_again_as_pages() -> None:
    counts = {"said_by": "api"}
    report = a_report("refused", counts=counts, gates=[REMOVED], pipeline="sirene", origin="file", source="page.txt")
    assert "    ./lum1 refresh sirene --api-pages page.txt --accept removed" in lines_of(report)


@pytest.mark.parametrize(
    "source",
    [
        "a.parquet, b.parquet, c.parquet",
        f"{STOCK}, liens.parquet",
        "StockEtablissement_utf8.parquet, StockEtablissement_utf8.zip",
        "StockEtablissementHistorique_utf8.parquet, StockUniteLegale_utf8.parquet",
    ],
)
def test_files_whose_roles_their_names_do_not_say_are_left_to_the_help(source: str) -> None:
    report = a_report("refused", counts={}, gates=[REMOVED], pipeline="sirene", origin="file", source=source)
    assert "    ./lum1 refresh sirene --help" in lines_of(report)


def test_every_closed_gate_is_in_the_command_and_accepts_what_refresh_accepts() -> None:
    closed = [Verdict(name, False, "…") for name in GATE_NAMES]
    command = next(line for line in lines_of(a_report("refused", gates=closed)) if "./lum1" in line)
    assert command.split("--accept ")[1:] == [f"{name} " for name in GATE_NAMES[:-1]] + [GATE_NAMES[-1]]


def test_a_file_that_could_not_be_read_says_why_and_proposes_no_gate() -> None:
    text = as_text(a_report("refused", counts={}, gates=[], error="flux.json.gz est tronqué.", origin="file"))
    assert "✗ flux.json.gz est tronqué." in text
    assert "--accept" not in text
    assert "\n\n\n" not in text


def test_an_accepted_gate_and_a_warning_are_told_the_others_counted() -> None:
    accepted = msgspec.structs.replace(REMOVED, accepted=True)
    text = as_text(a_report(gates=[PASSED, accepted, SMALL], origin="file"))
    assert "Portes : 1 franchie\n" in text
    assert "! acceptée « removed » : 615 structures" in text
    assert "! avertissement « size » : fichier de 0.8 Mo" in text


def test_invented_data_are_not_reproached_with_being_small() -> None:
    assert "avertissement" not in as_text(a_report(gates=[PASSED, SMALL], origin="demo"))


@pytest.mark.parametrize("state", ["published", "unchanged", "refused", "tried", "running", "failed", "interrupted"])
def test_every_state_fits_eighty_columns(state: str) -> None:
    long = counts_told_whole(
        unknown_fields={f"pmej.ege.{'tresLong' * 12}.champ{n}": n for n in range(30)},
        samples={"sans_nom": [f"75000000{n}" for n in range(9)]},
        rejected={"sans_nom": 9},
        noticed={"un_motif_que_personne_ne_connaît_encore_et_qui_est_vraiment_long": 1},
    )
    lines = lines_of(a_report(state, counts=long, gates=[REMOVED, SMALL], error="phrase " * 40, version=3))
    assert [line for line in lines if len(line) > 80 and "./lum1" not in line] == []
    assert any("champ29" in line for line in lines)  # of a long path the end is kept


def test_distances_between_sources_are_a_table_of_eighty_columns() -> None:
    pair = {"source": "administrator", "other": "finess_ancien", "n": 412_000, "median_m": 18.4, "p95_m": 1_240.0}
    text = as_text(a_report(counts=counts_told_whole(positions={"distances": [pair | {"far": 41_200}]})))
    [heading, line] = [each for each in text.split("\n") if "médiane" in each or "ancien fichier FINESS" in each]
    assert (heading.split()[:3], len(line)) == (["Écarts", "entre", "sources"], 80)
    assert line.endswith("412\u202f000     18\u202fm   1,2\u202fkm     10\u202f%")


def test_what_has_no_name_here_is_shown_as_it_is() -> None:
    counts = counts_told_whole(rejected={"motif_nouveau": 2}, seconds={"etape_neuve": 2.0}, membre_neuf={"a": 1})
    text = as_text(a_report(counts=counts))
    for name in ("motif_nouveau", "etape_neuve", "membre_neuf"):
        assert name in text


def test_a_published_name_cannot_drive_the_terminal() -> None:
    counts = counts_told_whole(unknown_fields={"\x1b[2J\x1b]0;titre\x07champ": 1})
    text = as_text(a_report(counts=counts, error="a\x1b[31mb", state="failed"))
    assert not any(character < " " and character != "\n" for character in text)


def test_counts_from_before_the_history_are_still_told() -> None:
    counts = counts_of({"read": 3, "kept": 3, "changes": {"inserted": 3, "updated": 0, "removed": 0}})
    assert (counts.structures["inserted"], counts.changes, counts.coverage) == (3, {}, {})


@pytest.mark.parametrize("damaged", [{"coverage": [1]}, {"read": "beaucoup"}, {"seconds": {"lecture": None}}])
def test_a_member_that_cannot_be_read_is_missing_and_the_rest_stays(damaged: dict[str, Any]) -> None:
    counts = counts_of(counts_told_whole(**damaged))
    assert getattr(counts, next(iter(damaged))) in (None, {})
    assert counts.kept == 1_200


def test_members_come_back_in_the_order_people_expect_whatever_the_database_keeps() -> None:
    kept = counts_told_whole()
    shuffled = {name: dict(reversed(each.items())) if isinstance(each, dict) else each for name, each in kept.items()}
    counts = counts_of(shuffled)
    assert list(counts.precision) == ["housenumber", "street", "locality", "commune", "none"]
    assert list(counts.seconds) == ["lecture du registre", "fusion", "index de recherche"]
    assert counts.coverage["59"] == Covered(open=700, placed=699, precise=650, phone=560)


def test_the_json_report_is_the_report() -> None:
    report = a_report("refused", gates=[REMOVED], version=None)
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


@pytest.mark.parametrize(("kind", "names"), [("gate", GATE_NAMES), ("change", CHANGE_KINDS), ("precision", Precision)])
def test_every_word_of_ours_has_its_label(kind: str, names: Iterable[str]) -> None:
    assert [name for name in names if label(kind, name) == name] == []
