"""The activities flow into the served publication: what each structure may do, found by code, kept version by version."""

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from etl.finess.activites import attach
from etl.finess.activites.extract import chunks, read_header
from etl.finess.activites.pipeline import refresh
from etl.finess.activites.record import activite_record
from etl.report import Report
from etl.rollback import CannotGoBack, rollback
from geo.errors import Refused
from tests.etl.finess import published
from tests.etl.finess.activities import a_capacity, a_file, an_activity, an_ege, an_entity, many
from tests.etl.finess.noise import noisy
from tests.etl.instance import Instance

EMERGENCY = ["AMM", "AMM:QA014", "AMM:QA014:MO032"]


class Loaded:
    """An instance with thirty structures, and what tests ask of it."""

    def __init__(self, instance: Instance, folder: Path) -> None:
        self.instance, self.folder = instance, folder
        assert instance.refresh(published.a_file(folder, *published.many(30))).state == "published"

    def load(self, *entities: Any, **root: Any) -> Report:
        how = {name: root.pop(name) for name in ("accept", "dry_run") if name in root}
        file = a_file(self.folder, *entities, **root)
        return refresh(self.instance.engine, self.instance.search, file, home=self.instance.home, **how)

    def codes(self, number: str = "590000001") -> list[str]:
        (found,) = self.instance.rows(f"SELECT activites FROM structure WHERE id = 'f{number}'")
        return list(found[0])

    def versions(self) -> int:
        (found,) = self.instance.rows("SELECT count(*) FROM source_record WHERE kind = 'activites'")
        return int(found[0])


@pytest.fixture
def loaded(instance: Instance, tmp_path: Path) -> Loaded:
    return Loaded(instance, tmp_path)


def next_day(**root: Any) -> dict[str, Any]:
    return {"name": "finess-activites-journalier-20261122.json.gz", "generatedAt": "2026-11-22T02:31:00Z"} | root


def test_a_load_gives_each_structure_its_codes_and_each_number_a_record(loaded: Loaded) -> None:
    report = loaded.load(an_entity(*many(20), authorised=(an_activity(),)))
    assert (report.state, report.counts["kept"], report.counts["structures"]) == ("published", 21, {"updated": 20})
    assert report.counts["records"] == {"activites": {"new": 21, "changed": 0, "vanished": 0, "unchanged": 0}}
    assert loaded.codes() == EMERGENCY
    assert loaded.codes("590000021") == []
    assert loaded.instance.differences() == []


def test_an_activity_that_is_over_is_kept_and_does_not_filter(loaded: Loaded) -> None:
    over = (
        {"etatObjet": "I"},
        {"dateFinActiviteAutorisee": "2026-11-21"},
        {"dateFinEffectiveActivite": "2020-01-01"},
        {"dateCaduciteAutorisation": "2026-11-20 00:00:00"},
    )
    eges = [an_ege(f"59000000{n}", an_activity(**fields)) for n, fields in enumerate(over, start=1)]
    loaded.load(an_entity(*eges, an_ege("590000009", an_activity(dateFinActiviteAutorisee="2026-11-22"))))
    assert [loaded.codes(f"59000000{n}") for n in range(1, 5)] == [[]] * 4
    assert loaded.codes("590000009") == EMERGENCY
    assert loaded.versions() == 5


def test_an_authorisation_that_ends_stops_filtering_on_its_day_without_a_new_version(loaded: Loaded) -> None:
    entity = an_entity(an_ege("590000001", an_activity(dateFinActiviteAutorisee="2026-11-22", activiteAeId="7")))
    loaded.load(entity)
    assert loaded.codes() == EMERGENCY
    report = loaded.load(entity, **next_day())
    assert report.counts["structures"] == {"updated": 1}
    assert (loaded.codes(), loaded.versions()) == ([], 1)


def test_an_authorisation_of_the_entity_counts_where_it_names_the_establishment(loaded: Loaded) -> None:
    scanner = {"typeEmlId": "05602"}
    listed = an_activity("EML", scanner, egeId="77")
    elsewhere = an_activity("EML", {"typeEmlId": "06201"}, egeId="590000003")  # known from the structures flow alone
    nowhere = an_activity()
    loaded.load(an_entity(an_ege("590000002", ege_id="77"), authorised=(listed, elsewhere, nowhere)))
    assert loaded.codes("590000002") == ["EML", "EML:05602"]
    assert loaded.codes("590000003") == ["EML", "EML:06201"]
    assert loaded.codes("590000001") == []


@pytest.mark.parametrize(
    ("nature", "block", "codes"),
    [
        ("AMF", {"activiteAMF": "16", "modaliteActivite": "42", "formeActivite": "00"}, ["AMF", "AMF:16", "AMF:16:42"]),
        ("AMF", {"activiteAMF": "01", "modaliteActivite": "00"}, ["AMF", "AMF:01"]),
        ("AMM", {"activiteAMM": "QA001", "modaliteAMM": "MO000"}, ["AMM", "AMM:QA001"]),
        ("ASR", {"activiteSanitaireRegulee": "R4", "modaliteActivite": "N2"}, ["ASR", "ASR:R4", "ASR:R4:N2"]),
        ("AASA", {"activiteSanitaireRegulee": "A1", "modaliteActivite": "M0"}, ["AASA", "AASA:A1", "AASA:A1:M0"]),
        ("AMSR", {"activiteSocialeRegulee": "924", "modeFonctionnement": "11", "public": "711"}, ["AMSR", "AMSR:924"]),
        ("ASMR", {"activiteSocialeRegulee": "924 "}, ["AMSR", "AMSR:924"]),
        ("ASOCR", {"activiteSocialeRegulee": {"coding": {"code": "957"}}}, ["ASOCR", "ASOCR:957"]),
        ("ASDR", {"activiteSanitaireDiverseRegulee": "824"}, ["ASDR", "ASDR:824"]),
        ("AER", {"activiteEnseignementRegulee": "500"}, ["AER", "AER:500"]),
        ("EML", {"typeEmlId": "05602"}, ["EML", "EML:05602"]),
    ],
)
def test_every_nature_filters_by_its_own_codes(
    loaded: Loaded, nature: str, block: dict[str, Any], codes: list[str]
) -> None:
    loaded.load(an_entity(an_ege("590000001", an_activity(nature, block))))
    assert loaded.codes() == codes


def test_the_record_keeps_everything_cleaned_and_the_zone_as_published() -> None:
    zone = {"libelleZI": "Pays des lilas ", "communeZI": [{"commune": "59350"}], "unheard_of": {"x": ["b", "a"]}}
    record = activite_record(
        an_activity(
            activiteAeId=" 42 ",
            identifiantAutorisation="41",
            numAutorisationArhgos="84-82-126",
            dateDebutActiviteAutorisee="1900-01-01",
            dateFinActiviteAutorisee="2031-05-01 00:00:00",
            dateCaduciteAutorisation="2030-05-01",
            egeExploitanteId="9",
            capacite=[a_capacity("40", "01"), a_capacity("x", genre="01")],
            zone=zone,
        )
    )
    assert record == {
        "activite_id": "42",
        "nature": "AMM",
        "code": "QA014",
        "modalite": "MO032",
        "mention": "ME065",
        "etat": "A",
        "fin_autorisee": "2031-05-01",
        "caducite": "2030-05-01",
        "fin": "2030-05-01",
        "autorisation": "41",
        "autorisation_arhgos": "84-82-126",
        "exploitant": "9",
        "capacites": [
            {"nombre": 40, "statut": "01", "unite": "02"},
            {"statut": "09", "unite": "02", "genre": "01"},
        ],
        "zone": {
            "libelleZI": "Pays des lilas",
            "communeZI": [{"commune": "59350"}],
            "unheard_of": {"x": ["a", "b"]},
        },
    }


def test_zones_and_capacities_are_counted_and_unknown_fields_reported(loaded: Loaded) -> None:
    activity = an_activity(zone={"any": "form"}, capacite=[a_capacity("3"), a_capacity("2", "08")], invented="x")
    report = loaded.load(an_entity(an_ege("590000001", activity), surprise=1))
    assert report.counts["noticed"] == {
        "activites_en_cours": 1,
        "capacites_de_statut_08": 1,
        "capacites_de_statut_09": 1,
        "zones_d_intervention": 1,
    }
    assert report.counts["unknown_fields"] == {
        "pmej.ege.activitesExercees.caracteristiquesGeneriques.invented": 1,
        "pmej.surprise": 1,
    }


def test_the_same_content_written_otherwise_makes_no_version_and_no_publication(loaded: Loaded) -> None:
    rich = an_activity(
        capacite=[a_capacity("3", idCapacite="1"), a_capacity("2", "01", idCapacite="2")],
        zone={"communeZI": [{"commune": "59350"}, {"commune": "59512"}]},
        evenement=[{"evenementId": "1", "dateEnregistrement": "2025-10-21 19:37:03", "codeEvenement": "010"}],
    )
    entity = an_entity(an_ege("590000001", rich, an_activity()), *many(20, first=2), authorised=(an_activity(),))
    first = loaded.load(entity)
    report = loaded.load(noisy(entity, random.Random(3)), **next_day())
    assert report.counts["records"] == {"activites": {"new": 0, "changed": 0, "vanished": 0, "unchanged": 22}}
    assert (report.state, report.version, loaded.versions()) == ("published", first.version, 22)


def test_the_same_file_again_changes_nothing(loaded: Loaded) -> None:
    loaded.load(an_entity(*many(20)))
    assert loaded.load(an_entity(*many(20))).state == "unchanged"


def test_the_next_day_writes_only_what_changed(loaded: Loaded) -> None:
    loaded.load(an_entity(*many(20)))
    changed = an_ege("590000001", an_activity(activiteAeId="91", block={"activiteAMM": "QA001"}))
    report = loaded.load(an_entity(changed, *many(20, first=2)), **next_day())
    assert report.counts["records"] == {"activites": {"new": 1, "changed": 1, "vanished": 0, "unchanged": 19}}
    assert report.counts["structures"] == {"updated": 2}
    assert (loaded.codes(), loaded.codes("590000021")) == (["AMM", "AMM:QA001"], EMERGENCY)
    assert loaded.instance.differences() == []


def test_a_number_without_activities_any_more_loses_its_codes(loaded: Loaded) -> None:
    loaded.load(an_entity(*many(20)))
    report = loaded.load(an_entity(*many(19)), **next_day())
    assert report.counts["records"]["activites"]["vanished"] == 1
    assert loaded.codes("590000020") == []


def test_half_the_numbers_missing_is_refused_and_yesterday_stays(loaded: Loaded) -> None:
    loaded.load(an_entity(*many(20)))
    report = loaded.load(an_entity(*many(9)), **next_day())
    assert (report.state, "removed" in (report.error or "")) == ("refused", True)
    assert (loaded.codes("590000020"), loaded.versions()) == (EMERGENCY, 20)
    accepted = loaded.load(an_entity(*many(9)), **next_day(), accept=["removed"])
    assert (accepted.state, loaded.codes("590000020")) == ("published", [])


def test_an_older_file_is_refused_unless_its_gate_is_accepted(loaded: Loaded) -> None:
    loaded.load(an_entity(*many(20)), **next_day())
    assert "older" in (loaded.load(an_entity(*many(19))).error or "")
    assert loaded.load(an_entity(*many(19)), accept=["older"]).state == "published"
    assert loaded.codes("590000020") == []


def test_a_dry_run_tells_everything_and_changes_nothing(loaded: Loaded) -> None:
    report = loaded.load(an_entity(*many(20)), dry_run=True)
    assert (report.state, report.counts["structures"]) == ("tried", {"updated": 20})
    assert (loaded.codes(), loaded.versions()) == ([], 0)


def test_activities_of_unknown_numbers_are_told_and_do_not_refuse(loaded: Loaded) -> None:
    report = loaded.load(an_entity(*many(10), an_ege("010000024", an_activity())))
    assert report.state == "published"
    (orphans,) = (gate for gate in report.gates if gate.gate == "orphans")
    assert (orphans.passed, orphans.warning, orphans.message[:10]) == (False, True, "1 numéros ")


def test_activities_that_cannot_be_used_are_rejected_by_reason_and_too_many_refuse(loaded: Loaded) -> None:
    bad = [
        an_activity(activiteAeId=" "),
        an_activity() | {"nature": None},
        "text",
    ]
    few = loaded.load(an_entity(an_ege("590000001", *(an_activity() for _ in range(400)), *bad)), 7)
    assert few.state == "published"
    assert few.counts["rejected"] == {"activite_sans_numero": 2, "activite_sans_nature": 1, "entite_illisible": 1}
    report = loaded.load(an_entity(an_ege("590000001", an_activity(), *bad)), **next_day())
    assert "anomalies" in (report.error or "")


def test_a_number_met_again_counts_once_and_too_many_refuse(loaded: Loaded) -> None:
    again = an_ege("590000001", an_activity("EML", {"typeEmlId": "05602"}))
    report = loaded.load(an_entity(*many(300), again))
    assert (report.counts["rejected"], loaded.codes()) == ({"numero_en_double": 1}, EMERGENCY)
    assert "ids" in (loaded.load(an_entity(*many(30), *many(30)), **next_day(), accept=["removed"]).error or "")


@pytest.mark.parametrize("damage", ["truncated", "schema", "empty", "not json", "no header"])
def test_a_damaged_file_is_refused_and_yesterday_stays(loaded: Loaded, damage: str) -> None:
    loaded.load(an_entity(*many(20)))
    root: dict[str, Any] = {"schema": {"schemaVersion": "2.0.0"}, "no header": {"schemaVersion": None}}.get(damage, {})
    path = a_file(loaded.folder, *([] if damage == "empty" else [an_entity(*many(300))]), **next_day(**root))
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "not json":
        path.write_bytes(b"<html>Maintenance</html>")
    report = refresh(loaded.instance.engine, loaded.instance.search, path, home=loaded.instance.home)
    assert (report.state, bool(report.error)) == ("refused", True)
    assert (loaded.codes(), loaded.versions()) == (EMERGENCY, 20)


def test_one_does_not_go_back_to_activities_and_is_told_to_what_one_may(loaded: Loaded) -> None:
    report = loaded.load(an_entity(*many(30)))
    with pytest.raises(
        CannotGoBack, match=r"est de «\u202fFINESS, activités\u202f».* un chargement de FINESS ou de Sirene"
    ):
        rollback(loaded.instance.engine, loaded.instance.search, report.load, home=loaded.instance.home)


def test_activities_wait_for_structures_and_do_not_mix_worlds(instance: Instance, tmp_path: Path) -> None:
    file = a_file(tmp_path, an_entity(*many(3)))
    assert "structure" in (refresh(instance.engine, instance.search, file, home=instance.home).error or "")
    instance.refresh(published.a_file(tmp_path, *published.many(30), fictif=True))
    assert "réelles" in (refresh(instance.engine, instance.search, file, home=instance.home).error or "")


def test_structures_that_come_later_get_their_activities(loaded: Loaded) -> None:
    named = an_activity("EML", {"typeEmlId": "05602"}, egeId="590000032")
    loaded.load(an_entity(*many(31), authorised=(named,)))
    loaded.instance.refresh(
        published.a_file(
            loaded.folder, *published.many(32), name="lendemain.json.gz", generatedAt="2026-11-22T02:00:00Z"
        )
    )
    with loaded.instance.engine.begin() as connection:
        attach.attach_activities(connection)
        assert attach.attach_activities(connection) == 0
    assert loaded.codes("590000031") == EMERGENCY
    assert loaded.codes("590000032") == ["EML", "EML:05602"]
    assert loaded.codes("590000001") == EMERGENCY


def test_nothing_is_attached_before_a_load_of_activities(loaded: Loaded) -> None:
    with loaded.instance.engine.begin() as connection:
        assert attach.attach_activities(connection) == 0


@pytest.mark.parametrize(
    "write",
    [
        lambda entity: {"schemaVersion": "v1.0.1", "generatedAt": "2026-11-21T02:00:00Z", "pmej": [entity]},
        lambda entity: {
            "metadata": {"schemaVersion": "v1.0.1", "generatedAt": "2026-11-21T02:00:00Z"},
            "pmej": [entity],
        },
        lambda entity: {"pmej": [entity], "generatedAt": "2026-11-21T02:00:00Z", "schemaVersion": "v1.0.1"},
    ],
    ids=["at the root", "under metadata", "after the entities"],
)
def test_the_header_is_found_wherever_it_stands(tmp_path: Path, write: Callable[[Any], Any]) -> None:
    path = tmp_path / "activites.json"
    path.write_text(json.dumps(write(an_entity(*many(2)))))
    header = read_header(path)
    assert (header.schema_version, header.generated_at.isoformat()) == ("v1.0.1", "2026-11-21T02:00:00+00:00")
    assert sum(len(chunk.entities) for chunk in chunks(path)) == 1


def test_an_entity_is_never_cut_and_the_file_is_read_in_pieces(tmp_path: Path) -> None:
    entity = an_entity(authorised=tuple(an_activity() for _ in range(2_000)))
    assert [len(each.entities) for each in chunks(a_file(tmp_path, *[entity] * 5))] == [2, 2, 1]


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bombe.json.gz"
    path.write_bytes(gzip.compress(b'{"pmej": ' + b"[" * 5_000_000))
    with pytest.raises(Refused):
        read_header(path)


def test_the_producers_sample_is_read_whole(loaded: Loaded, shared_data: Path) -> None:
    sample = shared_data / "finess-plus" / "activites-20260401-extrait.json"
    report = refresh(loaded.instance.engine, loaded.instance.search, sample, home=loaded.instance.home)
    assert (report.state, report.counts["read"], report.counts["rejected"]) == ("published", 6, {})
    assert report.counts["unknown_fields"] == {}
    (row,) = loaded.instance.rows("SELECT key, record FROM source_record WHERE kind = 'activites'")
    natures = sorted(each["nature"] for each in row.record["activites"])
    assert (row.key, natures) == ("010000156", ["AMF", "AMF", "ASDR", "ASDR", "ASDR", "ASR"])
    capacities = [each["capacites"] for each in row.record["activites"] if "capacites" in each]
    assert capacities == [
        [{"nombre": 3, "statut": "09", "unite": "02"}],
        [{"nombre": 4, "statut": "09", "unite": "02"}],
    ]
