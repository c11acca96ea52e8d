"""Whether what arrived is what was announced."""

import gzip
import hashlib
import zlib
from pathlib import Path

from etl.download.errors import Damaged
from etl.download.resource import Resource

GZIP_MAGIC = b"\x1f\x8b"
PIECE_BYTES = 1 << 20


def checked(resource: Resource, file: Path) -> str:
    """The file's sha1 once everything known of it agrees; Damaged otherwise."""
    size = file.stat().st_size
    if resource.size is not None and size != resource.size:
        raise Damaged(f"{resource.title} : {size} octets reçus, {resource.size} annoncés")
    if not size:
        raise Damaged(f"{resource.title} : un fichier vide")
    sha1 = sha1_of(file)
    if resource.sha1 and sha1 != resource.sha1:
        raise Damaged(f"{resource.title} : la somme sha1 reçue ({sha1}) n’est pas celle annoncée ({resource.sha1})")
    if resource.title.endswith(".gz") and not _is_sound_gzip(file, known_by_its_sum=bool(resource.sha1)):
        raise Damaged(f"{resource.title} : ce n’est pas un fichier gzip entier")
    return sha1


def sha1_of(file: Path) -> str:
    """The sum that data.gouv announces."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha1").hexdigest()


def _is_sound_gzip(file: Path, *, known_by_its_sum: bool) -> bool:
    """The two bytes that open a gzip; without an announced sum, the CRC that closes it (seconds for 715 MB inside)."""
    with file.open("rb") as stream:
        if stream.read(2) != GZIP_MAGIC:
            return False
    if known_by_its_sum:
        return True
    try:
        with gzip.open(file) as stream:
            while stream.read(PIECE_BYTES):
                pass
    except (OSError, EOFError, zlib.error):
        return False
    return True
