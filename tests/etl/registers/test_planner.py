"""What PostgreSQL's planner believes of the tables that a load fills decides whether it ends in minutes or in hours."""

from pathlib import Path

from tests.etl.finess.published import a_file, many
from tests.etl.instance import Instance
from tests.etl.registers.people import Person, load_stock
from tests.etl.registers.test_links import declaring

SEEN, HIDDEN = Person(12), Person(34)


def test_the_planner_knows_of_what_a_load_filled_though_it_took_it_for_empty(
    instance: Instance, tmp_path: Path
) -> None:
    """As after a load that was killed, or the world that was served before, once PostgreSQL counted what they left."""
    tables = ("sirene_establishment", "link", "masked_siret", "structure_own")
    assert instance.refresh(a_file(tmp_path, declaring(SEEN.siret), *many(5, first=2))).state == "published"
    with instance.engine.begin() as connection:
        connection.exec_driver_sql(f"ANALYZE {', '.join(tables)}")
    hidden = {HIDDEN.siren: {"statutDiffusionUniteLegale": "P"}}
    assert load_stock(instance, tmp_path, SEEN, HIDDEN, changed=hidden, accept=("masked",)).state == "published"
    for table in tables:
        ((believed, there),) = instance.rows(
            f"SELECT reltuples, (SELECT count(*) FROM {table}) FROM pg_class WHERE oid = '{table}'::regclass"
        )
        assert (table, believed) == (table, there)
        assert there
