"""The cheapest product formulas that load a table of evolved states within an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.counting.formulas import op_cost
from qsac.ir.attention import LoadEvolution
from qsac.ir.attention.evolution import STEP_LIMIT
from qsac.ir.op import Scope
from qsac.ir.table import Table
from qsac.native.circuit import GateFamily
from qsac.numerics.product_formulas import (
    ACTION_LIMIT,
    STAGES,
    Evolution,
    Formula,
    States,
    anticommute,
    commuting_groups,
    turned,
)
from qsac.numerics.product_states import is_product
from qsac.passes.attention._reversal import reversal

PROBES = 6
"""States that a product formula's error is estimated on."""

FINEST = 1 / 256
"""A stage's share of the squared error below which choices are not told apart."""

FIRST_ORDER_STEPS = 4
"""Most steps of the formula of first order: beyond, the others are always better."""

WORK_LIMIT = 1 << 28
"""Most amplitudes times rotations that finding one loader may take, about: some ten seconds."""


class Choice(NamedTuple):
    """A product formula for one stage: its two-qubit gates, and its mean squared error on typical states."""

    cost: float
    error: float
    formula: Formula
    steps: int


@dataclass(frozen=True)
class Loader:
    """An evolution loader: the op (its registers and tables not named yet), its initial state, its error (the root of
    the weighted sum of squared distances from the table), and its two-qubit gates."""

    op: LoadEvolution
    state: Table
    error: float
    cost: int


@dataclass(frozen=True, eq=False)
class Search:
    """Finds loaders of one table. ``rows`` (T, d) with T >= 2 are the states, each the one before after ``dt``.

    ``weights`` (T,) is the largest probability of each row's index value. ``limit`` is how many two-qubit gates a
    loader may take, ``least`` the smallest error that will be requested.
    """

    rows: States
    evolution: Evolution
    weights: NDArray[np.float64]
    family: GateFamily
    limit: int
    least: float

    @property
    def bits(self) -> int:
        """The qubits of the index."""
        return (len(self.rows) - 1).bit_length()

    @property
    def size(self) -> int:
        """The qubits of the data."""
        return int(self.rows.shape[1]).bit_length() - 1

    @property
    def possible(self) -> bool:
        """Whether the evolution is short enough to be looked at."""
        return self.evolution.norm * abs(self.evolution.dt) * len(self.rows) <= ACTION_LIMIT and bool(
            commuting_groups(self.evolution.terms)
        )

    @cached_property
    def starts(self) -> list[tuple[float, States]]:
        """States to start from, each with the time from there to the middle: the middle one, and a product state that
        the trajectory passes at its beginning or one step before."""
        dt, half = self.evolution.dt, 1 << (self.bits - 1)
        found = [(0.0, self.evolution.evolved(self.rows[half - 1 : half], dt / 2))]
        if not is_product(found[0][1][0]):
            for before in (0, 1):
                state = self.evolution.evolved(self.rows[:1], -before * dt)
                if is_product(state[0]):
                    found.append(((half - 0.5 + before) * dt, state))
                    break
        return found

    def times(self, lead: float) -> list[float]:
        """How long each stage evolves."""
        stages = [2.0 ** (self.bits - 2 - bit) * self.evolution.dt for bit in range(self.bits)]
        return [lead, *stages] if lead else stages

    @cached_property
    def _errors(self) -> dict[tuple[float, Formula], list[tuple[int, float]]]:
        return {}

    def _curve(self, time: float, formula: Formula, most: float) -> list[tuple[int, float]]:
        """Steps 1, 2, 4, ... and the mean squared error of a formula, up to a phase, until it does not matter.

        There are no more than ``most`` steps, except one.
        """
        if (time, formula) in self._errors:
            return self._errors[time, formula]
        places = np.unique(np.linspace(0, len(self.rows) - 1, PROBES).astype(int))
        exact = self.evolution.evolved(self.rows[places], time)
        curve: list[tuple[int, float]] = []
        steps = 1
        if formula == "lie-trotter":
            most = min(most, FIRST_ORDER_STEPS)
        while steps <= max(1, min(most, STEP_LIMIT)):
            states = self.rows[places].astype(np.complex128)
            turns = list(self.evolution.turns(time, formula, steps))
            if len(turns) * states.size > WORK_LIMIT // 16:
                break
            for term, angle in turns:
                states = turned(states, self.evolution.terms[term], angle)
            error = max(2 - 2 * abs(np.vdot(exact, states)) / len(places), 1e-15)
            curve.append((steps, error))
            if error <= max(FINEST * self.least**2, 1e-14):
                break
            steps *= 2
        self._errors[time, formula] = curve
        return curve

    def _choices(self, time: float, cost_of: Sequence[tuple[float, float]]) -> list[Choice]:
        """What a stage may take, cheapest first, each better than all before it."""
        choices = []
        for formula, (first, further) in zip(STAGES, cost_of, strict=True):
            curve = self._curve(time, formula, self.limit / max(further, 1.0))
            for (low, from_error), (high, to_error) in zip(curve, [*curve[1:], (0, 0.0)], strict=True):
                choices.append(Choice(first + (low - 1) * further, from_error, formula, low))
                if high and from_error < 1:
                    slope = log(to_error / from_error) / log(high / low)
                    for steps in range(low + 1, high):
                        error = from_error * (steps / low) ** slope
                        choices.append(Choice(first + (steps - 1) * further, error, formula, steps))
        front: list[Choice] = []
        for choice in sorted(choices):
            if not front or choice.error < front[-1].error:
                front.append(choice)
        return front

    def _blank(self, lead: float, string: str) -> LoadEvolution:
        stages = self.bits + (lead != 0)
        simplest: Formula = "strang"
        formulas = (simplest,) * stages
        return LoadEvolution(
            "data",
            ("index",),
            "state",
            self.evolution.terms,
            self.evolution.coefficients,
            self.evolution.dt,
            formulas,
            (1,) * stages,
            lead,
            reversal=string,
        )

    def _scope(self, state: States) -> Scope:
        return Scope({"data": self.size, "index": self.bits}, {"state": Table(state)})

    def _cost(self, op: LoadEvolution, state: States) -> int:
        return op_cost(op, self._scope(state), self.family)

    def _fronts(self, op: LoadEvolution, state: States) -> list[list[Choice]]:
        fronts = []
        least = self._cost(op, state)
        for place, time in enumerate(self.times(op.lead)):
            costs = []
            for formula in STAGES:
                formulas = tuple(formula if other == place else name for other, name in enumerate(op.formulas))
                two, three = (
                    self._cost(
                        replace(
                            op,
                            formulas=formulas,
                            steps=tuple(steps if other == place else 1 for other in range(len(op.steps))),
                        ),
                        state,
                    )
                    for steps in (2, 3)
                )
                further = three - two
                costs.append((float(two - further - least), float(further)))
            fronts.append(self._choices(time, costs))
        return fronts

    @cached_property
    def structures(self) -> list[tuple[LoadEvolution, States, list[list[Choice]]]]:
        """Ways to build the loader: where to start from, and which string reverses time, with each stage's choices."""
        if not self.possible:
            return []
        string = reversal(self.evolution.terms)
        useful = any(anticommute(string, term) for term in self.evolution.terms)
        found = []
        for lead, state in self.starts:
            for reversing in (string, "") if useful else ("",):
                op = self._blank(lead, reversing)
                found.append((op, state, self._fronts(op, state)))
        return found

    def estimates(self, allowed: float) -> Iterator[tuple[float, LoadEvolution, States, list[list[Choice]]]]:
        """For each structure the gates that an error of ``allowed`` takes, if the stages' errors are independent."""
        for op, state, fronts in self.structures:
            chosen = cheapest(fronts, allowed**2)
            if chosen is not None:
                made = _with(op, chosen)
                yield float(self._cost(made, state)), made, state, fronts

    def estimate(self, allowed: float) -> Loader | None:
        """The loader that the estimate prefers, its error not yet known."""
        best = min(self.estimates(allowed), key=lambda found: found[0], default=None)
        return best and Loader(best[1], Table(best[2]), inf, int(best[0]))

    def find(self, allowed: float) -> Loader | None:
        """A loader whose error, computed from all of its states, is at most ``allowed``; None if none was found."""
        best = min(self.estimates(allowed), key=lambda found: found[0], default=None)
        if best is None:
            return None
        _, _, state, fronts = best
        blank = replace(best[1], phases=())
        work = 0
        seen: dict[tuple[Choice, ...], tuple[float, LoadEvolution]] = {}

        def tried(chosen: tuple[Choice, ...]) -> tuple[float, LoadEvolution]:
            nonlocal work
            if chosen not in seen:
                op = _with(blank, chosen)
                work += sum(len(turns) for _, turns in op.stages(self.bits)) * self.rows.size
                seen[chosen] = self._measured(op, state)
            return seen[chosen]

        low, high = -6.0, 4.0
        kept: tuple[Choice, ...] | None = None
        while high - low > 0.05 and work < WORK_LIMIT:
            middle = 0.0 if not seen else (low + high) / 2
            chosen = cheapest(fronts, allowed**2 * 2**middle)
            if chosen is None or tried(chosen)[0] > allowed:
                high = middle
            else:
                kept, low = chosen, middle
        if kept is None:
            return None
        for _ in range(2):
            for place, front in enumerate(fronts):
                while work < WORK_LIMIT and (at := front.index(kept[place])) > 0:
                    fewer = (*kept[:place], front[at - 1], *kept[place + 1 :])
                    if tried(fewer)[0] > allowed:
                        break
                    kept = fewer
        error, op = tried(kept)
        return Loader(op, Table(state), error, self._cost(op, state))

    def _measured(self, op: LoadEvolution, state: States) -> tuple[float, LoadEvolution]:
        """The error of a loader, and the loader with the phases of its bits chosen to make it least."""
        loaded = op.loaded(self._scope(state))[: len(self.rows)]
        overlaps = np.einsum("td,td->t", self.rows.conj(), loaded)
        bits = np.arange(len(self.rows))[:, None] >> np.arange(self.bits - 1, -1, -1) & 1
        # What the identity's part of H does, then what is left, by least squares.
        constant = sum(
            coefficient for term, coefficient in zip(op.terms, op.coefficients, strict=True) if set(term) == {"i"}
        )
        phases = -constant * op.dt * 2.0 ** np.arange(self.bits - 1, -1, -1)
        left = overlaps * np.exp(1j * bits @ phases)
        left *= np.exp(-1j * np.angle(np.sum(self.weights * left)))
        root = np.sqrt(self.weights)[:, None]
        columns = np.column_stack((bits, np.ones(len(bits))))
        fitted = np.linalg.lstsq(columns * root, -np.angle(left) * root[:, 0], rcond=None)[0]
        phases = np.remainder(phases + fitted[:-1] + np.pi, 2 * np.pi) - np.pi
        left = overlaps * np.exp(1j * bits @ phases)
        left *= np.exp(-1j * np.angle(np.sum(self.weights * left)))
        squared = float(np.sum(self.weights * np.maximum(2 - 2 * left.real, 0.0)))
        return sqrt(squared), replace(op, phases=tuple(phases.tolist()))


def cheapest(fronts: Sequence[Sequence[Choice]], allowed: float) -> tuple[Choice, ...] | None:
    """One choice for each front with the sum of errors at most ``allowed``, few gates: by Lagrange's multiplier."""
    if sum(front[-1].error if front else inf for front in fronts) > allowed:
        return None
    low, high = 0.0, 1e18
    best = tuple(front[-1] for front in fronts)
    for _ in range(100):
        price = sqrt(max(low, 1e-3) * high)
        chosen = tuple(min(front, key=lambda choice: choice.cost + price * choice.error) for front in fronts)
        if sum(choice.error for choice in chosen) <= allowed:
            best, high = chosen, price
        else:
            low = price
        if high / max(low, 1e-3) < 1.01:
            break
    return best


def _with(op: LoadEvolution, chosen: Sequence[Choice]) -> LoadEvolution:
    return replace(
        op, formulas=tuple(choice.formula for choice in chosen), steps=tuple(choice.steps for choice in chosen)
    )
