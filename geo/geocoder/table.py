"""A batch of questions as the CSV that geocoders take, and their CSV read back by the names of its columns."""

import csv
import io
from collections.abc import Mapping, Sequence

from geo.geocoder.reading import NOT_FOUND, Garbled, answer_of
from geo.geocoder.shapes import Answer, Question, Status
from geo.text import sort_key

ROW = "lum1_ligne"
ASKED = ("adresse", "code_postal", "commune")  # put together, in this order, by the server
CITYCODE, KIND = "code_insee", "genre"
COLUMNS = (ROW, *ASKED, CITYCODE, KIND)
# of the answer; « result_status » is the Géoplateforme's, and only of late: addok-csv leaves the rest empty instead
NEEDED = ("longitude", "latitude", "result_label", "result_score", "result_type")
STATUSES = frozenset(Status)
ANSWER_BYTES = 2_000  # of one row, beside what was asked: three times the longest that we have seen
LONGEST_LINE = 65_536


def words_of(question: Question) -> tuple[str, str, str]:
    """The three texts that are asked together: the address, the postcode, the town where the address isn't just that."""
    text, town = _line(question.text), _line(question.town)
    return text, _line(question.postcode), "" if sort_key(text) == sort_key(town) else town


def written(questions: Sequence[Question]) -> bytes:
    """One row for each, numbered from 0; everything quoted, so that no server has to guess what separates."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, question in enumerate(questions):
        writer.writerow((number, *words_of(question), _line(question.citycode), question.kind or ""))
    return out.getvalue().encode()


def form_of(questions: Sequence[Question]) -> list[tuple[str, str]]:
    """The fields beside the file. `citycode` and `type` are names of columns.

    A `type` that is named and empty in a row finds no housenumber on addok: all of the questions have a kind, or none has.
    `delimiter` and `min_score` are addok-csv's, which would guess the one, and be silent below 0.5 without the other.
    """
    columns = [("columns", column) for column in ASKED]
    filters = [("citycode", CITYCODE)] if any(question.citycode for question in questions) else []
    kinds = [("type", KIND)] if any(question.kind for question in questions) else []
    return [*columns, *filters, *kinds, ("delimiter", ","), ("min_score", "0")]


def read(body: bytes, count: int) -> list[Answer]:
    """As many answers, in the order of the rows; Garbled when a row is missing, cut or in another's place."""
    if max(map(len, body.split(b"\n"))) > LONGEST_LINE:
        raise Garbled("une ligne sans fin")
    try:
        rows = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        missing = [name for name in (ROW, *NEEDED) if name not in (rows.fieldnames or ())]
        if missing:
            raise Garbled(f"un fichier sans {', '.join(missing)}")
        answers = [_answer(row, number) for number, row in enumerate(rows)]
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise Garbled("un fichier qui ne se lit pas") from error
    if len(answers) != count:
        raise Garbled(f"{len(answers)} lignes au lieu de {count}")
    return answers


def _answer(row: Mapping[str, str | None], number: int) -> Answer:
    if None in row or None in row.values():
        raise Garbled("une ligne coupée")
    if row[ROW] != str(number):
        raise Garbled("des lignes qui ont changé de place")
    status = row.get("result_status") or (Status.OK if row["latitude"] else Status.NOT_FOUND)
    if status not in STATUSES:
        return Answer(Status.ERROR)
    if status != Status.OK:
        return NOT_FOUND if status == Status.NOT_FOUND else Answer(Status(status))
    said = {name.removeprefix("result_"): value for name, value in row.items() if name.startswith("result_")}
    return answer_of(said | {"lon": row["longitude"], "lat": row["latitude"]})


def _line(text: str | None) -> str:
    """On one line: an address in several lines is as well said in one, and some servers cut at a line's end."""
    return " ".join((text or "").replace("\0", " ").split())
