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
        exact = {} if search.refused else self.expected(model)
        values = _values(system, kept) | system.attention(kept)
        values |= {
            "scores": search.scores.tolist(),
            "softmax": search.softmax(),
            "classical_multiply_adds": search.multiply_adds,
        }
        probability = accepted_share(exact[one.name] for one in system.needed) if exact else None
        return Result({"success_probability": probability}, {}, probability, (), values)

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        """The keys that were kept by what was measured; by shots with the bound on what was missed: by the last round,
        or where rows settle by any round that was run."""
        system, seen = _top(model), with_steps(model, seen)
        system = system.fed({one.name: seen[one.name] for one in system.circuits if one.name in seen})
        outcomes = {one.name: seen[one.name] for one in system.needed}
        values = _values(system, last_kept(system, seen)) | seen[ATTENTION]
        probability = accepted_share(outcomes.values())
        metrics: dict[str, float | None] = {"success_probability": probability}
        if all(found.exact for found in outcomes.values()):
            return Result(metrics, {}, probability, (), values)
        total = sum(found.total for found in outcomes.values())
        spread = spread_of_share(probability, total)
        values["missed_bound"], warnings = _bounds(system, outcomes)
        if system.settles:
            values["shots_taken"] = int(total)
        return Result(metrics, {"success_probability": spread}, probability, tuple(warnings), values)

    def shots(self, model: Model, expected: Mapping[str, Outcomes], error: float) -> int | None:
        """Every circuit takes equally many: as many as the schedule asks of the one that takes most."""
        return max((number for shots in _top(model).search.planned.values() for number in shots.values()), default=None)


def _values(system: TopSearch, kept: Mapping[int, Kept]) -> dict[str, Any]:
    """What both the closed form and a run say."""
    search = system.search
    rounds = {row: system.rounds(row) for row in search.rows}
    rows = [
        {
            "row": row,
            "keys": search.keys(row),
            "found": [key for key, _ in kept[row]],
            "scores": [score for _, score in kept[row]],
            "settled": system.course[row][rounds[row]] == system.course[row][max(0, rounds[row] - 1)],
        }
        | ({"rounds": rounds[row]} if system.settles else {})
        for row in search.rows
    ]
    thresholds = {str(row): [system.threshold(number, row) for number in range(rounds[row])] for row in system.rows}
    bound = {str(keys): search.missed(shots, keys) for keys, shots in search.planned.items()}
    if system.settles:  # any of the rounds may end them wrongly
        bound = {keys: min(1.0, system.repeats * one) for keys, one in bound.items()}
    return {
        "rows": rows,
        "thresholds": thresholds,
        "degree": search.polynomial.degree,
        "shots": schedules_as_json(search.planned),
        "missed_bound": bound,
    }


def _bounds(system: TopSearch, outcomes: Mapping[str, Outcomes]) -> tuple[dict[str, float], list[str]]:
    """By the number of keys the bound on what was missed, by accepted shots, and what there is to say of it."""
    search = system.search
    bounds = _of_all_rounds(system, outcomes) if system.settles else _of_the_last_round(system, outcomes)
    short = [keys for keys, bound in bounds.items() if bound > system.failure]
    needed = max(number for shots in search.planned.values() for number in shots.values())
    which = "its rounds" if system.settles else "the last round"
    message = (
        f"rows of {', '.join(short)} keys may have a larger score that {which} missed with more than "
        f"{system.failure:.2g}: take {needed:,} accepted shots of each circuit"
    )
    return bounds, [message] if short else []


def _of_the_last_round(system: TopSearch, outcomes: Mapping[str, Outcomes]) -> dict[str, float]:
    """The bound on what the last round has missed, by the fewest accepted shots of any row."""
    taken: dict[int, dict[int, int]] = {}
    for one in system.circuits:
        if one.round == system.repeats - 1:
            shots = taken.setdefault(one.own.keys, {})
            given = int(outcomes[one.name].given)
            shots[one.own.number] = min(given, shots.get(one.own.number, given))
    return {str(keys): system.search.missed(shots, keys) for keys, shots in taken.items()}


def _of_all_rounds(system: TopSearch, outcomes: Mapping[str, Outcomes]) -> dict[str, float]:
    """A row that settles is wrong where any of its rounds has found nothing though there was something: the bound is
    the sum over those that were run, of the row where it is largest."""
    bounds: dict[str, float] = {}
    for row in system.rows:
        keys, told = system.search.keys(row), 0.0
        for number in range(system.rounds(row)):
            given = {one.own.number: int(outcomes[one.name].given) for one in system.sought(number, row)}
            told += system.search.missed(given, keys)
        bounds[str(keys)] = max(min(1.0, told), bounds.get(str(keys), 0.0))
    return bounds


def _top(model: Model) -> TopSearch:
    return of_type(model.system, TopSearch)
