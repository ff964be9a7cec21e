"""The readout of a search: which keys were found, and the attention that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from qsac.families.contract import Result
from qsac.families.outcomes import RESOLUTION, Outcomes
from qsac.families.program.readouts import ProgramReadout, with_steps
from qsac.families.program.search.walks import circuit_names, given_keys
from qsac.numerics.search_schedule import missed

if TYPE_CHECKING:
    from qsac.families.program.model import Model
    from qsac.families.program.search.rows import Search

FOUND, ATTENTION = "found", "sparse"
"""What the classical steps write."""


@dataclass(frozen=True)
class SearchReadout(ProgramReadout):
    """Rows, attention and output of the keys that were found and verified."""

    type: ClassVar[str] = "search"

    def work(self, model: Model) -> int:
        search = _search(model)
        return search.tokens**2 + sum(len(shots) << (keys - 1).bit_length() for keys, shots in search.planned.items())

    def expected(self, model: Model) -> dict[str, Outcomes]:
        """The index is the key: exactly what heralded rounds leave (docs/programs.md)."""
        search = _search(model)
        return {name: given_keys(search, row, rounds) for name, row, rounds in circuit_names(search)}

    def closed_form(self, model: Model) -> Result:
        """What a search with a perfect oracle finds, beside what it is compared with."""
        search = _search(model)
        found = {row: search.found(row) for row in search.rows}
        values = _values(search, found, search.planned)
        values |= {
            "scores": search.scores.tolist(),
            "softmax": search.softmax(),
            "rest": search.rest_facts(),
            "polynomial": {
                "variable": search.variable,
                "threshold": search.oracle_threshold,
                "margin": search.oracle_margin,
                "error_by_degree": search.errors_by_degree,
            },
            "schedule": _as_json(search.ideal_schedules),
            "classical_multiply_adds": search.multiply_adds,
        }
        values["possible"] = [search.possible(row) for row in search.rows]
        probability = _accepted(self.expected(model)) if not search.refused else None
        return Result({"success_probability": probability}, {}, probability, _crowded(search), values)

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        search, seen = _search(model), with_steps(model, seen)
        outcomes = {name: seen[name] for name, _, _ in circuit_names(search)}
        found = {int(row): tuple(keys) for row, keys in seen[FOUND].items()}
        exact = all(one.exact for one in outcomes.values())
        taken = search.planned
        if not exact:
            taken = {keys: {r: _least(search, outcomes, keys, r) for r in shots} for keys, shots in taken.items()}
        values = {**_values(search, found, taken), **seen[ATTENTION]}
        probability = _accepted(outcomes)
        errors: dict[str, float | None] = {}
        warnings = []
        if not exact:
            total = sum(one.total for one in outcomes.values())
            errors["success_probability"] = float(np.sqrt(max(probability * (1 - probability), 0.25 / total) / total))
            warnings = _too_few(search, taken)
        return Result({"success_probability": probability}, errors, probability, tuple(warnings), values)

    def shots(self, model: Model, expected: Mapping[str, Outcomes], error: float) -> int | None:
        """Every circuit takes equally many: as many as the schedule asks of the one that takes most."""
        return max((number for shots in _search(model).planned.values() for number in shots.values()), default=None)


def found_keys(search: Search, seen: Mapping[str, Outcomes], options: Mapping[str, Any]) -> dict[str, Any]:
    """Verification, a classical step: of all keys that any shot of a row ended in, those whose score, worked out by
    itself, is at least the threshold. A row with one key has no circuit."""
    found: dict[str, list[int]] = {}
    for row in search.rows:
        candidates = {0} if search.keys(row) == 1 else set()
        for name, other, _ in circuit_names(search):
            if other == row:
                index = seen[name].index
                weights = np.zeros(0) if index is None else index.marginal
                candidates |= {int(key) for key in np.flatnonzero(weights > RESOLUTION)}
        verified = [key for key in sorted(candidates) if key < search.keys(row)]
        found[str(row)] = [key for key in verified if search.score(row, key) >= search.threshold]
    return {FOUND: found}


def sparse_attention(search: Search, seen: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Attention and output of what was found, a classical step."""
    return {ATTENTION: search.attention({int(row): keys for row, keys in seen[FOUND].items()})}


def _values(search: Search, found: Mapping[int, Any], taken: Mapping[int, Mapping[int, int]]) -> dict[str, Any]:
    """What both the closed form and a run say."""
    attention = search.attention(found)
    return {
        "rows": search.row_facts(found),
        "attention": attention["attention"],
        "output": attention["output"],
        "degree": search.polynomial.degree if not search.refused else search.degree,
        "shots": _as_json(taken),
        "missed_bound": {
            str(keys): missed(shots, keys, search.most, loss=search.loss) for keys, shots in taken.items()
        },
    }


def _crowded(search: Search) -> tuple[str, ...]:
    """A warning of rows that the schedule is not for."""
    rows = search.crowded
    if not rows:
        return ()
    listed = ", ".join(map(str, rows[:8])) + (", .." if len(rows) > 8 else "")
    return (
        f"rows {listed} have more than {search.most:,} keys above {search.threshold - search.margin / 2:.4g}, the "
        'lower end of the margin: they may miss keys more often than "failure" says; raise "most" or the threshold',
    )


def _as_json(schedules: Mapping[int, Mapping[int, int]]) -> dict[str, dict[str, int]]:
    return {str(keys): {str(r): number for r, number in shots.items()} for keys, shots in schedules.items()}


def _accepted(outcomes: Mapping[str, Outcomes]) -> float:
    """The share of shots whose heralds are all zero, the average over the circuits; 1 where there are none."""
    return float(np.mean([one.success_probability for one in outcomes.values()])) if outcomes else 1.0


def _least(search: Search, outcomes: Mapping[str, Outcomes], keys: int, rounds: int) -> int:
    """The fewest accepted shots of so many rounds among the rows of so many keys."""
    return min(
        int(outcomes[name].given)
        for name, row, other in circuit_names(search)
        if search.keys(row) == keys and other == rounds
    )


def _too_few(search: Search, taken: Mapping[int, Mapping[int, int]]) -> list[str]:
    short = [
        keys for keys, shots in taken.items() if missed(shots, keys, search.most, loss=search.loss) > search.failure
    ]
    if not short:
        return []
    needed = max(number for shots in search.planned.values() for number in shots.values())
    return [
        f"rows of {', '.join(map(str, short))} keys may miss some of them with more than {search.failure:.2g}: take "
        f"{needed:,} accepted shots of each circuit"
    ]


def _search(model: Model) -> Search:
    from qsac.errors import of_type
    from qsac.families.program.search.rows import Search

    return of_type(model.system, Search)
