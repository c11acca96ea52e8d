"""The published flows that are followed: where each is announced, and what its files are called."""

import re
from datetime import date, datetime

import msgspec


class Flow(msgspec.Struct, frozen=True):
    """One series of dated files in one data set of data.gouv.fr."""

    name: str
    dataset: str
    stable_id: str  # /api/1/datasets/r/<id> leads to the newest file, whatever that is called
    title: str  # a pattern whose group « day » is the day of publication

    def day_of(self, title: str) -> date | None:
        """The day a file's name carries; None when it is not one of this flow's, or carries no day of the calendar."""
        found = re.fullmatch(self.title, title)
        try:
            return datetime.strptime(found["day"], "%Y%m%d").date() if found else None
        except ValueError:
            return None


# Monthly and yearly files stand in the same data sets: only « journalier » is followed, the archive keeps the months.
STRUCTURES = Flow(
    name="structures",
    dataset="finess-structures-1",
    stable_id="cd493959-fb03-41e5-9347-0edd14dfbc22",
    title=r"finess-structures-journalier-(?P<day>\d{8})\.json\.gz",
)
ACTIVITES = Flow(
    name="activites",
    dataset="finess-activites-1",
    stable_id="ed12913c-6bb2-4e47-8434-2f6e4f961c8e",
    title=r"finess-activites-journalier-(?P<day>\d{8})\.json\.gz",
)
# Extracted for the last time on 2026-05-04: kept for the positions and the history that the new flow lacks.
ANCIEN_CSV = Flow(
    name="ancien-csv",
    dataset="finess-extraction-du-fichier-des-etablissements",
    stable_id="98f3161f-79ff-4f16-8f6a-6d571a80fea2",
    title=r"etalab-cs1100507-stock-(?P<day>\d{8})-\d{4}\.csv(\.gz)?",
)
FLOWS = (STRUCTURES, ACTIVITES, ANCIEN_CSV)
