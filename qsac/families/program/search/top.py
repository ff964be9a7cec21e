"""The keys of the largest scores, without a threshold: rounds of a search for what is above the least score that is
kept (Durr and Hoyer, quant-ph/9607014), all with the same circuits and other phases.

The first keys of a row are kept to begin with. Every round marks keys by the oracle of its own threshold, all keys that
a shot ends in are verified by a dot product, and the best of these and of those before are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from qsac.families.contract import CircuitStep, ClassicalStep, Plan
from qsac.families.outcomes import RESOLUTION, Outcomes
from qsac.families.program.readouts import not_compiled
from qsac.families.program.search.circuits import search_program
from qsac.families.program.search.rows import Search
from qsac.families.program.search.walks import NAME, Searched, given_keys
from qsac.families.repeats import Repeat, Step

if TYPE_CHECKING:
    from qsac.families.program.model import Model

VERSION = 1

ATTENTION = "sparse"
"""What the step of attention writes."""

REPEAT = "repeat"
"""What the loop is called."""

NEAR = 0.01
"""How far a round's threshold keeps from the ends that the margin leaves it."""

Kept = tuple[tuple[int, float], ...]
"""Keys and their scores, the largest first."""


class Sought(NamedTuple):
    """One circuit: the round of the repeat, and what it is in a search of its row."""

    round: int
    own: Searched

    @property
    def name(self) -> str:
        """That of the circuit."""
        return self.own.name


@dataclass(frozen=True, eq=False)
class TopSearch:
    """``search``: rows, oracle and schedule, with a threshold in the middle of the scores; ``top``: how many keys of a
    row are sought; ``repeats``: rounds. ``outcomes``: of circuits that were run, by name; others count as exact."""

    search: Search
    top: int
    repeats: int
    outcomes: Mapping[str, Outcomes] = field(default_factory=dict, repr=False)

    @property
    def entries(self) -> int:
        return self.search.entries

    @property
    def multiply_adds(self) -> int:
        return self.search.multiply_adds

    @property
    def rows(self) -> tuple[int, ...]:
        """The rows that are searched: of those with no more keys than are sought all are kept to begin with."""
        return tuple(row for row in self.search.rows if self.search.keys(row) > self.top)

    def sought(self, number: int, row: int) -> Iterator[Sought]:
        """The circuits of a row in one round."""
        keys = self.search.keys(row)
        for rounds in self.search.planned[keys]:
            name = f"{REPEAT}-{number}-row-{row}-rounds-{rounds}"
            yield Sought(number, Searched(name, (row,), keys, rounds))

    @cached_property
    def circuits(self) -> tuple[Sought, ...]:
        """All circuits, round by round."""
        return tuple(one for number in range(self.repeats) for row in self.rows for one in self.sought(number, row))

    @property
    def oracle_calls(self) -> int:
        """Of all shots, as planned."""
        planned = self.search.planned
        return sum(one.own.number * planned[one.own.keys][one.own.number] for one in self.circuits)

    def begun(self, row: int) -> Kept:
        """What is kept before the first round."""
        keys = range(min(self.top, self.search.keys(row)))
        return self._best((key, self.search.score(row, key)) for key in keys)

    def kept(self, row: int, before: Kept, seen: Mapping[str, Outcomes], number: int) -> Kept:
        """What is kept after a round: the best of what was kept and of all keys that a shot ended in."""
        found = dict(before)
        for one in self.sought(number, row):
            index = seen[one.name].index
            ended = () if index is None else np.flatnonzero(index.marginal[: one.own.keys] > RESOLUTION)
            for key in ended:
                found[int(key)] = self.search.score(row, int(key))
        return self._best(found.items())

    def _best(self, found: Any) -> Kept:
        return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0]))[: self.top])

    @cached_property
    def course(self) -> dict[int, tuple[Kept, ...]]:
        """By row what is kept before each round, and at last: by the outcomes that there are, else exactly."""
        found = {}
        for row in self.search.rows:
            kept = [self.begun(row)]
            for number in range(self.repeats if row in self.rows else 0):
                searched = self._of(row, kept[-1])
                seen = {
                    one.name: self.outcomes[one.name] if one.name in self.outcomes else given_keys(searched, one.own)
                    for one in self.sought(number, row)
                }
                kept.append(self.kept(row, kept[-1], seen, number))
            found[row] = tuple(kept)
        return found

    def threshold(self, number: int, row: int) -> float:
        """The threshold of a round: the least score that is kept before it, as far as the margin lets it."""
        return self._threshold(self.course[row][number])

    def _threshold(self, kept: Kept) -> float:
        search = self.search
        half, least = search.margin / 2, 0.0 if search.part == "abs" else -1.0
        return float(np.clip(kept[-1][1], least + half + NEAR, 1 - half - NEAR))

    def at(self, number: int, row: int) -> Search:
        """The search of a row in one round."""
        return self._of(row, self.course[row][number])

    def _of(self, row: int, kept: Kept) -> Search:
        own = replace(self.search, threshold=self._threshold(kept), rows=(row,))
        key = row, own.threshold
        # Its polynomial and phases take a tenth of a second.
        return self._searches.setdefault(key, own)

    @cached_property
    def _searches(self) -> dict[tuple[int, float], Search]:
        return {}

    def exact(self) -> dict[str, Outcomes]:
        """The exact outcomes of all circuits, for what was measured before them."""
        return {one.name: given_keys(self.at(one.round, one.own.rows[0]), one.own) for one in self.circuits}

    def fed(self, seen: Mapping[str, Outcomes]) -> TopSearch:
        """The same with the thresholds that outcomes have left."""
        return replace(self, outcomes=dict(seen))

    def plan(self, model: Model) -> Plan:
        """Round by round the circuits of all rows, and the step that keeps the best keys; then attention."""
        for pointer, given in self.search.refused.items():
            raise not_compiled(pointer, given, "overlaps, each row by itself, verified classically")
        if not self.rows:
            raise not_compiled("/program/top", f"{self.top} keys, and rows of no more", "a row of more keys")
        steps = Repeat(REPEAT, self.repeats, partial(self._round, model.name)).steps()
        attention = ClassicalStep(
            "sparse-attention",
            self._attention,
            VERSION,
            (_kept_name(self.repeats - 1),),
            (ATTENTION,),
            {"temperature": self.search.temperature, "rest": self.search.rest},
        )
        return Plan((*steps, attention))

    def _round(self, name: str, number: int) -> list[Step]:
        steps: list[Step] = []
        names: list[str] = []
        for row in self.rows:
            before = tuple(one.name for one in self.sought(number - 1, row)) if number else ()
            for one in self.sought(number, row):
                build = partial(self._program, name, number, row, one.own)
                steps.append(CircuitStep(one.name, build, (NAME,), one.own.key_qubits, after=before))
                names.append(one.name)
        kept = () if not number else (_kept_name(number - 1),)
        function = partial(self._keep, number)
        steps.append(
            ClassicalStep(
                f"{REPEAT}-{number}-keep", function, VERSION, (*names, *kept), (_kept_name(number),), {"top": self.top}
            )
        )
        return steps

    def _program(self, name: str, number: int, row: int, one: Searched) -> Any:
        return search_program(name, self.at(number, row), one)

    def _keep(self, number: int, seen: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        """A classical step: the best keys of each row after a round, [key, score] by row."""
        told = seen[_kept_name(number - 1)] if number else {}
        found = {}
        for row in self.search.rows:
            before = tuple((key, score) for key, score in told[str(row)]) if number else self.begun(row)
            kept = self.kept(row, before, seen, number) if row in self.rows else before
            found[str(row)] = [list(pair) for pair in kept]
        return {_kept_name(number): found}

    def _attention(self, seen: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        kept = {int(row): pairs for row, pairs in seen[_kept_name(self.repeats - 1)].items()}
        return {ATTENTION: self.attention({row: tuple(map(tuple, pairs)) for row, pairs in kept.items()})}

    def attention(self, kept: Mapping[int, Kept]) -> dict[str, Any]:
        """Attention and output of keys and their scores."""
        pairs = {row: sorted(found) for row, found in kept.items()}
        return self.search.attention(
            {row: ([key for key, _ in found], [score for _, score in found]) for row, found in pairs.items()}
        )


def _kept_name(number: int) -> str:
    """What the step that keeps keys after a round writes."""
    return f"{REPEAT}-{number}-kept"


def last_kept(system: TopSearch, seen: Mapping[str, Any]) -> dict[int, Kept]:
    """What is kept at last, by what the plan's steps have written."""
    told = seen[_kept_name(system.repeats - 1)]
    return {int(row): tuple((int(key), float(score)) for key, score in pairs) for row, pairs in told.items()}
