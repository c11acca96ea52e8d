"""The newest file of a flow in the archive: found, then fetched."""

import logging
from collections.abc import Callable
from pathlib import Path

from etl.download.catalogue import latest
from etl.download.errors import Absent, Damaged
from etl.download.flows import Flow
from etl.download.resource import Resource
from etl.download.transfer import Progress, fetch
from geo.patience import Patience

logger = logging.getLogger("lum1.download")


def obtain(
    base_url: str,
    flow: Flow,
    folder: Path,
    *,
    step: Callable[[str], None] | None = None,
    progress: Progress | None = None,
    patience: Patience | None = None,
) -> tuple[Resource, Path]:
    """What was announced, and the file.

    Every publication changes the file's address: one that is gone or differs while it is fetched has probably just been
    replaced, so the catalogue is asked once more before giving up.
    """
    patience = patience or Patience.from_environment()

    def fetched(resource: Resource) -> tuple[Resource, Path]:
        if step:
            step(f"téléchargement de {resource.title}")
        return resource, fetch(resource, folder, progress, patience)

    resource = latest(base_url, flow, patience)
    try:
        return fetched(resource)
    except (Absent, Damaged) as error:
        replaced = latest(base_url, flow, patience)
        if replaced == resource:
            raise
        logger.warning("%s ; le catalogue annonce maintenant autre chose", error)
        return fetched(replaced)
