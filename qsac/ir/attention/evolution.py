"""Token loaders by time evolution: a product formula, controlled by the bits of the index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar, NamedTuple

import numpy as np

from qsac.ir.attention.loader import Loader
from qsac.ir.op import Level, Scope
from qsac.numerics.product_formulas import STAGES, Evolution, Formula, States, Turn, anticommute, turned

STEP_LIMIT = 1 << 14
"""Most steps of a product formula: text is untrusted, and every step is written out."""


class Stage(NamedTuple):
    """A part of the evolution: ``bit`` (a position among the index qubits) sets its direction; None: always forward."""

    bit: int | None
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class LoadEvolution(Loader):
    """For ``index`` = i, prepare U_i s on ``data``, s the one row of ``table`` (Construction, section 8).

    U_i is a product over the bits of i, the most significant first in time: a product formula for
    exp(-i H 2^p dt / 2) if the bit of place value 2^p is 1, the same with all angles negated if it is 0; H is the sum
    of ``coefficients`` times ``terms``. So U_i approximates exp(-i H (i - (2^m - 1)/2) dt). ``formulas`` and ``steps``
    give the product formula of each bit; if ``lead`` is not 0, their first entry belongs to an evolution over that time
    that comes before, whatever i is. ``phases`` are radians, one for each bit: the phase of the bit's value 1.

    ``reversal`` is a Pauli string K or empty: terms that anticommute with it are rotated by gates without a control,
    between two K controlled by the bit. It affects the circuit, not the meaning. As with
    :class:`~qsac.ir.attention.LoadTokens`, only the first column of each unitary is part of the meaning.
    """

    name: ClassVar[str] = "load-evolution"
    level: ClassVar[Level] = "attention"

    data: str
    index: tuple[str, ...]
    table: str
    terms: tuple[str, ...]
    coefficients: tuple[float, ...]
    dt: float
    formulas: tuple[Formula, ...]
    steps: tuple[int, ...]
    lead: float = 0.0
    phases: tuple[float, ...] = ()
    reversal: str = ""
    inverse: bool = False

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return self.index

    @property
    def evolution(self) -> Evolution:
        """What the product formulas stand for."""
        return Evolution(self.terms, self.coefficients, self.dt)

    def check(self, scope: Scope) -> str | None:
        size, bits = scope.sizes[self.data], sum(scope.sizes[name] for name in self.index)
        state = scope.tables[self.table]
        if state.shape != (1, 1 << size) or abs(np.linalg.norm(state.values) - 1) > 1e-9:
            return f"table {self.table!r} of shape {state.shape} is not one unit row for register {self.data!r}"
        problem = self.evolution.problem(size)
        if problem is not None:
            return problem
        stages = bits + (self.lead != 0)
        if len(self.formulas) != stages or len(self.steps) != stages:
            return f"{bits} index qubits{' and a lead' * (self.lead != 0)} take {stages} formulas and steps"
        if not set(self.formulas) <= set(STAGES) or not all(1 <= steps <= STEP_LIMIT for steps in self.steps):
            return f"a formula is none of {', '.join(STAGES)}, or its steps are not from 1 to {STEP_LIMIT}"
        if len(self.phases) not in (0, bits) or not all(map(isfinite, (*self.phases, self.lead))):
            return f"{bits} index qubits take {bits} finite phases, or none"
        if self.reversal and (len(self.reversal) != size or not set(self.reversal) <= set("ixyz")):
            return f"reversal {self.reversal!r} is not a Pauli string of {size} letters"
        return None

    def stages(self, bits: int) -> Iterator[Stage]:
        """The parts of the evolution, in time order, for an index of ``bits`` qubits."""
        times = [2.0 ** (bits - 2 - bit) * self.dt for bit in range(bits)]
        places: list[int | None] = list(range(bits))
        if self.lead:
            times, places = [self.lead, *times], [None, *places]
        for place, time, formula, steps in zip(places, times, self.formulas, self.steps, strict=True):
            yield Stage(place, tuple(self.evolution.turns(time, formula, steps)))

    def signed(self, term: int) -> bool:
        """Whether the rotations about a term are controlled by the bit, one by one."""
        return not (self.reversal and anticommute(self.terms[term], self.reversal))

    def loaded(self, scope: Scope) -> States:
        """What is loaded, shape (2^m, d): by the product formulas, phases included."""
        bits = sum(scope.sizes[name] for name in self.index)
        index = np.arange(1 << bits)
        states = np.tile(scope.tables[self.table].values[0].astype(np.complex128), (len(index), 1))
        for bit, turns in self.stages(bits):
            sign = np.ones((len(index), 1)) if bit is None else 2.0 * (index >> (bits - 1 - bit) & 1)[:, None] - 1
            for term, angle in turns:
                states = turned(states, self.terms[term], sign * angle)
        for bit, phase in enumerate(self.phases):
            states[(index >> (bits - 1 - bit) & 1) == 1] *= np.exp(1j * phase)
        return states

    def intended(self, scope: Scope) -> States:
        """What the product formulas stand for, shape (2^m, d): the exact evolution, without the phases."""
        count = scope.dimension(self.index)
        state = self.evolution.evolved(scope.tables[self.table].values, self.lead - (count - 1) / 2 * self.dt)
        rows = [state]
        for _ in range(count - 1):
            rows.append(self.evolution.evolved(rows[-1], self.dt))
        return np.concatenate(rows)
