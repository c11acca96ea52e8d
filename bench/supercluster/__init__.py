"""Supercluster, in Node, in memory: the peer that clusters. `clustered` says how long each tile takes it, encoded."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from api.machine.assets import AssetsFailed, install, with_node
from api.machine.home import Home
from bench.measure import Skipped

HERE = Path(__file__).parent


class Clustered(msgspec.Struct, frozen=True):
    """Milliseconds: of its index, of each tile; and how many points the clusters of each stand for, its margin included."""

    built: float
    taken: list[float]
    counted: list[int]


def clustered(
    home: Home, folder: Path, points: "np.ndarray[Any, np.dtype[np.float64]]", tiles: Sequence[tuple[int, int, int]]
) -> Clustered:
    """`points`: rows of lon, lat."""
    try:
        install(home, HERE, folder)
    except AssetsFailed as error:
        raise Skipped(f"Supercluster ne s’installe pas ici : {error}") from error
    points.tofile(folder / "points")
    (folder / "tiles").write_bytes(msgspec.json.encode(tiles))
    (folder / "peer.mjs").write_bytes((HERE / "peer.mjs").read_bytes())
    command = ["node", "--max-old-space-size=8192", "peer.mjs", "points", "tiles"]
    done = subprocess.run(command, cwd=folder, env=with_node(home), capture_output=True, check=True)
    return msgspec.json.decode(done.stdout, type=Clustered)
