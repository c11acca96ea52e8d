"""A parquet file written part by part, so that memory stays bounded; the same rows give the same bytes."""

from pathlib import Path

import polars as pl

ROW_GROUP = 50_000  # merging holds a few of them at once
FICTITIOUS = "lum1.fictif"  # in a parquet's metadata: tells the pipelines what this is, as `fictif` does in the JSON
PART = 25_000  # rows kept in memory


class Parts:
    """Frames gathered into one file, in the order they come."""

    def __init__(self, path: Path, schema: pl.Schema) -> None:
        self._path, self._schema = path, schema
        self._waiting: list[pl.DataFrame] = []
        self._parts: list[Path] = []

    def add(self, frame: pl.DataFrame) -> None:
        """Columns in another order are put in the schema's; those it doesn't name are left out."""
        self._waiting.append(frame.select(self._schema.names()).cast(self._schema))
        if sum(map(len, self._waiting)) >= PART:
            self._flush()

    def finish(self) -> Path:
        """The whole file, under its name."""
        self._flush()
        partial = self._path.with_suffix(".partial")
        pl.scan_parquet(self._parts).sink_parquet(
            partial,
            compression="zstd",
            row_group_size=ROW_GROUP,
            maintain_order=True,
            metadata={FICTITIOUS: "true"},
        )
        partial.replace(self._path)
        for part in self._parts:
            part.unlink()
        return self._path

    def _flush(self) -> None:
        frame = pl.concat([pl.DataFrame(schema=self._schema), *self._waiting])
        if len(frame) or not self._parts:
            part = self._path.with_suffix(f".part{len(self._parts)}")
            frame.write_parquet(part, compression="zstd", row_group_size=ROW_GROUP)
            self._parts.append(part)
        self._waiting = []
