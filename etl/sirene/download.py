"""This month's files of the register: from data.gouv.fr by ids that never change, as parquet, else as CSV in a zip."""

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import msgspec

from etl.download import Absent, Damaged, Patience, Resource, Unwritable, fetch
from etl.download.partial import Partial
from etl.download.transfer import Progress
from etl.sirene.catalogue import Catalogue
from etl.sirene.files import STOCK, STOCK_ETABLISSEMENT, STOCK_UNITE_LEGALE, StockFile
from geo.errors import Lum1Error, Refused

SPARE_BYTES = 500_000_000  # for what the rest of the machine writes meanwhile
OF_ONE_MONTH = (STOCK_ETABLISSEMENT, STOCK_UNITE_LEGALE)

Check = Callable[[StockFile, Path], object]  # Refused where the file lacks what is read of it

logger = logging.getLogger("lum1.sirene")


class Obtained(msgspec.Struct, frozen=True):
    """A file of this month, whole."""

    file: StockFile
    path: Path
    resource: Resource  # `published_on` is the first of its month


def obtain_stock(
    base_url: str,
    folder: Path,
    check: Check,
    *,
    files: Sequence[StockFile] = STOCK,
    step: Callable[[str], None] | None = None,
    progress: Progress | None = None,
    patience: Patience | None = None,
) -> list[Obtained]:
    """The newest of each file, in their order; Refused where establishments and legal units are not of the same month."""
    patience = patience or Patience.from_environment()
    catalogue = Catalogue(base_url, patience)
    ways = [catalogue.ways_to(file) for file in files]
    best = [next(each, None) for each in ways]
    refuse_full_disk(folder, zip(files, best, strict=True))
    obtained = []
    for file, first, others in zip(files, best, ways, strict=True):
        if step:
            step(f"téléchargement de {file.name}")
        obtained.append(_obtain(file, chain([first] if first else [], others), folder, check, progress, patience))
    _refuse_two_months(obtained)
    return obtained


def refuse_full_disk(folder: Path, wanted: Iterable[tuple[StockFile, Resource | None]]) -> None:
    """Unwritable before the first byte, where what is still to come would not fit."""
    folder.mkdir(parents=True, exist_ok=True)
    to_come = sum(_to_come(folder, file, resource) for file, resource in wanted)
    free = shutil.disk_usage(folder).free
    if to_come and free < to_come + SPARE_BYTES:
        raise Unwritable(
            f"Il faut {_gigabytes(to_come + SPARE_BYTES)} pour les fichiers du mois et il en reste {_gigabytes(free)} "
            f"dans {folder} : libérez de la place, ou placez LUM1_HOME sur un autre disque."
        )


def _obtain(
    file: StockFile,
    ways: Iterator[Resource],
    folder: Path,
    check: Check,
    progress: Progress | None,
    patience: Patience,
) -> Obtained:
    """By the first way that gives a file that can be read; a file refused once is not looked for elsewhere."""
    trouble: Lum1Error = Absent(f"{file.name} n’est plus à aucune de ses adresses : signalez-le.")
    refused: set[str] = set()
    for resource in ways:
        if resource.title in refused:
            continue
        try:
            path = fetch(resource, folder, progress, patience)
            check(file, path)
        except (Absent, Damaged, Refused) as error:
            logger.warning("%s : %s", resource.title, error)
            trouble = error
            if isinstance(error, Refused):
                refused.add(resource.title)
        else:
            return Obtained(file, path, resource)
    raise trouble


def _refuse_two_months(obtained: Sequence[Obtained]) -> None:
    """Insee puts the files online one after the other: a new establishment would have no legal unit."""
    months = {each.resource.published_on: each.file.name for each in obtained if each.file in OF_ONE_MONTH}
    if len(months) > 1:
        said = ", ".join(f"{name} de {month:%m/%Y}" for month, name in sorted(months.items()))
        raise Refused(f"Les fichiers du mois ne sont pas tous publiés ({said}) : réessayez demain.")


def _to_come(folder: Path, file: StockFile, resource: Resource | None) -> int:
    if resource is None:
        return file.usual_bytes
    target = folder / resource.title
    here = target if target.exists() else Partial(target).path
    return max(0, (resource.size or file.usual_bytes) - (here.stat().st_size if here.exists() else 0))


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} Go".replace(".", ",")
