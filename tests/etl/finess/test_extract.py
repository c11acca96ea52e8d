"""What reading the published file must survive."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from etl.finess.content import scalar
from etl.finess.extract import chunks, place_address, read_header
from geo.errors import Refused
from tests.etl.finess.published import a_file, a_pmej, an_address, an_ege, many
from tests.places import BORDEAUX, LILLE


def records(path: Path) -> list[dict[str, Any]]:
    return [record for chunk in chunks(path) for record in chunk.establishments.iter_rows(named=True)]


def test_each_establishment_becomes_one_record_with_its_legal_entity(tmp_path: Path) -> None:
    entity = a_pmej(an_ege("590000001"), an_ege("590000002"), finess="590000100", name="CCAS DE LILLE")
    found = records(a_file(tmp_path, pmej=[entity, a_pmej(finess="590000200")]))
    assert [(r["finess"], r["ej_finess"], r["ej_nom"]) for r in found] == [
        ("590000001", "590000100", "CCAS DE LILLE"),
        ("590000002", "590000100", "CCAS DE LILLE"),
    ]


def test_the_place_is_the_address_of_usage_03_wherever_it_stands() -> None:
    site, desk = an_address(LILLE), an_address(BORDEAUX, usage="06")
    assert place_address([desk, site]) is site


def test_a_head_office_is_never_the_place() -> None:
    assert place_address([an_address(usage="02")]) == {}


def test_padding_and_wrapped_codes_are_read_as_the_plain_code() -> None:
    assert [scalar(v) for v in ("R   ", {"coding": {"code": "A"}}, {"code": " 620"}, ["1"], 7, "  ", None)] == [
        "R", "A", "620", "1", "7", None, None,
    ]  # fmt: skip


def test_a_plain_file_reads_like_a_compressed_one(tmp_path: Path) -> None:
    compressed = a_file(tmp_path, an_ege())
    plain = tmp_path / "structures.json"
    plain.write_bytes(gzip.decompress(compressed.read_bytes()))
    assert records(plain) == records(compressed)
    assert read_header(plain) == read_header(compressed)


def test_the_header_says_version_and_date(tmp_path: Path) -> None:
    header = read_header(a_file(tmp_path, an_ege()))
    assert (header.schema_version, header.generated_at.date().isoformat(), header.fictitious) == (
        "v1.0.0",
        "2026-11-21",
        False,
    )


def test_a_truncated_file_is_refused_as_truncated(tmp_path: Path) -> None:
    path = a_file(tmp_path, *many(500))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(Refused, match="tronqué"):
        records(path)


def test_a_json_cut_before_its_end_is_refused_as_truncated(tmp_path: Path) -> None:
    path = a_file(tmp_path, *many(50))
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-300]))
    with pytest.raises(Refused, match="tronqué"):
        records(path)


def test_damaged_bytes_are_refused(tmp_path: Path) -> None:
    path = a_file(tmp_path, *many(500))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 40] = b"\xff" * 40
    path.write_bytes(bytes(content))
    with pytest.raises(Refused):
        records(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "vide"),
        (b"<html>Service indisponible</html>", "lisible"),
        (b'{"nofinesset": 1}', "n\u2019est pas le flux"),
        (b'{"schemaVersion":"v1.0.0","generatedAt":"2026-11-21","pmej":' + b"[" * 200_000, "imbriqués sans fin"),
        (b'{"schemaVersion":"' + b"v" * 3_000_000 + b'"}', "mégaoctet"),
        (b'{"schemaVersion":"v1.0.0","generatedAt":"hier","pmej":[]}', "hier"),
    ],
)
def test_what_is_not_the_flow_is_refused_with_its_reason(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "fichier.json"
    path.write_bytes(content)
    with pytest.raises(Refused, match=said):
        read_header(path)


def test_progress_ends_at_the_size_of_the_file(tmp_path: Path) -> None:
    path = a_file(tmp_path, *many(20))
    seen: list[int] = []
    list(chunks(path, seen.append))
    assert seen[-1] == path.stat().st_size


def test_odd_shapes_where_objects_are_expected_lose_nothing_else(tmp_path: Path) -> None:
    odd = an_ege("590000001", adresse=None, contact={"telecom": 3}, etatObjet={"coding": {"code": "A"}})
    found = records(a_file(tmp_path, odd, an_ege("590000002")))
    assert [(r["finess"], r["etat"], r["cog_commune"]) for r in found] == [
        ("590000001", "A", None),
        ("590000002", "A", LILLE.commune),
    ]


def test_a_root_in_another_order_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "ordre.json"
    path.write_text(
        json.dumps(
            {
                "pmej": [a_pmej(*many(3))],
                "gco": [],
                "gcc": [{"gccId": "7", "nomGcc": "59 Lille", "pmejDuGcc": []}],
                "fictif": True,
                "generatedAt": "2026-11-21T02:00:00Z",
                "schemaVersion": "1.0.0",
            }
        )
    )
    header = read_header(path)
    assert (header.schema_version, header.fictitious, header.gcc[0]["gccId"]) == ("1.0.0", True, "7")
    assert len(records(path)) == 3


def test_a_byte_order_mark_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "marque.json"
    path.write_bytes(b"\xef\xbb\xbf" + gzip.decompress(a_file(tmp_path, *many(2)).read_bytes()))
    assert read_header(path).schema_version == "v1.0.0"
    assert len(records(path)) == 2


def test_items_that_are_no_object_are_counted(tmp_path: Path) -> None:
    path = a_file(tmp_path, pmej=["x", 1, None, [], a_pmej(*many(2))])
    (chunk,) = chunks(path)
    assert (chunk.unreadable, len(chunk.establishments)) == (4, 2)
