"""Search attention as numbers: scores, what is to be found, the polynomial, the schedule, and the closed form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.files.numbers import Numbers, as_lists
from qsac.numerics.bounded_polynomials import BoundedPolynomial, threshold_polynomial
from qsac.numerics.search_schedule import (
    conclusive,
    copies_of,
    ideal_success,
    missed,
    sample_missed,
    sampled,
    schedule,
    success,
)
from qsac.numerics.signal_processing import phases_of

if TYPE_CHECKING:
    from qsac.families.contract import Plan
    from qsac.families.outcomes import Outcomes
    from qsac.families.program.model import Model

Real = NDArray[np.float64]

AUTOMATIC_ERROR = 0.03
"""The largest error of the polynomial of an automatic degree."""

HIGHEST_DEGREE = 60
"""The highest degree that is chosen by itself."""

SHOWN_DEGREES = (8, 12, 16, 20, 24)
"""The degrees whose errors a closed form says."""


@dataclass(frozen=True, eq=False)
class Search:
    """``states``: (T, d) rows x of length 1 or as given; ``queries``: (T, d) W^dag x, so that s_ji = <query_j|x_i>;
    ``values``: (T, d) V x. ``span``: how many first entries of states and queries may differ from
    zero. ``rows``: those that are searched, from 0. ``asked``: the strategy; ``heralded``: data are projected on zero
    after each oracle call; ``measures``: scores of candidates are echo estimates. Other fields as in the model file;
    ``rest`` is None where other keys are dropped, ``degree`` None where it is chosen by itself."""

    states: Numbers = field(repr=False)
    queries: Numbers = field(repr=False)
    values: Numbers = field(repr=False)
    span: int
    mask: Literal["causal", "full"]
    part: Literal["abs", "re"]
    threshold: float
    margin: float
    most: int
    temperature: float
    rest: float | None
    degree: int | None
    failure: float
    guaranteed: bool
    rows: tuple[int, ...]
    oracle: Literal["overlap", "digital", "table"]
    asked: Literal["search", "sample", "auto"]
    superposed: bool
    heralded: bool
    measures: bool
    refused: Mapping[str, str]
    """What the program asks for that no circuit is built for: the pointer, and what is given there."""
    known: int | None = None
    """How many keys are known before, where finding none that is larger ends the search: the schedule is one whose
    finding nothing says so. None where that is not asked."""
    seen: Mapping[int, tuple[int, ...]] | None = field(default=None, repr=False)
    """The candidates of each row, as far as shots have found some: those that echoes verify. None before any shots."""

    @property
    def tokens(self) -> int:
        return int(self.states.shape[0])

    @property
    def dimension(self) -> int:
        return int(self.states.shape[1])

    @property
    def entries(self) -> int:
        return int(self.states.size)

    def keys(self, row: int) -> int:
        """How many keys a row sees, the first ones."""
        return row + 1 if self.mask == "causal" else self.tokens

    @property
    def multiply_adds(self) -> int:
        """Of all scores, classically: one for each pair and entry."""
        return sum(self.keys(row) for row in self.rows) * self.dimension

    @cached_property
    def scores(self) -> Real:
        """(T, T), without the mask."""
        products = self.queries.conj() @ self.states.T
        found = np.abs(products) if self.part == "abs" else products.real
        return np.asarray(found, dtype=np.float64)

    def score(self, row: int, key: int) -> float:
        """One score, worked out by itself: d multiply-adds."""
        product = np.vdot(self.queries[row], self.states[key])
        return float(abs(product) if self.part == "abs" else product.real)

    def found(self, row: int) -> tuple[int, ...]:
        """The keys whose score is at least the threshold."""
        return tuple(int(key) for key in np.flatnonzero(self.scores[row, : self.keys(row)] >= self.threshold))

    def possible(self, row: int) -> int:
        """How many keys are above the lower end of the margin: those that the oracle may mark."""
        return int((self.scores[row, : self.keys(row)] >= self.threshold - self.margin / 2).sum())

    @property
    def crowded(self) -> tuple[int, ...]:
        """Rows with more possible keys than are planned for."""
        return tuple(row for row in self.rows if self.keys(row) > 1 and self.possible(row) > self.most)

    # The oracle

    @property
    def variable(self) -> str:
        """What the polynomial is of."""
        return "|s|" if self.part == "abs" else "(1+Re s)/2"

    @property
    def oracle_threshold(self) -> float:
        """The threshold of that."""
        return self.threshold if self.part == "abs" else (1 + self.threshold) / 2

    @property
    def oracle_margin(self) -> float:
        return self.margin if self.part == "abs" else self.margin / 2

    @cached_property
    def polynomial(self) -> BoundedPolynomial:
        """That of the oracle: of the degree that is asked for, or of the least one that is good enough."""
        if self.degree is not None:
            return self._of_degree(self.degree)
        for degree in range(2, HIGHEST_DEGREE + 1, 2):
            # About 3.6 / margin for an error of 0.1: nothing below needs to be tried.
            if degree < 3.6 / self.oracle_margin - 4 and degree < HIGHEST_DEGREE:
                continue
            found = self._of_degree(degree)
            if found.error <= AUTOMATIC_ERROR:
                return found
        return found

    @cached_property
    def phases(self) -> Real:
        """Its phases, (D + 1,) in radians."""
        return phases_of(self.polynomial)[0]

    def _of_degree(self, degree: int) -> BoundedPolynomial:
        return threshold_polynomial(degree, self.oracle_threshold, self.oracle_margin)

    @cached_property
    def errors_by_degree(self) -> dict[str, float]:
        return {str(degree): self._of_degree(degree).error for degree in SHOWN_DEGREES}

    @property
    def loss(self) -> float:
        """The amplitude that an oracle call may lose, sqrt(2 error); 0 where only the typical case is planned for, and
        of an oracle without a polynomial."""
        return float(np.sqrt(2 * self.polynomial.error)) if self.guaranteed and self.oracle == "overlap" else 0.0

    # The strategy

    @property
    def sharing(self) -> int:
        """How many rows share the shots of a circuit."""
        return len(self.rows) if self.superposed else 1

    @cached_property
    def samples(self) -> bool:
        """Whether keys are sampled, without an oracle. ``auto`` takes what loads keys less often for a key that is
        found: one that is marked alone, at the upper end of the margin. A search without rounds loads none."""
        if self.asked == "auto":
            return self.oracle == "overlap" and self.loads_a_key["sample"] < self.loads_a_key["search"]
        return self.asked == "sample"

    @property
    def leaks(self) -> bool:
        """Whether what an oracle call leaves outside |0> of the data stays: no projection takes it away."""
        return not (self.heralded or self.samples or self.oracle == "table")

    @property
    def degree_unused(self) -> bool:
        """Whether no polynomial is applied."""
        return self.samples or self.oracle != "overlap"

    @cached_property
    def loads_a_key(self) -> dict[str, float]:
        """How often keys are loaded for a key that is found, by strategy, of the largest number of keys."""
        keys = max(self.key_counts, default=1)
        rounds = [r for r in self._searched.get(keys, {}) if r]
        degree = self.polynomial.degree if self.oracle == "overlap" else 0
        chances = {r: success(1, keys, r, loss=self.loss) for r in rounds}
        searched = min((r * degree / p if p else inf for r, p in chances.items()), default=0.0)
        copies = self.copies(keys)
        return {"search": float(searched), "sample": copies * keys / self.ends[1] ** (2 * copies)}

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the margin, in the oracle's variable."""
        half = self.oracle_margin / 2
        return self.oracle_threshold - half, self.oracle_threshold + half

    def copies(self, keys: int) -> int:
        """The score copies of a sample of so many keys."""
        return copies_of(keys, *self.ends)

    # The schedule

    @property
    def key_counts(self) -> tuple[int, ...]:
        """How many keys the rows that are searched have, where they are two or more."""
        return tuple(sorted({self.keys(row) for row in self.rows if self.keys(row) > 1}))

    @cached_property
    def planned(self) -> dict[int, dict[int, int]]:
        """By the number of keys the shots of each circuit: by rounds of search, or by copies of a sample."""
        if not self.samples:
            return self._searched
        found = {}
        for keys in self.key_counts:
            copies = self.copies(keys)
            number = sampled(keys, self.most, self.failure, copies, self.ends[1], rows=self.sharing)
            found[keys] = {copies: number}
        return found

    @cached_property
    def _searched(self) -> dict[int, dict[int, int]]:
        loss, rows = self.loss, self.sharing
        if self.known is not None:
            known = self.known
            return {keys: conclusive(keys, self.most, self.failure, known, loss=loss) for keys in self.key_counts}
        return {keys: schedule(keys, self.most, self.failure, loss=loss, rows=rows) for keys in self.key_counts}

    def missed(self, shots: Mapping[int, int], keys: int) -> float:
        """A bound on the probability that a row of so many keys misses one, with the shots of each circuit."""
        if not self.samples:
            return missed(shots, keys, self.most, loss=self.loss, rows=self.sharing, known=self.known)
        ((copies, number),) = shots.items()
        return sample_missed(number, keys, self.most, copies, self.ends[1], rows=self.sharing)

    @cached_property
    def ideal_schedules(self) -> dict[int, dict[int, int]]:
        """The same for an oracle without errors."""
        return {keys: schedule(keys, self.most, self.failure) for keys in self.key_counts}

    # What comes out

    def attention(self, found: Mapping[int, tuple[Sequence[int], Sequence[float]]]) -> dict[str, Any]:
        """Attention and output of some rows of keys that were found, and their scores: rows of None without any key.

        Each row takes d multiply-adds a key that was found, and of all rows together d a token.
        """
        weights: list[list[float] | None] = []
        outputs: list[Any] = []
        total = self.values.sum(axis=0)
        for row in self.rows:
            keys, base = self.keys(row), 0.0 if self.rest is None else float(np.exp(self.temperature * self.rest))
            entries = np.zeros(self.tokens)
            entries[:keys] = base
            chosen, scores = list(found[row][0]), np.array(found[row][1], dtype=np.float64)
            entries[chosen] = np.exp(self.temperature * scores)
            norm = float(entries.sum())
            if not norm:
                weights.append(None)
                outputs.append(None)
                continue
            # The rank-one part is a sum over all tokens that the row sees, worked out once for all rows.
            shared = total if keys == self.tokens else self.values[:keys].sum(axis=0)
            output = ((entries[chosen] - base) @ self.values[chosen] + base * shared) / norm
            weights.append((entries / norm).tolist())
            outputs.append(as_lists(output))
        return {"attention": weights, "output": outputs}

    def softmax(self) -> list[list[float]]:
        """The attention without a threshold: softmax of all scores that each row sees."""
        rows = []
        for row in self.rows:
            keys = self.keys(row)
            entries = np.zeros(self.tokens)
            scores = self.temperature * self.scores[row, :keys]
            entries[:keys] = np.exp(scores - scores.max())
            rows.append((entries / entries.sum()).tolist())
        return rows

    def rest_facts(self) -> dict[str, float] | None:
        """How far the attention is from softmax, and the bound e^(2 eta) - 1 (docs/programs/search.md)."""
        if self.rest is None:
            return None
        eta, worst = 0.0, 0.0
        found = {row: self.found(row) for row in self.rows}
        scored = {row: (keys, self.scores[row, list(keys)].tolist()) for row, keys in found.items()}
        attention, softmax = self.attention(scored)["attention"], self.softmax()
        for place, row in enumerate(self.rows):
            keys = self.keys(row)
            others = np.delete(self.scores[row, :keys], list(found[row]))
            if len(others):
                eta = max(eta, self.temperature * float(np.abs(others - self.rest).max()))
            exact = np.array(softmax[place][:keys])
            worst = max(worst, float((np.abs(np.array(attention[place][:keys]) - exact) / exact).max()))
        return {"eta": eta, "relative_error": worst, "bound": float(np.expm1(2 * eta))}

    def row_facts(
        self, found: Mapping[int, Sequence[int]], scores: Mapping[int, Sequence[float]]
    ) -> list[dict[str, Any]]:
        """For each row how many keys it has, which were found, and what exact rounds would succeed with."""
        return [
            {
                "row": row,
                "keys": self.keys(row),
                "found": list(found[row]),
                "scores": list(scores[row]),
                "ideal_success": [ideal_success(len(self.found(row)), self.keys(row), r) for r in range(4)],
            }
            for row in self.rows
        ]

    def fed(self, seen: Mapping[str, Outcomes]) -> Search:
        """The same with the candidates that the outcomes of all circuits that find keys have left."""
        from qsac.families.program.search.verification import ranked
        from qsac.families.program.search.walks import searched

        if not self.measures or not all(one.name in seen for one in searched(self)):
            return self
        return replace(self, seen=ranked(self, seen))

    def plan(self, model: Model) -> Plan:
        from qsac.families.program.search.circuits import plan

        return plan(model, self)
