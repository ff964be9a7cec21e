"""What a sweep gives: a row for each task, in the order of the plan, whoever did them and however often it was
interrupted."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

from qsac.errors import QsacError, printable
from qsac.files.writing import write_whole
from qsac.sweeps.folder import RESULTS, TABLE
from qsac.sweeps.plan import Tasks
from qsac.sweeps.records import Record, error_of

VERSION = 1


@dataclass(frozen=True)
class SweepRow:
    """A task and what became of it. ``settings`` has the value of each axis; ``seed`` is None for an estimate.

    ``state`` is ``done`` with a ``result`` (what ``compile(..).stats``, ``estimate(..).to_json()`` or
    ``run(..).to_dict()`` gives), ``refused`` or ``failed`` with an ``error``, or ``missing``: not in this shard.
    """

    key: str
    state: str
    settings: Mapping[str, Any]
    seed: int | None
    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None

    def raised(self) -> QsacError | None:
        """The error of a task that was refused or failed."""
        return None if self.error is None else error_of(dict(self.error))

    def to_dict(self) -> dict[str, Any]:
        """The row as ``results.json`` has it."""
        own: dict[str, Any] = {"key": self.key, "state": self.state, "settings": dict(self.settings), "seed": self.seed}
        if self.result is not None:
            own["result"] = dict(self.result)
        if self.error is not None:
            own["error"] = dict(self.error)
        return own

    def figures(self) -> dict[str, Any]:
        """The result's numbers, texts and truth values by their way in it, with dots: ``counts.two_qubit_gates``."""
        return {} if self.result is None else dict(_leaves(self.result, ""))


def _leaves(value: Mapping[str, Any], way: str) -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        if isinstance(item, Mapping):
            yield from _leaves(item, f"{way}{name}.")
        elif not isinstance(item, list):
            yield f"{way}{name}", item


@dataclass(frozen=True, eq=False, repr=False)
class SweepResult:
    """The rows of a sweep, a sequence in the order of its plan. ``fields`` are the axes' names."""

    name: str
    fields: tuple[str, ...]
    _tasks: Tasks = field(repr=False)
    _records: Mapping[str, str] = field(repr=False)

    def __repr__(self) -> str:
        """In one line: the name, and how many tasks are in which state."""
        told = ", ".join(f"{number:,} {state}" for state, number in self.states().items())
        return printable(f"<SweepResult {self.name!r}: {told or 'no tasks'}>")

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[SweepRow]:
        return map(self._row, range(len(self)))

    @overload
    def __getitem__(self, place: int) -> SweepRow: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[SweepRow]: ...

    def __getitem__(self, place: int | slice) -> SweepRow | Sequence[SweepRow]:
        if isinstance(place, slice):
            return [self._row(one) for one in range(len(self))[place]]
        return self._row(range(len(self))[place])

    def _row(self, place: int) -> SweepRow:
        key, settings = self._tasks.keys[place], self._tasks.settings(place)
        seed = self._tasks.seed(place)
        record = Record.read(self._records[key], key) if key in self._records else None
        if record is None:
            return SweepRow(key, "missing", settings, seed)
        if record.state == "done":
            return SweepRow(key, "done", settings, seed, result=record.body)
        return SweepRow(key, record.state, settings, seed, error=record.body)

    def states(self) -> dict[str, int]:
        """How many tasks are in which state."""
        return dict(Counter(row.state for row in self))

    def to_dict(self) -> dict[str, Any]:
        """All of it, JSON-ready: what ``results.json`` holds."""
        return {**self._head(), "rows": [row.to_dict() for row in self]}

    def _head(self) -> dict[str, Any]:
        return {"qsac_sweep_results": VERSION, "name": self.name, "fields": list(self.fields)}

    def json_parts(self) -> Iterator[str]:
        """:meth:`to_dict` as text, a line a row, in parts."""
        yield json.dumps(self._head(), allow_nan=False)[:-1] + ', "rows": ['
        for place, row in enumerate(self):
            yield ("," if place else "") + "\n" + json.dumps(row.to_dict(), allow_nan=False)
        yield "\n]}\n"

    def csv_parts(self) -> Iterator[str]:
        """The settings and figures as comma-separated values: a header, then one line a row; empty for what a row has
        not."""
        names = list(dict.fromkeys(name for row in self for name in row.figures()))
        yield _line(["key", "state", *self.fields, "seed", *(f"result.{name}" for name in names), "error"])
        for row in self:
            found = row.figures()
            error = "" if row.error is None else row.error["code"]
            settings = [_cell(row.settings[name]) for name in self.fields]
            cells = [row.key, row.state, *settings, row.seed, *(found.get(name) for name in names), error]
            yield _line(["" if cell is None else cell for cell in cells])

    def save(self, folder: Path) -> None:
        """Write ``results.json`` and ``results.csv`` into a folder that is there. Raises
        :class:`~qsac.errors.InvalidInputError` where that fails."""
        write_whole(folder / RESULTS, self.json_parts())
        write_whole(folder / TABLE, self.csv_parts())


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list | bool) else value


def _written(cell: Any) -> Any:
    """A cell as UTF-8 can write it: JSON's texts may hold halves of characters."""
    return cell.encode("utf-8", "backslashreplace").decode() if isinstance(cell, str) else cell


def _line(cells: Sequence[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(map(_written, cells))
    return out.getvalue()
