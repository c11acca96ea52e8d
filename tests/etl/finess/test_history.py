"""History: what FINESS published on any day, what changed for people, and nothing when nothing changed."""

import gzip
import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from geo.history import as_of_query
from tests.etl.finess.noise import noisy
from tests.etl.finess.published import a_file, a_pmej, a_point, an_address, an_ege, many
from tests.etl.instance import Instance
from tests.places import BORDEAUX, LILLE

DAY_1, DAY_2, DAY_3 = (f"2026-11-{day}T02:09:17.118204477Z" for day in (20, 21, 22))


def a_day(folder: Path, day: str, *eges: dict[str, Any], **root: Any) -> Path:
    return a_file(folder, *eges, name=f"finess-{day[:10]}.json.gz", generatedAt=day, **root)


def changes(instance: Instance) -> list[tuple[Any, ...]]:
    columns = "kind, structure, effective_on::text, before, after, seen_on::text"
    return [tuple(row) for row in instance.rows(f"SELECT {columns} FROM structure_change ORDER BY id")]


def versions(instance: Instance, kind: str = "ege") -> int:
    (row,) = instance.rows(f"SELECT count(*) FROM source_record WHERE kind = '{kind}'")
    return int(row[0])


def test_a_first_load_remembers_every_record_and_writes_no_change(instance: Instance, tmp_path: Path) -> None:
    report = instance.refresh(a_day(tmp_path, DAY_1, *many(30)))
    assert report.counts["records"]["ege"] == {"new": 30, "changed": 0, "vanished": 0, "unchanged": 0}
    assert (versions(instance), versions(instance, "pmej"), changes(instance)) == (30, 1, [])


CHANGED = {
    "renamed": ({"about": {"nomEgeLong": "PHARMACIE DU BEFFROI"}}, None, "PHARMACIE 1", "PHARMACIE DU BEFFROI"),
    "category_changed": ({"categorieentiteGeographiqueExercice": "500"}, None, "620", "500"),
    "moved": ({"adresse": [an_address(LILLE.moved(0, 400))]}, None, None, None),
    "phone_changed": (
        {"contact": [{"typeContact": {"roleContact": "01"}, "telecom": {"telephone": "0320111213/0320111214"}}]},
        None,
        "03 20 00 00 00",
        "03 20 11 12 13;03 20 11 12 14",
    ),
    "closed": ({"etatObjet": "I", "about": {"dateFermeture": "2026-11-15"}}, "2026-11-15", "open", "closed"),
}


@pytest.mark.parametrize("kind", CHANGED)
def test_each_change_of_an_establishment_is_one_row(instance: Instance, tmp_path: Path, kind: str) -> None:
    fields, effective_on, before, after = CHANGED[kind]
    about = {"nomEgeLong": "PHARMACIE 1"} | fields.get("about", {})
    instance.refresh(a_day(tmp_path, DAY_1, *many(30)))
    report = instance.refresh(
        a_day(tmp_path, DAY_2, an_ege("590000001", "PHARMACIE 1", **(fields | {"about": about})), *many(29, first=2))
    )
    (change,) = changes(instance)
    assert change[:3] == (kind, "f590000001", effective_on)
    assert change[5] == "2026-11-21"
    if kind != "moved":
        assert change[3:5] == (before, after)
    assert report.counts["changes"] == {kind: 1}
    assert report.counts["records"]["ege"] == {"new": 0, "changed": 1, "vanished": 0, "unchanged": 29}


def test_a_new_number_opens_and_one_that_comes_back_reopens(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(30)))
    instance.refresh(a_day(tmp_path, DAY_2, *many(28), an_ege("590000099", about={"dateOuverture": "2026-11-02"})))
    assert [c[:3] for c in changes(instance)] == [
        ("closed", "f590000029", None),
        ("closed", "f590000030", None),
        ("opened", "f590000099", "2026-11-02"),
    ]
    instance.refresh(a_day(tmp_path, DAY_3, *many(30), an_ege("590000099", about={"dateOuverture": "2026-11-02"})))
    assert [c[:2] for c in changes(instance)[3:]] == [("reopened", "f590000029"), ("reopened", "f590000030")]


def test_an_announced_closing_is_a_change_on_its_day_though_the_record_is_the_same(
    instance: Instance, tmp_path: Path
) -> None:
    announced = an_ege("590000001", about={"dateFermeture": "2026-11-21"})
    instance.refresh(a_day(tmp_path, DAY_1, announced, *many(29, first=2)))
    assert instance.rows("SELECT open FROM structure WHERE id = 'f590000001'") == [(True,)]
    instance.refresh(a_day(tmp_path, DAY_2, announced, *many(29, first=2)))
    assert changes(instance) == [("closed", "f590000001", "2026-11-21", "open", "closed", "2026-11-21")]
    assert versions(instance) == 30
    assert instance.differences() == []


def test_less_than_a_hundred_metres_is_no_move(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(3)))
    instance.refresh(a_day(tmp_path, DAY_2, *many(3, adresse=[an_address(LILLE.moved(60, 60))])))
    assert changes(instance) == []
    assert versions(instance) == 6


def test_the_same_content_written_otherwise_makes_no_version_no_change_and_no_publication(
    instance: Instance, tmp_path: Path
) -> None:
    full = {
        "engagement": [{"engagementId": "1", "typeEngagement": "CONV", "autoriteRegulationEngagement": []}],
        "evenement": [
            {"evenementId": str(n), "codeEvenement": "003", "dateEnregistrement": "2023-03-15 11:21:01"} for n in (7, 8)
        ],
        "adresse": [an_address(BORDEAUX, usage="02"), an_address(LILLE)],
        "typeBudget": ["01", "02"],
    }
    root = {
        "pmej": [a_pmej(*many(12, **full)), a_pmej(*many(4, first=50), finess="590999998")],
        "gcc": [{"gccId": "1", "nomGcc": "59 Lille", "pmejDuGcc": [{"pmSmsseId": "1"}, {"pmSmsseId": "2"}]}],
    }
    first = instance.refresh(a_day(tmp_path, DAY_1, **root))
    again = noisy(root, random.Random(4))
    report = instance.refresh(a_day(tmp_path, DAY_2, **again))
    assert report.state == "published"
    assert {kind: counts["unchanged"] for kind, counts in report.counts["records"].items()} == {
        "ege": 16, "gcc": 1, "pmej": 2,
    }  # fmt: skip
    assert (report.counts["changes"], report.counts["structures"]) == (
        {},
        {"inserted": 0, "updated": 0, "removed": 0},
    )
    assert (versions(instance), changes(instance), report.version) == (16, [], first.version)
    assert instance.rows("SELECT max(produced_at)::date::text FROM load JOIN publication ON load.id = ANY (loads)") == [
        ("2026-11-21",)
    ]


@pytest.mark.parametrize(
    ("member", "one", "two"),
    [
        ("etatObjet", "A", {"coding": {"code": "A", "system": "r386"}}),
        ("categorieentiteGeographiqueExercice", "620", " 620 "),
        ("contact", None, []),
        ("engagement", [], None),
    ],
)
def test_other_forms_of_the_same_value_are_the_same_content(
    instance: Instance, tmp_path: Path, member: str, one: Any, two: Any
) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(3, **{member: one})))
    instance.refresh(a_day(tmp_path, DAY_2, *many(3, **{member: two})))
    assert versions(instance) == 3


def test_a_decimal_comma_is_the_same_point(instance: Instance, tmp_path: Path) -> None:
    comma = {name: value.replace(".", ",") for name, value in a_point(LILLE).items() if name != "scoreBAN"}
    instance.refresh(a_day(tmp_path, DAY_1, *many(3)))
    instance.refresh(a_day(tmp_path, DAY_2, *many(3, adresse=[an_address(LILLE, point=comma)])))
    assert versions(instance) == 3


def test_unknown_fields_are_counted_and_make_no_version(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(3)))
    report = instance.refresh(a_day(tmp_path, DAY_2, *many(3, nouveau={"x": 1})))
    assert report.counts["unknown_fields"] == {"pmej.ege.nouveau": 3}
    assert versions(instance) == 3


def test_an_establishment_that_changes_hands_is_a_new_version(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, pmej=[a_pmej(*many(2)), a_pmej(finess="590999998", name="SELARL B")]))
    instance.refresh(
        a_day(tmp_path, DAY_2, pmej=[a_pmej(*many(1)), a_pmej(*many(1, first=2), finess="590999998", name="SELARL B")])
    )
    assert versions(instance) == 3
    assert instance.rows("SELECT ej_name FROM structure WHERE id = 'f590000002'") == [("SELARL B",)]


def test_any_day_can_be_asked_for_as_it_was_published(instance: Instance, tmp_path: Path) -> None:
    padded = {"about": {"nomEgeLong": "PHARMACIE 1   "}}
    instance.refresh(a_day(tmp_path, DAY_1, *many(2, **padded)))
    instance.refresh(a_day(tmp_path, DAY_2, *many(1, about={"nomEgeLong": "AUTRE NOM"}), *many(2, first=2)))
    with instance.engine.connect() as connection:
        names = [
            [
                (key, record["nom"], json.loads(published)["informationsGeneralesEGE"]["nomEgeLong"])
                for key, record, published in connection.execute(
                    as_of_query("ege", datetime(2026, 11, day, 12, tzinfo=UTC))
                )
            ]
            for day in (19, 20, 21)
        ]
    assert names == [
        [],
        [("590000001", "PHARMACIE 1", "PHARMACIE 1   "), ("590000002", "PHARMACIE 1", "PHARMACIE 1   ")],
        [
            ("590000001", "AUTRE NOM", "AUTRE NOM"),
            ("590000002", "PHARMACIE 2", "PHARMACIE 2"),
            ("590000003", "PHARMACIE 3", "PHARMACIE 3"),
        ],
    ]


def test_an_older_file_is_served_and_history_stays(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(30)))
    renamed = an_ege("590000001", about={"nomEgeLong": "NOUVEAU NOM"})
    instance.refresh(a_day(tmp_path, DAY_2, renamed, *many(29, first=2)))
    before = changes(instance)
    assert instance.refresh(a_day(tmp_path, DAY_1, *many(30))).state == "published"
    assert instance.rows("SELECT name FROM structure WHERE id = 'f590000001'") == [("PHARMACIE 1",)]
    assert (changes(instance), versions(instance)) == (before, 31)
    assert instance.refresh(a_day(tmp_path, DAY_2, renamed, *many(29, first=2))).state == "published"
    assert instance.rows("SELECT name FROM structure WHERE id = 'f590000001'") == [("NOUVEAU NOM",)]
    assert (changes(instance), versions(instance)) == (before, 31)


def test_two_files_of_one_moment_are_two_versions(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(2)))
    instance.refresh(a_day(tmp_path, DAY_1, *many(2, about={"nomEgeLong": "CORRIGE"})))
    assert versions(instance) == 4
    assert instance.rows("SELECT count(*) FROM source_record WHERE kind = 'ege' AND valid_to IS NULL") == [(2,)]


def test_from_demo_to_real_nothing_of_the_demo_is_remembered(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(30), fictif=True))
    instance.refresh(a_day(tmp_path, DAY_2, *many(29), an_ege("590000077"), fictif=True))
    instance.refresh(a_day(tmp_path, DAY_3, *many(5, first=900)))
    assert (versions(instance), changes(instance)) == (5, [])


def test_a_refused_file_leaves_no_version_and_no_change(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(30)))
    assert instance.refresh(a_day(tmp_path, DAY_2, *many(15))).state == "refused"
    assert (versions(instance), changes(instance)) == (30, [])


def test_a_nul_character_does_not_stop_a_load(instance: Instance, tmp_path: Path) -> None:
    report = instance.refresh(a_day(tmp_path, DAY_1, an_ege("590000001", "PHAR\0MACIE"), *many(9, first=2)))
    assert report.state == "published"
    assert instance.rows("SELECT name FROM structure WHERE id = 'f590000001'") == [("PHARMACIE",)]


def test_losses_of_two_days_are_judged_apart(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(100)))
    assert instance.refresh(a_day(tmp_path, DAY_2, *many(92))).state == "published"
    assert instance.refresh(a_day(tmp_path, DAY_3, *many(84))).state == "published"


def test_what_was_accepted_once_is_not_judged_again(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(100)))
    assert instance.refresh(a_day(tmp_path, DAY_2, *many(50)), accept=["removed"]).state == "published"
    assert instance.refresh(a_day(tmp_path, DAY_3, *many(50))).state == "published"


@pytest.mark.parametrize(
    ("gate", "fields"),
    [
        ("schema", {"schemaVersion": "v2.0.0"}),
        ("closed", {"eges": many(30, etatObjet="I")}),
        ("moved", {"eges": many(30, adresse=[an_address(LILLE.moved(900, 900))])}),
        ("drift", {"eges": many(30, adresse=[an_address(LILLE, point=None)])}),
    ],
)
def test_a_gate_refuses_a_changed_world_by_its_name(
    instance: Instance, tmp_path: Path, gate: str, fields: dict[str, Any]
) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(30)))
    root = {name: value for name, value in fields.items() if name != "eges"}
    report = instance.refresh(a_day(tmp_path, DAY_2, *fields.get("eges", many(30)), **root))
    assert report.state == "refused"
    assert f"«\u202f{gate}\u202f»" in (report.error or "")
    assert instance.refresh(a_day(tmp_path, DAY_2, *fields.get("eges", many(30)), **root), accept=[gate]).state == (
        "published"
    )


def test_real_days_give_the_changes_that_reading_both_files_gives(
    instance: Instance, shared_data: Path, tmp_path: Path
) -> None:
    """A tenth of the official files of two days, against a comparison written apart."""
    days = [_every_tenth_entity(shared_data, day, tmp_path) for day in ("20261120", "20261121")]
    for path in days:
        assert instance.refresh(path, accept=["rows", "removed"]).state == "published"
    old, new = (_establishments(path) for path in days)
    for kind, expected in _differences(old, new).items():
        found = {row[0] for row in instance.rows(f"SELECT structure FROM structure_change WHERE kind = '{kind}'")}
        assert found == {f"f{number}" for number in expected}, kind


def _every_tenth_entity(shared_data: Path, day: str, folder: Path) -> Path:
    source = shared_data / "official" / f"finess-structures-journalier-{day}.json.gz"
    with gzip.open(source) as stream:
        whole = json.load(stream)
    whole["pmej"] = [e for e in whole["pmej"] if int(e["informationsGeneralesPMEJ"]["pmSmsseId"]) % 10 == 3]
    path = folder / source.name
    path.write_bytes(gzip.compress(json.dumps(whole).encode(), 1))
    return path


def _establishments(path: Path) -> dict[str, dict[str, Any]]:
    with gzip.open(path) as stream:
        entities = json.load(stream)["pmej"]
    return {e["informationsGeneralesEGE"]["numFinessEge"].strip(): e for entity in entities for e in entity["ege"]}


def _differences(old: dict[str, Any], new: dict[str, Any]) -> dict[str, set[str]]:
    both = old.keys() & new.keys()

    def is_open(ege: dict[str, Any], day: str) -> bool:
        closing = ege["informationsGeneralesEGE"].get("dateFermeture") or "9999"
        return ege["etatObjet"].strip() == "A" and closing.strip() > day

    def phone(ege: dict[str, Any]) -> str:
        written = "".join(str(c["telecom"].get("telephone", "")) for c in ege.get("contact", []))
        return "".join(c for c in written if c.isdigit()).removeprefix("33").lstrip("0")

    was = {n for n in old if is_open(old[n], "2026-11-20")}
    now = {n for n in new if is_open(new[n], "2026-11-21")}
    about = "informationsGeneralesEGE"
    return {
        "opened": (now - was) - old.keys(),
        "reopened": (now - was) & old.keys(),
        "closed": was - now,
        "renamed": {n for n in both if old[n][about]["nomEgeLong"].strip() != new[n][about]["nomEgeLong"].strip()},
        "category_changed": {
            n
            for n in both
            if old[n]["categorieentiteGeographiqueExercice"].strip()
            != new[n]["categorieentiteGeographiqueExercice"].strip()
        },
        "phone_changed": {n for n in both if phone(old[n]) != phone(new[n])},
    }


def test_the_readers_of_history_find_the_index(instance: Instance, tmp_path: Path) -> None:
    instance.refresh(a_day(tmp_path, DAY_1, *many(30)))
    with instance.engine.connect() as connection:
        connection.execute(text("SET enable_seqscan = off"))
        plan = connection.execute(
            text(
                "EXPLAIN SELECT record FROM source_record WHERE kind = 'ege' AND key = '590000001' AND valid_to IS NULL"
            )
        ).scalars()
        assert any("source_record_current_idx" in line for line in plan)
