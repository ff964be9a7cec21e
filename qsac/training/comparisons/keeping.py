"""What a run was compared with, kept in its folder, so that comparisons are trained once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qsac.errors import QsacError
from qsac.files.limits import MODEL_FILE_BYTES
from qsac.files.source import read_file
from qsac.files.strict_json import parse
from qsac.files.writing import write_whole
from qsac.training.comparisons.contract import Compared
from qsac.training.data.contract import Data
from qsac.training.run_folder import Run

COMPARISONS = "comparisons.json"


class Kept:
    """The comparisons in the folder of a run, by name, seed and data; nothing is kept without a folder."""

    def __init__(self, run: Run | None) -> None:
        self._path = None if run is None or run.folder is None else run.folder / COMPARISONS
        self._digest = "" if run is None else run.config.digest
        self._found: dict[str, Any] = {} if self._path is None else self._read(self._path)

    def rows(self, name: str, seed: int, data: Data) -> list[Compared] | None:
        """What was found before, None where nothing was."""
        rows = self._found.get(self._key(name, seed, data))
        return None if rows is None else [Compared(row["label"], row["metrics"], row["size"]) for row in rows]

    def keep(self, name: str, seed: int, data: Data, rows: Sequence[Compared]) -> None:
        """Write what was found."""
        if self._path is None:
            return
        self._found[self._key(name, seed, data)] = [row.to_dict() for row in rows]
        document = {"qsac_comparisons": 1, "config": self._digest, "found": dict(sorted(self._found.items()))}
        write_whole(self._path, [json.dumps(document, indent=2, allow_nan=False), "\n"])

    @staticmethod
    def _key(name: str, seed: int, data: Data) -> str:
        return f"{name} {seed} {data.digest}"

    def _read(self, path: Path) -> dict[str, Any]:
        """What a file holds that is one, of the same configuration; whatever else is there is written anew."""
        if not path.is_file():
            return {}
        try:
            document = parse(read_file(str(path), MODEL_FILE_BYTES, "file of comparisons"), str(path))
        except QsacError:
            return {}
        if not isinstance(document, dict) or document.get("config") != self._digest:
            return {}
        found = document.get("found")
        if not isinstance(found, dict):
            return {}
        return {key: rows for key, rows in found.items() if isinstance(rows, list) and all(map(_is_row, rows))}


def _is_row(row: object) -> bool:
    """Whether something in a file is a row: a label, a size, and numbers by part and metric."""
    if not isinstance(row, dict) or set(row) != {"label", "size", "metrics"}:
        return False
    label, size, metrics = row["label"], row["size"], row["metrics"]
    if not isinstance(label, str) or not (size is None or type(size) is int) or not isinstance(metrics, dict):
        return False
    return all(
        isinstance(values, dict) and all(value is None or type(value) in (int, float) for value in values.values())
        for values in metrics.values()
    )
