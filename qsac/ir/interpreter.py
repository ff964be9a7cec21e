"""The meaning of a program: dense interpretation with projections, for both levels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import DoesNotFitError
from qsac.ir.attention.amplify import Amplify
from qsac.ir.op import Acting, ControlledUnitary, Preparation, Projection
from qsac.ir.program import Program
from qsac.ir.save_probabilities import SaveProbabilities

WIDTH_LIMIT = 24
"""Most qubits live at once that are interpreted densely: 2^24 amplitudes of 16 bytes, three times, are 805 MB."""


@dataclass(frozen=True)
class Interpretation:
    """What a program's projections and observations come to.

    ``probabilities`` holds, for each readout's metric, (P(given), P(given and success)); ``observed`` for each observed
    quantity the joint probabilities of the register's values and every projection before.
    """

    probabilities: dict[str, tuple[float, float]]
    observed: dict[str, NDArray[np.float64]]

    def value(self, metric: str) -> float:
        """P(success | given) of a readout."""
        given, both = self.probabilities[metric]
        return both / given


class _State:
    """A dense unnormalised state: one tensor axis for each live register, in order of allocation."""

    def __init__(self, program: Program) -> None:
        self.scope = program.scope
        self.sizes = dict(program.scope.sizes)
        self.live: list[str] = []
        self.tensor: NDArray[np.complex128] = np.ones((), dtype=np.complex128)

    def allocate(self, names: tuple[str, ...]) -> None:
        for name in names:
            if name in self.live:
                continue
            width = sum(self.sizes[other] for other in (*self.live, name))
            if width > WIDTH_LIMIT:
                raise DoesNotFitError(
                    "the program is too wide for dense interpretation",
                    code="capacity.too-wide-to-simulate",
                    found=f"{width} qubits alive at once ({16 << width} bytes a state)",
                    wanted=f"at most {WIDTH_LIMIT} qubits",
                    help="verify a smaller model of the same shape, or compile with --no-verify",
                )
            zero = np.zeros(1 << self.sizes[name], dtype=np.complex128)
            zero[0] = 1.0
            self.tensor = np.multiply.outer(self.tensor, zero)
            self.live.append(name)

    def _gather(self, first: tuple[str, ...], second: tuple[str, ...]) -> tuple[NDArray[np.complex128], list[str]]:
        """The tensor as (first, second, rest), and the names of the axes of rest."""
        rest = [name for name in self.live if name not in first and name not in second]
        order = [self.live.index(name) for name in (*first, *second, *rest)]
        shape = (self.scope.dimension(first), self.scope.dimension(second), -1)
        return self.tensor.transpose(order).reshape(shape), rest

    def _scatter(self, tensor: NDArray[np.complex128], names: list[str]) -> None:
        self.tensor = tensor.reshape([1 << self.sizes[name] for name in names])
        self.live = names

    def apply(self, matrices: NDArray[np.complex128], targets: tuple[str, ...], controls: tuple[str, ...]) -> None:
        tensor, rest = self._gather(controls, targets)
        self._scatter(np.matmul(matrices, tensor), [*controls, *targets, *rest])

    def act(self, op: Acting, targets: tuple[str, ...], controls: tuple[str, ...]) -> None:
        tensor, rest = self._gather(controls, targets)
        acted = op.acted(np.ascontiguousarray(tensor.transpose(0, 2, 1)), self.scope)
        self._scatter(acted.transpose(0, 2, 1), [*controls, *targets, *rest])

    def prepare(self, state: NDArray[Any], targets: tuple[str, ...]) -> None:
        """Put fresh targets, allocated in zero, into ``state``."""
        tensor, rest = self._gather((), targets)
        self._scatter(np.multiply.outer(state, tensor[0, 0]), [*targets, *rest])

    def project(self, state: NDArray[Any], targets: tuple[str, ...]) -> None:
        tensor, rest = self._gather((), targets)
        self._scatter(state.conj() @ tensor[0], rest)

    def discard(self, targets: tuple[str, ...]) -> None:
        """Keep the axes under names that no op has: they are summed over in every probability."""
        for name in targets:
            kept = f"discarded {len(self.sizes)}"
            self.sizes[kept] = self.sizes[name]
            self.live[self.live.index(name)] = kept

    def distribution(self, registers: tuple[str, ...]) -> NDArray[np.float64]:
        tensor, _ = self._gather((), registers)
        return np.asarray(np.sum(np.abs(tensor[0]) ** 2, axis=1), dtype=np.float64)

    def norm(self) -> float:
        return float(np.vdot(self.tensor, self.tensor).real)


def final_state(
    program: Program, matrices: Callable[[ControlledUnitary], NDArray[np.complex128]]
) -> NDArray[np.complex128]:
    """The final state with every projection deferred: all registers kept, as they are before their projections.

    ``matrices`` gives each controlled unitary's matrices, so that another reading of the program can be compared.
    Shape (2^qubits,), the registers in the program's order.
    """
    state = _State(program)
    for op in program.ops:
        state.allocate(op.targets)
        if isinstance(op, Preparation):
            state.prepare(op.prepared(program.scope), op.targets)
        elif isinstance(op, ControlledUnitary) and not isinstance(op, Projection):
            state.apply(matrices(op), op.targets, op.controlled_by)
    names = [register.name for register in program.registers if register.name in state.live]
    return np.asarray(state.tensor.transpose([state.live.index(name) for name in names]).reshape(-1))


def interpret(
    program: Program, matrices: Callable[[ControlledUnitary], NDArray[np.complex128]] | None = None
) -> Interpretation:
    """Run a verified program densely and return its probabilities; ``matrices`` as in :func:`final_state`.

    Registers are allocated at first use and dropped at projection, so that the cost is that of the widest moment:
    16 bytes times 2^(qubits alive, or discarded before). Raises :class:`~qsac.errors.DoesNotFitError` beyond
    :data:`WIDTH_LIMIT`.
    """
    state = _State(program)
    probability = {frozenset[str](): 1.0}
    reached: frozenset[str] = frozenset()
    observed: dict[str, NDArray[np.float64]] = {}
    for op in program.ops:
        state.allocate(op.targets)
        if isinstance(op, SaveProbabilities):
            observed[op.quantity] = state.distribution(op.registers)
        elif op.releases and not op.outcomes:
            state.discard(op.targets)
        elif isinstance(op, Preparation):
            state.prepare(op.prepared(program.scope), op.targets)
        elif isinstance(op, Projection):
            state.project(op.projected(program.scope), op.targets)
        elif isinstance(op, Acting) and matrices is None:
            state.act(op, op.targets, op.controlled_by)
        elif isinstance(op, ControlledUnitary):
            unitaries = op.matrices(program.scope) if matrices is None else matrices(op)
            state.apply(unitaries, op.targets, op.controlled_by)
        elif isinstance(op, Amplify):
            state.tensor = state.tensor * op.grown(state.norm())
        if op.outcomes or isinstance(op, Amplify):
            reached = reached.union(op.outcomes)
            probability[reached] = state.norm()
    return Interpretation(
        {
            readout.metric: (
                probability[frozenset(readout.given)],
                probability[frozenset((*readout.given, *readout.success))],
            )
            for readout in program.readouts
        },
        observed,
    )
