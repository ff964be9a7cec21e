"""The keys of the largest scores, without a threshold: rounds of a search for what is above the least score that is
kept (Durr and Hoyer, quant-ph/9607014), all with the same circuits and other phases.

The first keys of a row are kept to begin with. Every round marks keys by the oracle of its own threshold, all keys that
a shot ends in are verified by a dot product, and the best of these and of those before are kept. A row that a round
leaves as it was has settled: where that ends its rounds, later ones are not run.
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
from qsac.families.repeats import Repeat, Step, side_by_side

if TYPE_CHECKING:
    from qsac.families.program.model import Model

VERSION = 1

ATTENTION = "sparse"
"""What the step of attention writes."""

REPEAT = "repeat"
"""What the loop is called."""

KEPT = "kept"
"""What the step that keeps keys writes in each round."""

SETTLED = "settled"
"""What says, in each round, that it changed nothing."""

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
    row are sought; ``repeats``: rounds, the most there may be where a row ``settles``: the first round that changes
    nothing is then its last. ``failure``: of all rounds of a row, where the schedule's is that of one. ``outcomes``: of
    circuits that were run, by name; others count as exact. ``searches``: those that were made, by row and threshold."""

    search: Search
    top: int
    repeats: int
    failure: float
    settles: bool = False
    outcomes: Mapping[str, Outcomes] = field(default_factory=dict, repr=False)
    searches: dict[tuple[int, float], Search] = field(default_factory=dict, repr=False)

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
        """All circuits there may be, round by round."""
        return tuple(one for number in range(self.repeats) for row in self.rows for one in self.sought(number, row))

    @property
    def needed(self) -> tuple[Sought, ...]:
        """The circuits of the rounds that are run."""
        return tuple(one for one in self.circuits if one.round < self.rounds(one.own.rows[0]))

    def rounds(self, row: int) -> int:
        """How many rounds of a row are run, by the outcomes that there are, else exactly."""
        kept = self.course[row]
        settled = (number for number in range(1, len(kept)) if kept[number] == kept[number - 1])
        return next(settled, len(kept) - 1) if self.settles else len(kept) - 1

    @property
    def oracle_calls(self) -> int:
        """Of all shots there may be, as planned."""
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
        """By row what is kept before each round, and at last: by the outcomes that there are, else exactly. Rounds that
        are not run keep what the last one has."""
        found = {}
        for row in self.search.rows:
            kept = [self.begun(row)]
            for number in range(self.repeats if row in self.rows else 0):
                if self.settles and number and kept[-1] == kept[-2]:
                    kept.append(kept[-1])
                    continue
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
        return self.searches.setdefault(key, own)

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
        loops = [self.loop(rows, model.name) for rows in self.strands]
        attention = ClassicalStep(
            "sparse-attention",
            self._attention,
            VERSION,
            tuple(loop.prefix(self.repeats - 1) + KEPT for loop in loops),
            (ATTENTION,),
            {"temperature": self.search.temperature, "rest": self.search.rest},
        )
        return Plan((*side_by_side(*loops), attention))

    @property
    def strands(self) -> tuple[tuple[int, ...], ...]:
        """The rows of each loop: one for all of them, or one for each that is searched, which ends by itself."""
        return tuple((row,) for row in self.rows) if self.settles else (self.search.rows,)

    def loop(self, rows: tuple[int, ...], name: str = "") -> Repeat:
        """The rounds of some rows, in a model of that name."""
        strand, until = (f"row-{rows[0]}-", SETTLED) if self.settles else ("", None)
        return Repeat(REPEAT, self.repeats, partial(self._round, name, rows, strand), until, strand)

    def _round(self, name: str, rows: tuple[int, ...], strand: str, number: int) -> list[Step]:
        steps: list[Step] = []
        names: list[str] = []
        for row in (row for row in rows if row in self.rows):
            before = tuple(one.name for one in self.sought(number - 1, row)) if number else ()
            for one in self.sought(number, row):
                build = partial(self._program, name, number, row, one.own)
                steps.append(CircuitStep(one.name, build, (NAME,), one.own.key_qubits, after=before))
                names.append(one.name)
        last = f"{REPEAT}-{number - 1}-{strand}{KEPT}" if number else None
        own = f"{REPEAT}-{number}-{strand}"
        function = partial(self._keep, number, rows, own, last)
        asked = (*names, *(() if last is None else (last,)))
        writes = (own + KEPT, own + SETTLED) if self.settles else (own + KEPT,)
        steps.append(ClassicalStep(f"{own}keep", function, VERSION, asked, writes, {"top": self.top}))
        return steps

    def _program(self, name: str, number: int, row: int, one: Searched) -> Any:
        return search_program(name, self.at(number, row), one)

    def _keep(
        self,
        number: int,
        rows: tuple[int, ...],
        own: str,
        last: str | None,
        seen: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> dict[str, Any]:
        """A classical step: the best keys of some rows after a round, [key, score] by row, and whether these are those
        before it."""
        found, settled = {}, True
        for row in rows:
            before = self.begun(row) if last is None else tuple((key, score) for key, score in seen[last][str(row)])
            kept = self.kept(row, before, seen, number) if row in self.rows else before
            found[str(row)] = [list(pair) for pair in kept]
            settled = settled and kept == before
        return {own + KEPT: found, own + SETTLED: settled}

    def _attention(self, seen: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        return {ATTENTION: self.attention(last_kept(self, seen))}

    def attention(self, kept: Mapping[int, Kept]) -> dict[str, Any]:
        """Attention and output of keys and their scores."""
        pairs = {row: sorted(found) for row, found in kept.items()}
        return self.search.attention(
            {row: ([key for key, _ in found], [score for _, score in found]) for row, found in pairs.items()}
        )


def last_kept(system: TopSearch, seen: Mapping[str, Any]) -> dict[int, Kept]:
    """What is kept at last, by what the plan's steps have written; of rows that are not searched all that there is."""
    found = {row: system.begun(row) for row in system.search.rows}
    for rows in system.strands:
        told = seen[system.loop(rows).prefix(system.repeats - 1) + KEPT]
        found |= {int(row): tuple((int(key), float(score)) for key, score in pairs) for row, pairs in told.items()}
    return found
