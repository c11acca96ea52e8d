"""Exit 0 when a worker of this instance was heard lately: the health check of its container, light enough to run each minute."""

import sys

import psycopg

from geo.freshness import HEARTBEAT, WORKER_SILENCE
from geo.settings import Settings


def main() -> int:
    url = Settings.from_environment().database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(url, connect_timeout=5) as connection:
        last, now = connection.execute(HEARTBEAT).fetchone() or (None, None)
    return 0 if last and now - last < WORKER_SILENCE else 1


if __name__ == "__main__":
    sys.exit(main())
