"""All that FINESS publishes of a structure: in the API's answer, and on its page."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import event, text

from api.app import create_app
from api.dependencies import Reading
from api.structures.queries import found_under, told_whole
from etl.finess.activites.pipeline import refresh as refresh_activities
from etl.rollback import rollback
from geo.nomenclatures import Label, LabelReader, learn_labels
from geo.publication import served_publication
from geo.settings import Settings
from tests.etl.conftest import instance, make_instance  # noqa: F401 (an instance of one test's own)
from tests.etl.finess.activities import a_file as an_activities_file
from tests.etl.finess.activities import an_activity, an_entity
from tests.etl.finess.activities import an_ege as an_ege_s_activities
from tests.etl.finess.published import a_file, a_pmej, an_address, an_ege, many
from tests.etl.instance import Instance
from tests.places import LILLE, PARIS_13

Client = TestClient[Any]
ONE, OTHER, ALONE = "590000001", "590000002", "590000003"
NEXT_DAY = {"generatedAt": "2026-11-22T02:09:17Z", "name": "finess-structures-journalier-20261122.json.gz"}


@pytest.fixture
def client(instance: Instance, tmp_path: Path) -> Iterator[Client]:  # noqa: F811
    url = instance.url
    settings = Settings(home=tmp_path, database_url=url.replace("postgresql+psycopg://", "postgresql://"))
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def of(client: Client, identifier: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/structures/{identifier}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def page(client: Client, identifier: str) -> str:
    answer = client.get(f"/structures/{identifier}", headers={"accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", answer.text)


def a_contact(role: str | None = "01", **telecom: str) -> dict[str, Any]:
    return {"telecom": telecom} | ({"typeContact": {"roleContact": role}} if role else {})


def an_event(code: str, day: str, kind: str = "EG") -> dict[str, str]:
    return {"codeEvenement": code, "dateEvenement": day, "typeObjet1": kind, "etatObjet1": code}


def publish(instance: Instance, folder: Path, *eges: dict[str, Any], **root: Any) -> None:  # noqa: F811
    report = instance.refresh(a_file(folder, *eges, **root), accept=("removed", "closed", "moved"))
    assert report.state == "published", report


def test_dates_codes_and_numbers_are_told_with_their_labels(instance: Instance, client: Client, tmp_path: Path) -> None:  # noqa: F811
    about = {"datePremiereAutorisation": "1989-06-01", "espic": ["1", "7"], "numeroEducationNationale": "0590001A"}
    publish(instance, tmp_path, an_ege(ONE, about=about, modefixationtarifaire="34", typeBudget=["G"]))
    with instance.engine.begin() as connection:
        day = dt.date(2026, 5, 4)
        learn_labels(connection, [Label("mft", "34", "ARS dotation globale", "ancien fichier", day)])
    told = of(client, f"f{ONE}")
    assert (told["opened_on"], told["authorised_on"], told["uai"]) == ("1990-01-01", "1989-06-01", "0590001A")
    assert told["mft"] == {"code": "34", "label": "ARS dotation globale"}
    assert told["espic"] == [{"code": "1", "label": None}, {"code": "7", "label": None}]
    html = page(client, f"f{ONE}")
    assert "ARS dotation globale" in html
    assert "code" not in re.sub(r"<[^>]+>", "", html).lower().replace("code ape", "")
    assert "Première autorisation le 1er juin 1989" in html


def test_every_address_is_told_by_what_it_is_for_the_place_first(
    instance: Instance,  # noqa: F811
    client: Client,
    tmp_path: Path,
) -> None:
    addresses = [an_address(PARIS_13, usage="06"), an_address(LILLE), an_address(LILLE, usage="05")]
    publish(instance, tmp_path, an_ege(ONE, adresse=addresses))
    told = of(client, f"f{ONE}")["addresses"]
    assert [each["usage"]["label"] for each in told] == ["Lieu d’exercice", "Accueil", None]
    assert told[1]["commune"] == {"code": PARIS_13.commune, "name": "Paris 13e Arrondissement"}
    assert told[0]["lines"] == ["12 R DES LILAS"]
    assert "Autre adresse" in page(client, f"f{ONE}")


def test_public_contacts_are_told_and_no_other(instance: Instance, client: Client, tmp_path: Path) -> None:  # noqa: F811
    contacts = [
        a_contact(telephone="0320000001/0320000002", telecopie="0320000003", courriel="accueil@lilas.example"),
        a_contact(None, telephone="0320000004"),
        a_contact("02", telephone="0699999999", courriel="directrice@lilas.example"),
    ]
    publish(instance, tmp_path, an_ege(ONE, contact=contacts))
    told = of(client, f"f{ONE}")["contacts"]
    assert [each["phones"] for each in told] == [["03 20 00 00 01", "03 20 00 00 02"], ["03 20 00 00 04"]]
    assert (told[0]["role"]["label"], told[1]["role"]) == ("Contact public", None)
    html = page(client, f"f{ONE}")
    assert 'href="mailto:accueil@lilas.example"' in html
    assert "03 20 00 00 03" in html
    assert html.count('href="tel:0320000001"') == 1
    for hidden in ("directrice@", "06 99 99 99 99"):
        assert hidden not in html + client.get(f"/api/v1/structures/f{ONE}").text


def test_the_legal_entity_is_told_in_full(instance: Instance, client: Client, tmp_path: Path) -> None:  # noqa: F811
    pmej = a_pmej(an_ege(ONE))
    pmej["informationsGeneralesPMEJ"] |= {"statutJuridique": "72", "codeApe": "47.73Z", "dateCreation": "1985-02-01"}
    pmej |= {"adresse": [an_address(PARIS_13, usage="02")], "contact": [a_contact(telephone="0140000000")]}
    publish(instance, tmp_path, pmej=[pmej])
    told = of(client, f"f{ONE}")
    assert told["entite_juridique"] == {"finess": "590999999", "name": "SELARL DES LILAS", "siren": "732829320"}
    assert told["legal_status"] == told["entity"]["legal_status"]
    assert told["legal_status"]["label"] == "Société A Responsabilité Limitée (S.A.R.L.)"
    assert (told["entity"]["ape"], told["entity"]["created_on"]) == ("47.73Z", "1985-02-01")
    assert told["entity"]["addresses"][0]["usage"] == {"code": "02", "label": "Siège"}
    assert told["entity"]["contacts"][0]["phones"] == ["01 40 00 00 00"]
    html = page(client, f"f{ONE}")
    assert "Société A Responsabilité Limitée" in html
    assert 'href="tel:0140000000"' in html


@pytest.mark.parametrize(
    ("name", "status"),
    [("DUBOIS ANNE", ("70", "Personne Physique")), ("M. LE DOCTEUR DUBOIS", ("63", "Fondation"))],
)
def test_a_legal_entity_that_is_a_natural_person_keeps_its_address_and_contacts_to_itself(
    instance: Instance,  # noqa: F811
    client: Client,
    tmp_path: Path,
    name: str,
    status: tuple[str, str],
) -> None:
    pmej = a_pmej(an_ege(ONE))
    pmej["informationsGeneralesPMEJ"] |= {
        "statutJuridique": status[0],
        "denominationLonguePmSmsse": name,
        "denominationPm": "CABINET DE TOUS",
        "dateCreation": "1985-02-01",
    }
    pmej |= {"adresse": [an_address(PARIS_13, usage="02")], "contact": [a_contact(telephone="0699999999")]}
    pmej |= {"engagement": [{"typeEngagement": "CONV", "dateEffetEngagement": "2020-01-01"}]}
    publish(instance, tmp_path, pmej=[pmej])
    entity = of(client, f"f{ONE}")["entity"]
    assert {name: value for name, value in entity.items() if value} == {
        "finess": "590999999",
        "name": name,
        "siren": "732829320",
        "legal_status": {"code": status[0], "label": status[1]},
    }
    html = page(client, f"f{ONE}")
    assert name in html
    for hidden in ("06 99 99 99 99", "CABINET DE TOUS", "75013", "1985", "Engagements"):
        assert hidden not in html + client.get(f"/api/v1/structures/f{ONE}").text


def test_a_number_that_the_register_withdrew_is_not_told_any_more(
    instance: Instance,  # noqa: F811
    client: Client,
    tmp_path: Path,
) -> None:
    publish(instance, tmp_path, an_ege(ONE), an_ege(OTHER))
    publish(
        instance,
        tmp_path,
        an_ege(ONE, contact=[]),
        an_ege(OTHER, contact=[a_contact(telephone="0320111213")]),
        **NEXT_DAY,
    )
    (withdrawn,), (replaced,) = of(client, f"f{ONE}")["history"], of(client, f"f{OTHER}")["history"]
    assert (withdrawn["kind"], withdrawn["before"], withdrawn["after"]) == ("phone_changed", None, None)
    assert (replaced["before"], replaced["after"]) == (None, "03 20 11 12 13")
    assert "Téléphone retiré." in page(client, f"f{ONE}")
    assert "Nouveau téléphone : 03 20 11 12 13." in page(client, f"f{OTHER}")
    assert "03 20 00 00 00" not in page(client, f"f{ONE}") + page(client, f"f{OTHER}")


def test_sites_of_one_entity_name_each_other(instance: Instance, client: Client, tmp_path: Path) -> None:  # noqa: F811
    pmej = a_pmej(an_ege(ONE, "PHARMACIE MERE"), an_ege(OTHER, "ANNEXE"), an_ege(ALONE, "SEULE"))
    pmej["roleEge"] = [{"idEgePorteuse": ONE, "idEgeNonPorteuse": OTHER, "roleRelationEge": "01"}]
    publish(instance, tmp_path, pmej=[pmej])
    (annex,), (mother,) = of(client, f"f{ONE}")["links"], of(client, f"f{OTHER}")["links"]
    assert annex == {"role": "secondaire", "finess": OTHER, "id": f"f{OTHER}", "name": "ANNEXE"}
    assert mother == {"role": "principal", "finess": ONE, "id": f"f{ONE}", "name": "PHARMACIE MERE"}
    assert of(client, f"f{ALONE}")["links"] == []
    assert f'<a href="/structures/f{ONE}">PHARMACIE MERE</a>' in page(client, f"f{OTHER}")


def test_groups_are_told_to_their_members_only(instance: Instance, client: Client, tmp_path: Path) -> None:  # noqa: F811
    members = [{"pmSmsseId": "590999999", "typeRoleEntiteGroupe": "S"}]
    gcc = [{"gccId": "1", "nomGcc": "59 Lille Métropole", "typeGcc": "001", "etatObjet": "A", "pmejDuGcc": members}]
    gco = [{"pmSmsseId": "590888888", "typeGco": "003", "pmejDuGco": [], "egeDuGco": []}]
    cooperation = a_pmej(an_ege(OTHER), finess="590888888", name="GCS DES FLANDRES")
    publish(instance, tmp_path, pmej=[a_pmej(an_ege(ONE)), cooperation], gcc=gcc, gco=gco)
    (group,), (itself,) = of(client, f"f{ONE}")["groups"], of(client, f"f{OTHER}")["groups"]
    assert (group["kind"], group["name"], group["type"]["code"]) == ("gcc", "59 Lille Métropole", "001")
    assert group["role"] == {"code": "S", "label": "Support"}
    assert (itself["kind"], itself["name"], itself["role"]) == ("gco", "GCS DES FLANDRES", None)
    assert "59 Lille Métropole" in page(client, f"f{ONE}")
    assert "59 Lille Métropole" not in page(client, f"f{OTHER}")


def test_the_official_history_and_what_was_seen_make_one_timeline(
    instance: Instance,  # noqa: F811
    client: Client,
    tmp_path: Path,
) -> None:
    events = [an_event("003", "1990-01-01"), an_event("007", "1990-02-01"), an_event("013", "2001-01-01")]
    publish(instance, tmp_path, an_ege(ONE, "ANCIEN NOM", evenement=events))
    closed = {"dateFermeture": "2026-11-20"}
    after = an_ege(ONE, "NOUVEAU NOM", evenement=[*events, an_event("005", "2026-11-20")], about=closed, etatObjet="I")
    publish(instance, tmp_path, after, **NEXT_DAY)
    told = of(client, f"f{ONE}")
    assert [(e["code"], e["label"]) for e in told["events"]] == [
        ("003", "Création de l’établissement"),
        ("007", "Ouverture de l’établissement"),
        ("013", None),
        ("005", "Fermeture"),
    ]
    assert told["history"] == [
        {"kind": "closed", "seen_on": "2026-11-22", "effective_on": "2026-11-20", "before": "open", "after": "closed"},
        {"kind": "renamed", "seen_on": "2026-11-22", "effective_on": None, "before": "ANCIEN NOM", "after": "NOUVEAU NOM"},
    ]  # fmt: skip
    html = page(client, f"f{ONE}")
    days = re.findall(r'<time datetime="([^"]+)">', html)
    assert days == ["2026-11-22", "2026-11-20", "1990-02-01"]
    assert "Nouveau nom : « NOUVEAU NOM », auparavant « ANCIEN NOM »." in html
    assert html.count("Fermeture.") == 1
    assert "013" not in html
    assert (
        html.count("Constaté dans le fichier du 22 novembre 2026.") == 1
    )  # of the closing, which has a day of its own


def test_the_establishments_of_an_entity_are_told_each_with_its_own(
    instance: Instance,  # noqa: F811
    client: Client,
    tmp_path: Path,
) -> None:
    publish(instance, tmp_path, an_ege(ONE, about={"dateOuverture": "1991-01-01"}), an_ege(OTHER))
    results = of(client, "finess:590999999")["results"]
    assert [(each["id"], each["opened_on"]) for each in results] == [
        (f"f{ONE}", "1991-01-01"),
        (f"f{OTHER}", "1990-01-01"),
    ]


def test_what_history_does_not_know_is_null_or_empty(instance: Instance, client: Client, tmp_path: Path) -> None:  # noqa: F811
    publish(instance, tmp_path, an_ege(ONE))
    with instance.engine.begin() as connection:
        connection.execute(text("DELETE FROM source_record"))
    told = of(client, f"f{ONE}")
    assert {name: told[name] for name in ("authorised_on", "legal_status", "mft", "entity")} == dict.fromkeys(
        ("authorised_on", "legal_status", "mft", "entity")
    )
    assert told["addresses"] == told["contacts"] == told["groups"] == told["links"] == told["events"] == []
    assert told["phones"] == ["03 20 00 00 00"]
    html = page(client, f"f{ONE}")
    assert "SELARL DES LILAS" in html
    assert "Historique" not in html


def test_a_broken_day_and_markup_in_a_name_are_shown_as_what_they_are(
    instance: Instance,  # noqa: F811
    client: Client,
    tmp_path: Path,
) -> None:
    about = {"dateOuverture": "2026-02-30", "complementDenominationEg": "<script>alert(1)</script>"}
    publish(instance, tmp_path, an_ege(ONE, about=about), *many(200, first=100))
    assert of(client, f"f{ONE}")["opened_on"] is None
    assert "<script>alert" not in page(client, f"f{ONE}")


def test_forty_structures_are_told_in_as_many_statements_as_one(instance: Instance, tmp_path: Path) -> None:  # noqa: F811
    practised = [an_ege_s_activities(f"59{n:07d}", an_activity(egeId=f"59{n:07d}")) for n in range(1, 42)]
    alone = a_pmej(an_ege("590000041"), finess="590888888")
    publish(instance, tmp_path, pmej=[a_pmej(*many(40)), alone])
    entity = an_entity(*practised, authorised=tuple(an_activity(egeId=f"59{n:07d}") for n in range(1, 41)))
    other = an_entity(authorised=(an_activity(egeId="590000041"),)) | {"numFiness": "590888888"}
    activities = an_activities_file(tmp_path, entity, other)
    assert refresh_activities(instance.engine, instance.search, activities, home=instance.home).state == "published"
    statements: list[str] = []

    @event.listens_for(instance.engine, "before_cursor_execute")
    def _counted(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    def asked(identifier: str, found: int) -> int:
        with instance.engine.connect() as connection:
            served = served_publication(connection)
            assert served is not None
            view = Reading(connection, served, LabelReader())
            statements.clear()
            pages = told_whole(view, found_under(view, identifier))
            assert [len(page.activities or ()) for page in pages] == [2] * found
            return len(statements)

    assert asked("finess:590999999", found=40) == asked("finess:590888888", found=1)


def test_an_opening_is_said_once(instance: Instance, client: Client, tmp_path: Path) -> None:  # noqa: F811
    events = [an_event("003", "1990-01-01"), an_event("007", "1990-01-01")]
    moved_in = {"about": {"dateOuverture": "1991-01-01"}}
    publish(instance, tmp_path, an_ege(ONE, evenement=events), an_ege(OTHER, evenement=events, **moved_in))
    html = page(client, f"f{ONE}")
    assert html.count("1er janvier 1990") == 1
    assert "Historique" not in html
    other = page(client, f"f{OTHER}")
    assert "Le 1er janvier 1991." in other
    assert "Création de l’établissement" not in other
    assert "Ouverture de l’établissement." in other


def test_the_entity_does_not_say_again_where_it_is_nor_how_to_reach_it(
    instance: Instance,  # noqa: F811
    client: Client,
    tmp_path: Path,
) -> None:
    phones = a_contact(telephone="0320000000/0320000009", telecopie="0320000001", courriel="lilas@lilas.example")
    here = {"adresse": [an_address(LILLE, usage="02"), an_address(PARIS_13, usage="02")], "contact": [phones]}
    own = a_contact(telephone="0320000000", courriel="lilas@lilas.example")
    publish(instance, tmp_path, pmej=[a_pmej(an_ege(ONE, contact=[own])) | here])
    html = page(client, f"f{ONE}")
    assert html.count("<address>") == 2
    assert html.count('href="tel:0320000000"') == 1
    assert html.count("mailto:lilas@lilas.example") == 1
    assert 'href="tel:0320000009"' in html
    assert len(of(client, f"f{ONE}")["entity"]["addresses"]) == 2


def test_the_other_establishments_are_linked_when_there_are_some(
    instance: Instance,  # noqa: F811
    client: Client,
    tmp_path: Path,
) -> None:
    alone = a_pmej(an_ege(ALONE), finess="590888888")
    publish(instance, tmp_path, pmej=[a_pmej(an_ege(ONE), an_ege(OTHER)), alone])
    assert "Tous ses établissements" in page(client, f"f{ONE}")
    assert "Tous ses établissements" not in page(client, f"f{ALONE}")


def test_codes_that_nobody_explained_stay_in_the_api(instance: Instance, client: Client, tmp_path: Path) -> None:  # noqa: F811
    engagements = [
        {"typeEngagement": "CONV", "sousTypeEngagement": "CPOM", "dateEffetEngagement": "2020-01-01"},
        {"typeEngagement": "CONV", "sousTypeEngagement": "CPOM", "dateEffetEngagement": "2020-01-01"},
        {"typeEngagement": "CONV", "sousTypeEngagement": "ASE", "dateEffetEngagement": "2021-01-01"},
        {"typeEngagement": "CONV", "nomEngagement": "Convention du Beffroi"},
    ]
    pmej = a_pmej(an_ege(ONE, engagement=engagements, modefixationtarifaire="99", typeBudget=["01"]))
    pmej["informationsGeneralesPMEJ"] |= {"fonctionPublique": "01"}
    publish(instance, tmp_path, pmej=[pmej])
    with instance.engine.begin() as connection:
        learn_labels(connection, [Label("mft", "99", "Indéterminé", "ancien fichier", dt.date(2026, 5, 4))])
    told, html = of(client, f"f{ONE}"), page(client, f"f{ONE}")
    assert html.count("Contrat pluriannuel d’objectifs et de moyens, effet le 1er janvier 2020") == 1
    assert "Convention du Beffroi" in html
    for raw in ("ASE", "CPOM", "Budget", "Fonction publique", "Tarification", "Indéterminé"):
        assert raw not in html
    assert (told["mft"]["code"], told["budgets"][0]["code"]) == ("99", "01")
    assert [each["subtype"] for each in told["engagements"]] == ["CPOM", "CPOM", "ASE", None]
    assert told["entity"]["fonction_publique"]["code"] == "01"


def test_activities_that_read_alike_are_one_line_and_many_fold_by_nature(
    instance: Instance,  # noqa: F811
    client: Client,
    tmp_path: Path,
) -> None:
    emergency = {"activiteAMM": "QA014", "modaliteAMM": "MO032"}
    years = [an_activity(block=emergency, dateDebutActiviteAutorisee=f"20{n}-01-01") for n in range(10, 18)]
    wordless = an_activity("ASDR", {"activiteSanitaireDiverseRegulee": "824"}, dateDebutActiviteAutorisee="2009-01-01")
    few = an_ege_s_activities(ONE, years[0], an_activity(block=emergency, dateDebutActiviteAutorisee="2010-01-01"))
    unheard_of = an_activity("ZZZ", dateDebutActiviteAutorisee="2008-01-01")
    many_ = an_ege_s_activities(OTHER, *years, wordless, unheard_of)
    publish(instance, tmp_path, an_ege(ONE), an_ege(OTHER))
    assert refresh_activities(
        instance.engine, instance.search, an_activities_file(tmp_path, an_entity(few, many_)), home=instance.home
    ).state
    short, long = page(client, f"f{ONE}"), page(client, f"f{OTHER}")
    assert short.count("<strong>Médecine d&#39;urgence</strong>") == 1
    assert "<summary><h3>Activité de soins" not in short
    folded = re.findall(r"<summary><h3>([^<]*)</h3><span[^>]*>(\d+)</span></summary>", long)
    assert folded == [
        ("Activité de soins (activité, modalité, mention)", "8"),
        ("Activité sanitaire diverse régulée", "1"),
        ("Autres activités", "1"),
    ]
    assert "ZZZ" not in long
    assert "824" not in re.sub(r"<[^>]+>", "", long)
    assert "depuis le 1er janvier 2009" in long


@pytest.mark.parametrize("how", ["the older file", "rollback"])
def test_an_older_file_that_is_served_is_told_whole_as_of_its_day(
    instance: Instance,  # noqa: F811
    client: Client,
    tmp_path: Path,
    how: str,
) -> None:
    before = an_ege(ONE, "ANCIEN NOM", contact=[a_contact(telephone="0320000000")])
    after = an_ege(ONE, "NOUVEAU NOM", contact=[a_contact(telephone="0320111213")])
    publish(instance, tmp_path, before, *many(30, first=100))
    first = of(client, f"f{ONE}")
    publish(instance, tmp_path, after, *many(30, first=100), **NEXT_DAY)
    assert [change["kind"] for change in of(client, f"f{ONE}")["history"]] == ["phone_changed", "renamed"]
    if how == "rollback":
        rollback(instance.engine, instance.search, 1, home=instance.home)
    else:
        publish(instance, tmp_path, before, *many(30, first=100))
    assert of(client, f"f{ONE}") == first
    publish(instance, tmp_path, after, *many(30, first=100), **NEXT_DAY | {"generatedAt": "2026-11-22T02:09:18Z"})
    told = of(client, f"f{ONE}")
    assert (told["short_name"], told["phones"]) == ("NOUVEAU NOM", told["contacts"][0]["phones"])


def test_an_answer_is_not_sent_again_to_who_has_it_until_it_says_something_else(
    instance: Instance,  # noqa: F811
    client: Client,
    tmp_path: Path,
) -> None:
    publish(instance, tmp_path, an_ege(ONE, "AVANT"))
    address = f"/api/v1/structures/f{ONE}"
    first = client.get(address)
    etag = first.headers["etag"]
    for held in (etag, f'"autre", W/{etag}', "*"):
        again = client.get(address, headers={"if-none-match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert client.get(address, headers={"if-none-match": '"autre"'}).content == first.content
    publish(instance, tmp_path, an_ege(ONE, "APRES"), **NEXT_DAY)
    after = client.get(address, headers={"if-none-match": etag})
    assert (after.status_code, after.json()["name"]) == (200, "APRES")
    assert after.headers["etag"] != etag
