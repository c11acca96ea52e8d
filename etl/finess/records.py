"""The records of a chunk, hashed: what history compares with yesterday."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial

from etl.finess.content import EGE, GCC, GCO, PMEJ, content, content_hash, scalar
from etl.finess.extract import Chunk, Header
from etl.finess.record import ege_record, fields_of, group_record, objects_of, pmej_record
from etl.history import Published

KINDS = ("ege", "pmej", "gcc", "gco")


def records_of(chunk: Chunk, positions: Mapping[str, list[float]], unknown: Counter[str]) -> Iterator[Published]:
    """Legal entities and establishments that have a number; `positions`: the flow's own points by FINESS number."""
    for entity in chunk.entities:
        ej = scalar(fields_of(entity.get("informationsGeneralesPMEJ")).get("numFinessPm"))
        if ej:
            alone = {name: value for name, value in entity.items() if name != "ege"}
            cleaned = content(alone, PMEJ, unknown, "pmej")
            yield Published("pmej", ej, content_hash(cleaned), partial(pmej_record, alone), alone)
        for ege in objects_of(entity.get("ege")):
            number = scalar(fields_of(ege.get("informationsGeneralesEGE")).get("numFinessEge"))
            if number:
                cleaned = content(ege, EGE, unknown, "pmej.ege")
                record = partial(ege_record, ege, ej, positions.get(number))
                yield Published("ege", number, content_hash(cleaned, ej), record, ege)


def groups_of(header: Header, unknown: Counter[str]) -> Iterator[Published]:
    """Groups of legal entities, conventional and with a legal personality."""
    for kind, groups, fields, number in (("gcc", header.gcc, GCC, "gccId"), ("gco", header.gco, GCO, "pmSmsseId")):
        for group in groups:
            if key := scalar(group.get(number)):
                hashed = content_hash(content(group, fields, unknown, kind))
                yield Published(kind, key, hashed, partial(group_record, group), group)
