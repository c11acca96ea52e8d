"""People have the last word; order and extent of a run change nothing."""

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from etl.demo.ranges import demo_siren, demo_siret
from etl.matching.links import links
from etl.matching.shapes import EGE, LINKS
from etl.sirene.rows import MASKED, OPEN
from tests.etl.matching.registers import (
    BREST,
    MORLAIX,
    OTHER,
    OUR_ANNEX,
    OURS,
    a_siret,
    an_ege,
    decided,
    linked,
    only,
    verdicts,
)

FINESS = "29Z000011"


def test_what_a_person_accepts_wins_over_any_score_and_ends_the_search() -> None:
    rows = [a_siret(), a_siret(OTHER, commune=BREST, street_name="DU PORT", signs=["AUTRE"])]
    found = linked([an_ege()], rows, decisions=[decided(FINESS, OTHER, "accepted")])
    link = only(found)
    assert (link["siret"], link["source"], link["status"]) == (OTHER, "human", "accepted")
    assert link["reason"] == "Lien confirmé par M. Le Goff."


@pytest.mark.parametrize("declared", [None, OURS])
def test_what_a_person_rejects_stays_so_and_another_is_looked_for(declared: str | None) -> None:
    rows = [a_siret(), a_siret(OUR_ANNEX)]
    found = linked([an_ege(declared=declared)], rows, decisions=[decided(FINESS, OURS, "rejected")])
    assert verdicts(found) == {OURS: "rejected", OUR_ANNEX: "accepted"}
    assert found.filter(siret=OURS)["source"].item() == "human"


@pytest.mark.parametrize(
    "row", [a_siret(), a_siret(signs=["TOUT AUTRE CHOSE"], street_name="DU PORT"), a_siret(active=False)]
)
@pytest.mark.parametrize("verdict", ["accepted", "rejected"])
def test_a_decision_reappears_whatever_the_scores_become(row: dict[str, Any], verdict: str) -> None:
    assert only(linked([an_ege()], [row], decisions=[decided(FINESS, OURS, verdict)]))["status"] == verdict


def test_a_decision_reappears_when_neither_register_has_its_row_any_more() -> None:
    assert only(linked([], [], decisions=[decided(FINESS, OURS, "accepted")]))["status"] == "accepted"
    assert only(linked([an_ege()], [], decisions=[decided(FINESS, OURS, "rejected")]))["status"] == "rejected"


def test_the_last_decision_is_the_one_that_counts() -> None:
    told = [decided(FINESS, OURS, "rejected", day=2), decided(FINESS, OURS, "accepted", day=1)]
    assert only(linked([an_ege()], [a_siret()], decisions=told))["status"] == "rejected"


def test_nothing_gives_an_empty_frame_of_the_same_shape() -> None:
    assert linked([], []).schema == LINKS
    assert linked([an_ege(declared=OURS)], [a_siret()]).schema == LINKS


def towns() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Twelve EGE of two communes, and their rows: missing, shared, in doubt."""
    siret = [demo_siret(demo_siren(rank), 1) for rank in range(12)]
    ege = [
        an_ege(
            f"29Z{rank:06d}", commune=(MORLAIX, BREST)[rank % 2], number=str(rank // 4), ej_siren=siret[rank][:9],
            declared=siret[rank - 1] if rank % 3 == 0 else None,
        )
        for rank in range(12)
    ]  # fmt: skip
    rows = [a_siret(each, commune=(MORLAIX, BREST)[rank % 2], number=str(rank // 4)) for rank, each in enumerate(siret)]
    rows.append(a_siret(demo_siret(demo_siren(4), 2), number="1"))  # a twin of what the fifth is to find
    return ege, rows


def test_the_order_of_rows_changes_nothing() -> None:
    ege, rows = towns()
    frames = pl.DataFrame(ege, schema=EGE), pl.DataFrame(rows, schema=OPEN), pl.DataFrame(schema=MASKED)
    expected = links(*frames)
    assert set(expected["status"]) == {"accepted", "review", "rejected"}
    for seed in range(5):
        assert_frame_equal(links(*(each.sample(fraction=1, shuffle=True, seed=seed) for each in frames)), expected)


def test_some_communes_give_the_rows_that_a_full_run_gives_them() -> None:
    ege, rows = towns()
    here = pl.col("finess").is_in([each["finess"] for each in ege if each["commune"] == MORLAIX])
    full = linked(ege, rows)
    assert 0 < full.filter(here).height < full.height
    assert_frame_equal(linked(ege, rows, communes={MORLAIX}), full.filter(here))
