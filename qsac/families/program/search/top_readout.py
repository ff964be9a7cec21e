"""The readout of a search for the largest scores: which keys were kept, and the attention that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from qsac.errors import of_type
from qsac.families.contract import Result
from qsac.families.outcomes import Outcomes
from qsac.families.program.readouts import ProgramReadout, accepted_share, spread_of_share, with_steps
from qsac.families.program.search.readout import schedules_as_json
from qsac.families.program.search.top import ATTENTION, Kept, TopSearch, last_kept

if TYPE_CHECKING:
    from qsac.families.program.model import Model


@dataclass(frozen=True)
class TopReadout(ProgramReadout):
    """Rows, attention and output of the keys of the largest scores."""

    type: ClassVar[str] = "search"

    def work(self, model: Model) -> int:
        system = _top(model)
        search = system.search
        uses = search.polynomial.degree * search.dimension if search.leaks else 1
        found = sum((1 << one.own.key_qubits) * max(1, one.own.number * uses) for one in system.circuits)
        return search.tokens**2 + found

    def expected(self, model: Model) -> dict[str, Outcomes]:
        """The index is the key."""
        return _top(model).exact()

    def closed_form(self, model: Model) -> Result:
        """What exact rounds keep, beside what it is compared with."""
        system = _top(model)
        search = system.search
        kept = {row: course[-1] for row, course in system.course.items()}
        values = _values(system, kept) | system.attention(kept)
        values |= {
            "scores": search.scores.tolist(),
            "softmax": search.softmax(),
            "classical_multiply_adds": search.multiply_adds,
        }
        probability = _accepted(system, self.expected(model)) if not search.refused else None
        return Result({"success_probability": probability}, {}, probability, (), values)

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        """The keys that were kept by what was measured; by shots with the bound on what the last round has missed."""
        system, seen = _top(model), with_steps(model, seen)
        outcomes = {one.name: seen[one.name] for one in system.circuits}
        values = _values(system.fed(outcomes), last_kept(system, seen)) | seen[ATTENTION]
        probability = _accepted(system, seen)
        metrics: dict[str, float | None] = {"success_probability": probability}
        if all(found.exact for found in outcomes.values()):
            return Result(metrics, {}, probability, (), values)
        total = sum(found.total for found in outcomes.values())
        spread = spread_of_share(probability, total)
        values["missed_bound"], warnings = _bounds(system, outcomes)
        return Result(metrics, {"success_probability": spread}, probability, tuple(warnings), values)

    def shots(self, model: Model, expected: Mapping[str, Outcomes], error: float) -> int | None:
        """Every circuit takes equally many: as many as the schedule asks of the one that takes most."""
        return max((number for shots in _top(model).search.planned.values() for number in shots.values()), default=None)


def _values(system: TopSearch, kept: Mapping[int, Kept]) -> dict[str, Any]:
    """What both the closed form and a run say."""
    search = system.search
    rows = [
        {
            "row": row,
            "keys": search.keys(row),
            "found": [key for key, _ in kept[row]],
            "scores": [score for _, score in kept[row]],
            "settled": system.course[row][-1] == system.course[row][-2 if row in system.rows else -1],
        }
        for row in search.rows
    ]
    rounds = range(system.repeats)
    thresholds = {str(row): [system.threshold(number, row) for number in rounds] for row in system.rows}
    bound = {str(keys): search.missed(shots, keys) for keys, shots in search.planned.items()}
    return {
        "rows": rows,
        "thresholds": thresholds,
        "degree": search.polynomial.degree,
        "shots": schedules_as_json(search.planned),
        "missed_bound": bound,
    }


def _bounds(system: TopSearch, outcomes: Mapping[str, Outcomes]) -> tuple[dict[str, float], list[str]]:
    """By the number of keys the bound on what the last round has missed, by accepted shots, and what there is to say of
    it."""
    search = system.search
    taken: dict[int, dict[int, int]] = {}
    for one in system.circuits:
        if one.round == system.repeats - 1:
            shots = taken.setdefault(one.own.keys, {})
            given = int(outcomes[one.name].given)
            shots[one.own.number] = min(given, shots.get(one.own.number, given))
    bounds = {str(keys): search.missed(shots, keys) for keys, shots in taken.items()}
    short = [keys for keys, bound in bounds.items() if bound > search.failure]
    needed = max(number for shots in search.planned.values() for number in shots.values())
    told = (
        f"rows of {', '.join(short)} keys may have a larger score that the last round missed with more than "
        f"{search.failure:.2g}: take {needed:,} accepted shots of each circuit"
    )
    return bounds, [told] if short else []


def _accepted(system: TopSearch, outcomes: Mapping[str, Outcomes]) -> float:
    """The share of shots that are accepted, the average over the circuits; 1 where there are none."""
    return accepted_share(outcomes[one.name] for one in system.circuits)


def _top(model: Model) -> TopSearch:
    return of_type(model.system, TopSearch)
