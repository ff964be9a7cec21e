"""The readout of a search: which keys were found, and the attention that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from qsac.families.contract import Result
from qsac.families.outcomes import Outcomes
from qsac.families.program.readouts import ProgramReadout, accepted_share, spread_of_share, with_steps
from qsac.families.program.search.verification import FOUND, checks, echo_plan, exact_check, reached
from qsac.families.program.search.walks import Searched, given_keys, leaks_by_rounds, searched

if TYPE_CHECKING:
    from qsac.families.program.model import Model
    from qsac.families.program.search.rows import Search

ATTENTION = "sparse"
"""What the step of attention writes."""


@dataclass(frozen=True)
class SearchReadout(ProgramReadout):
    """Rows, attention and output of the keys that were found and verified."""

    type: ClassVar[str] = "search"

    def work(self, model: Model) -> int:
        search = _search(model)
        found = sum((1 << one.row_qubits + one.key_qubits) * _uses(search, one) for one in searched(search))
        return search.tokens**2 + found + sum(1 for _ in checks(search))

    def expected(self, model: Model) -> dict[str, Outcomes]:
        """The index is the key, after the row where all are in one circuit; of echoes there is none."""
        search = _search(model)
        found = {one.name: given_keys(search, one) for one in searched(search)}
        return found | {one.name: exact_check(search, one) for one in checks(search)}

    def closed_form(self, model: Model) -> Result:
        """What a search with a perfect oracle finds, beside what it is compared with."""
        search = _search(model)
        found = reached(search)
        scores = {row: [float(search.scores[row, key]) for key in keys] for row, keys in found.items()}
        values = _values(search, found, scores, search.planned)
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
            "schedule": schedules_as_json(search.ideal_schedules),
            "classical_multiply_adds": search.multiply_adds,
        }
        if search.leaks and not search.refused:
            values["leaked"] = leaks_by_rounds(search)
        values["possible"] = [search.possible(row) for row in search.rows]
        probability = _accepted(search, self.expected(model)) if not search.refused else None
        return Result({"success_probability": probability}, {}, probability, _crowded(search), values)

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        search, seen = _search(model), with_steps(model, seen)
        told = {int(row): one for row, one in seen[FOUND].items()}
        found, scores, around = ({row: one[name] for row, one in told.items()} for name in ("keys", "scores", "errors"))
        exact = all(seen[one.name].exact for one in searched(search))
        taken = search.planned if exact else _taken(search, seen)
        values = {**_values(search, found, scores, taken), **seen[ATTENTION]}
        probability = _accepted(search, seen)
        metrics: dict[str, float | None] = {"success_probability": probability}
        if exact:
            return Result(metrics, {}, probability, (), values)
        total = sum(seen[one.name].total for one in searched(search))
        spread = spread_of_share(probability, total)
        rows: dict[str, Any] = {"rows": [{"scores": around[row]} for row in search.rows]} if search.measures else {}
        warnings = tuple(_too_few(search, taken))
        return Result(metrics, {"success_probability": spread}, probability, warnings, values, rows)

    def shots(self, model: Model, expected: Mapping[str, Outcomes], error: float) -> int | None:
        """Every circuit takes equally many: as many as the schedule asks of the one that takes most."""
        search = _search(model)
        asked = [number for shots in search.planned.values() for number in shots.values()]
        asked += [echo_plan(search)[1]] if search.measures else []
        return max(asked, default=None)


def _uses(search: Search, one: Searched) -> int:
    """How many numbers a key's amplitude is worked out by: without heralds those of its data, at each use."""
    return max(1, one.number * search.polynomial.degree * search.dimension) if search.leaks else 1


def sparse_attention(search: Search, seen: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Attention and output of what was found, a classical step."""
    found = {int(row): (one["keys"], one["scores"]) for row, one in seen[FOUND].items()}
    return {ATTENTION: search.attention(found)}


def _values(
    search: Search,
    found: Mapping[int, Any],
    scores: Mapping[int, Any],
    taken: Mapping[int, Mapping[int, int]],
) -> dict[str, Any]:
    """What both the closed form and a run say."""
    attention = search.attention({row: (keys, scores[row]) for row, keys in found.items()})
    return {
        "rows": search.row_facts(found, scores),
        "attention": attention["attention"],
        "output": attention["output"],
        "strategy": "sample" if search.samples else "search",
        "degree": None if search.refused or search.degree_unused else search.polynomial.degree,
        "shots": schedules_as_json(taken),
        "missed_bound": {str(keys): search.missed(shots, keys) for keys, shots in taken.items()},
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


def schedules_as_json(schedules: Mapping[int, Mapping[int, int]]) -> dict[str, dict[str, int]]:
    """Shots by rounds, by the number of keys: with texts for names."""
    return {str(keys): {str(r): number for r, number in shots.items()} for keys, shots in schedules.items()}


def _accepted(search: Search, outcomes: Mapping[str, Outcomes]) -> float:
    """The share of shots that are accepted, the average over the circuits that find keys; 1 where there are none."""
    return accepted_share(outcomes[one.name] for one in searched(search))


def _taken(search: Search, outcomes: Mapping[str, Outcomes]) -> dict[int, dict[int, int]]:
    """The fewest shots of each kind among rows of so many keys: accepted ones of a search, all of a sample."""
    taken: dict[int, dict[int, int]] = {keys: {} for keys in search.planned}
    for one in searched(search):
        found = outcomes[one.name]
        number = int(found.total if search.samples else found.given)
        taken[one.keys][one.number] = min(number, taken[one.keys].get(one.number, number))
    return taken


def _too_few(search: Search, taken: Mapping[int, Mapping[int, int]]) -> list[str]:
    short = [keys for keys, shots in taken.items() if search.missed(shots, keys) > search.failure]
    if not short:
        return []
    needed = max(number for shots in search.planned.values() for number in shots.values())
    kind = "shots" if search.samples else "accepted shots"
    return [
        f"rows of {', '.join(map(str, short))} keys may miss some of them with more than {search.failure:.2g}: take "
        f"{needed:,} {kind} of each circuit"
    ]


def _search(model: Model) -> Search:
    from qsac.errors import of_type
    from qsac.families.program.search.rows import Search

    return of_type(model.system, Search)
