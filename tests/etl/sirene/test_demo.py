"""Both registers of an invented France, loaded as the real ones are, against its truth: links, structures, who is masked."""

import re
from collections.abc import Iterator
from datetime import date

import polars as pl
import pytest

from etl import demo
from etl.sirene.naf import in_scope
from etl.sirene.pipeline import How
from etl.sirene.refresh import StockFiles, refresh_pages, refresh_stock
from tests.etl.conftest import MakeInstance
from tests.etl.instance import Instance

SIZE, DAY = 2_000, date(2026, 11, 23)
PRECISION, RECALL = 0.97, 0.85


class World:
    """An instance, what its files say, and its tables after the stock."""

    def __init__(self, instance: Instance, files: demo.DemoFiles, how: How) -> None:
        self.instance, self.how, self.pages = instance, how, files.pages
        self.truth = pl.read_parquet(files.truth)
        assert files.sirene is not None
        self.sirene = pl.read_parquet(files.sirene.establishments).join(
            pl.read_parquet(files.sirene.units), on="siren", suffix="_unit"
        )
        self.links, self.structures = links(instance), structures(instance)

    def told(self) -> pl.DataFrame:
        """Open establishments of the field that nobody asked to mask, by the truth and the stock."""
        of_field = in_scope(
            "activitePrincipaleEtablissement",
            "nomenclatureActivitePrincipaleEtablissement",
            "activitePrincipaleNAF25Etablissement",
        )
        active = pl.all_horizontal(
            pl.col(name) == "A" for name in ("etatAdministratifEtablissement", "etatAdministratifUniteLegale")
        )
        return self.sirene.filter(of_field & active & ~pl.col("siret").is_in(self.masked().implode()))

    def masked(self) -> pl.Series:
        return self.truth.filter(diffusion="P")["siret"]


def links(instance: Instance) -> pl.DataFrame:
    """Those that stand and are accepted."""
    rows = instance.rows("SELECT finess, siret, source FROM link WHERE valid_to IS NULL AND status = 'accepted'")
    return pl.DataFrame(rows, schema=["finess", "siret", "source"], orient="row")


def structures(instance: Instance) -> pl.DataFrame:
    rows = instance.rows("SELECT id, register, finess, siret, name, open FROM structure")
    strings = pl.List(pl.String)
    schema = {
        "id": pl.String,
        "register": pl.String,
        "finess": strings,
        "siret": strings,
        "name": pl.String,
        "open": pl.Boolean,
    }
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


@pytest.fixture(scope="module")
def world(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("deux-registres")
    files = demo.generate(folder, size=SIZE, seed=7, produced_on=DAY, sirene=True)
    assert files.sirene is not None
    with make_instance() as instance:
        assert instance.refresh(files.finess).state == "published"
        how = How(home=folder / "home", search_root=instance.search)
        report = refresh_stock(instance.engine, StockFiles(*files.sirene.all()), how)
        assert report.state == "published", report
        yield World(instance, files, how)


@pytest.fixture(scope="module")
def after(world: World) -> Instance:
    """The same instance once the pages are in."""
    report = refresh_pages(world.instance.engine, world.pages, world.how, fictitious=True)
    assert report.state == "published", report
    return world.instance


# Before the pages: what `world` kept of the tables.


def test_most_links_are_found_and_nearly_all_are_right(world: World) -> None:
    true = world.truth.filter(pl.col("finess").is_not_null(), pl.col("open")).select("finess", "siret", "link")
    mine = pl.concat(
        [true.select("finess", "siret"), numbers_of_before(world)]
    )  # what FINESS declares of before is its own too
    judged = world.links.join(true, on="finess", how="semi")
    right = judged.join(mine, on=["finess", "siret"], how="semi")
    precision = right.height / judged.height
    active = world.sirene.filter(etatAdministratifEtablissement="A")["siret"]
    findable = true.filter(pl.col("siret").is_in(active.implode()), ~pl.col("siret").is_in(world.masked().implode()))
    found = findable.join(world.links, on=["finess", "siret"], how="semi")
    recall = found.height / findable.height
    print(f"précision {precision:.4f} ({judged.height} liens), rappel {recall:.4f} ({findable.height} à trouver)")
    for (kind,), rows in sorted(findable.group_by("link")):
        print(f"  {kind} : {rows.join(found, on='finess', how='semi').height} sur {rows.height}")
    assert precision >= PRECISION
    assert recall >= RECALL


def test_nothing_is_found_by_scoring_for_who_has_nothing_to_find(world: World) -> None:
    nothing = world.truth.filter(link="none")
    found = world.links.filter(source="scoring").join(nothing, on="finess", how="semi")
    assert found.height <= nothing.height * 0.05


def test_no_structure_comes_of_a_masked_establishment(world: World) -> None:
    alone = world.structures.filter(register="sirene").explode("siret")
    assert not set(alone["siret"]) & set(world.masked())


def test_no_structure_comes_of_another_trade(world: World) -> None:
    alone = world.structures.filter(register="sirene").explode("siret")
    assert set(alone["siret"]) <= set(world.told()["siret"])


def test_each_open_practitioner_is_one_structure(world: World) -> None:
    persons = world.told().filter(categorieJuridiqueUniteLegale=1000)
    once = persons.filter(~pl.col("siret").is_in(duplicates(world).implode()))
    counted = once.join(
        world.structures.filter("open").explode("siret").group_by("siret").len(), on="siret", how="left"
    )
    assert counted.height > 1_500
    assert counted.filter(pl.col("len").ne_missing(1)).select("siret", "len").rows() == []


def test_one_that_was_sold_is_one_structure_with_its_number_of_today(world: World) -> None:
    sold = sold_ones(world)
    assert sold.height > 10
    holding = {row["finess"]: holders(world, [row["siret"], *row["before"]]) for row in sold.iter_rows(named=True)}
    assert {finess: found.height for finess, found in holding.items()} == dict.fromkeys(holding, 1)
    today = dict(sold.select("finess", "siret").rows())
    assert [finess for finess, found in holding.items() if today[finess] not in found["siret"][0]] == []


def test_a_unit_numbered_twice_is_one_structure(world: World) -> None:
    twice = world.truth.filter(pl.col("siret").is_in(duplicates(world).implode()))
    told = world.told()["siret"]
    both = twice.filter(pl.col("siret").is_in(told.implode()), pl.col("duplicate_of").is_in(told.implode()))
    assert both.height > 3
    assert [
        pair for pair in both.select("siret", "duplicate_of").rows() if holders(world, list(pair)).height != 1
    ] == []


# After the pages.


def test_who_turned_p_is_nowhere(world: World, after: Instance) -> None:
    turned = world.truth.filter(pl.col("finess").is_null(), diffusion="O", diffusion_after="P")["siret"].to_list()
    assert len(turned) > 15
    assert mentions(after, turned) == {}


def test_the_words_of_who_turned_p_are_in_no_table(world: World, after: Instance) -> None:
    streets = world.truth.filter(pl.col("finess").is_null(), diffusion_after="P")["street"].drop_nulls()
    words = {found[1] for street in streets if (found := re.search(r"DU CLOS ([A-Z]{10})$", street))}
    assert len(words) > 200
    whole = "\n".join(
        str(row[0])
        for table in ("structure", "sirene_establishment", "source_record", "structure_change", "link", "load")
        for row in after.rows(f"SELECT upper({table}::text) FROM {table}")
    )
    assert [word for word in words if word in whole] == []


def test_no_link_is_scored_with_who_turned_p(world: World, after: Instance) -> None:
    turned = world.truth.filter(diffusion="O", diffusion_after="P")["siret"]
    scored = after.rows("SELECT siret FROM link WHERE source = 'scoring'")
    assert not {row[0] for row in scored} & set(turned)


def test_who_turned_o_is_told_if_of_the_field(world: World, after: Instance) -> None:
    shown = world.truth.filter(event="shown")["siret"]
    of_field = world.sirene.filter(
        pl.col("siret").is_in(shown.implode()), pl.col("activitePrincipaleEtablissement").str.contains("^8[678]")
    )
    assert of_field.height
    assert set(of_field["siret"]) <= told_by(after)


def test_who_opens_is_told_and_who_closes_is_closed(world: World, after: Instance) -> None:
    opens = world.truth.filter(event="opens", diffusion_after="O")
    names = after.rows("SELECT siret FROM sirene_establishment WHERE active AND categorie_no IS NOT NULL")
    told = told_by(after)
    assert {row[0] for row in names} & set(opens["siret"]) <= told
    assert len(told & set(opens["siret"])) > 10
    gone = set(world.truth.filter(pl.col("event").is_in(["closes", "moves"]), pl.col("finess").is_null())["siret"])
    active = {row[0] for row in after.rows("SELECT siret FROM sirene_establishment WHERE active")}
    assert not gone & active
    still_open = {each for row in after.rows("SELECT siret FROM structure WHERE open") for each in row[0]}
    assert not gone & still_open


def test_what_is_served_agrees_with_the_tables(after: Instance) -> None:
    assert after.differences() == []


def numbers_of_before(world: World) -> pl.DataFrame:
    """finess, siret: those that an establishment had, one or two owners or places ago."""
    gone = world.truth.filter(pl.col("successor").is_not_null()).select("siret", "successor")
    last = world.truth.filter(pl.col("finess").is_not_null()).select("finess", successor="siret")
    once = last.join(gone, on="successor").select("finess", "siret")
    twice = once.rename({"siret": "successor"}).join(gone, on="successor").select("finess", "siret")
    return pl.concat([once, twice])


def sold_ones(world: World) -> pl.DataFrame:
    """Open FINESS establishments that other legal units had `before`, and that declare a SIRET, of whichever owner."""
    before = numbers_of_before(world).group_by("finess").agg(before="siret")
    declaring = world.truth.filter(pl.col("open"), pl.col("declared_siret").is_not_null()).join(before, on="finess")
    return declaring.filter(pl.col("before").list.first().str.slice(0, 9) != pl.col("siret").str.slice(0, 9))


def duplicates(world: World) -> pl.Series:
    return world.truth.filter(pl.col("duplicate_of").is_not_null())["siret"]


def holders(world: World, numbers: list[str]) -> pl.DataFrame:
    """Structures that have any of these numbers."""
    return world.structures.filter(pl.col("siret").list.set_intersection(pl.lit(pl.Series([numbers]))).list.len() > 0)


def told_by(instance: Instance) -> set[str]:
    return {each for row in instance.rows("SELECT siret FROM structure") for each in row[0]}


def mentions(instance: Instance, sirets: list[str]) -> dict[str, list[str]]:
    """Where any of these numbers is, but for what must be kept of the masked."""
    numbers = ", ".join(f"'{siret}'" for siret in sirets)
    asked = {
        "structure": f"SELECT id FROM structure WHERE siret && ARRAY[{numbers}]",
        "structure_own": f"SELECT id FROM structure_own WHERE siret && ARRAY[{numbers}]",
        "sirene_establishment": f"SELECT siret FROM sirene_establishment WHERE siret IN ({numbers})",
        "source_record": f"SELECT key FROM source_record WHERE key IN ({numbers})",
        "structure_change": f"SELECT structure FROM structure_change WHERE right(structure, 14) IN ({numbers})",
        "link": f"SELECT siret FROM link WHERE siret IN ({numbers})",
    }
    found = {table: [row[0] for row in instance.rows(statement)] for table, statement in asked.items()}
    return {table: rows for table, rows in found.items() if rows}
