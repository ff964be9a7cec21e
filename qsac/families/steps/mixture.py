"""The circuit of a unitary mixture: P(M)|0> by a linear combination of unitaries, the identity one of them.

The registers: one degree qubit a factor of M, in a unary state of the coefficients of P; for each factor an index of
the tokens, in its state where the degree qubit is 1 and in the row of the identity where it is 0; the qubits of the
data. Rotations by zero are the identity, so that its row needs no circuit of its own. The first factor acts on |0..0>,
so that the rows U_t|0..0> can be loaded in place of the unitaries.
"""

from __future__ import annotations

from functools import partial
from math import atan2, hypot, pi

import numpy as np
from numpy.typing import NDArray

from qsac.families.outcomes import Outcomes
from qsac.families.steps.evaluation import mixture_states
from qsac.families.steps.grouping import groups, reading
from qsac.families.steps.model import UnitaryMixture
from qsac.families.steps.normal_form import Clifford, Multiplexor, Real, Rotation
from qsac.families.steps.runs import Run, live_bases, outcomes_of
from qsac.families.steps.statevector import states
from qsac.families.steps.wires import OUTCOMES, Bound, Wires
from qsac.ir.attention import LoadTokens, RotateDegree
from qsac.ir.attention.degree import unary_angles
from qsac.ir.program import Program

Complex = NDArray[np.complex128]


def mixture_runs(name: str, origin: str, title: str, step: UnitaryMixture, tokens: Real) -> list[Run]:
    """One circuit for each group of what ``then`` measures, for tokens (T, F)."""
    found = groups(step.then)
    runs = []
    for place, group in enumerate(found):
        # The mixture leaves no qubit in a known state.
        bases = group.bases or live_bases(step.then, group)
        runs.append(
            Run(
                name if len(found) == 1 else f"{name}-group-{place}",
                partial(mixture_program, title, origin, step, tokens, bases),
                partial(_outcomes, step, tokens, bases),
                OUTCOMES,
                len(bases),
                reading(step.then, group, np.arange(1 << len(bases))),
            )
        )
    return runs


def _outcomes(step: UnitaryMixture, tokens: Real, bases: tuple[tuple[int, str], ...]) -> Outcomes:
    mixed = mixture_states(step, tokens[None]) / step.subnormalisation
    state = states(step.then.circuit, np.empty((1, 0)), step.then.parameters, mixed)
    return outcomes_of(state, bases, step.then.circuit.qubits)


def index_qubits(step: UnitaryMixture) -> int:
    """The qubits of the index: its values are the tokens and the identity."""
    return len(step.mixing).bit_length()


def mixture_program(
    title: str, origin: str, step: UnitaryMixture, tokens: Real, bases: tuple[tuple[int, str], ...]
) -> Program:
    """The program of the mixture and of what follows it, measured in the bases of these letters."""
    wires, place = Wires(), f"{origin}/attention"
    degrees = _Degrees(wires, step, f"{place}/polynomial")
    count, size = step.token.qubits, index_qubits(step)
    before, after = _index_rows(step)
    token = _selected(step, tokens)
    data = tuple(wires.fresh(wires.prefix) for _ in range(count))
    wires.at = dict(enumerate(data)) if len(step.polynomial) > 1 else {}
    for factor in range(len(step.polynomial) - 1):
        degree = degrees.next()
        index = wires.fresh("index", size)
        wires.ops.append(LoadTokens(index, (degree,), wires.table("mixing", before), origin=f"{place}/mixing"))
        if factor == 0 and loads_first(step):
            table = wires.table("tokens", _loaded(step, tokens))
            wires.ops.append(LoadTokens(data if count > 1 else data[0], (index,), table, origin=f"{place}/token"))
        else:
            wires.apply(token, index=(index,))
        wires.ops.append(
            LoadTokens(index, (degree,), wires.table("mixing", after), inverse=True, origin=f"{place}/mixing")
        )
        wires.project((index,), f"{place}/mixing")
    degrees.close()
    wires.apply(Bound(step.then.circuit, np.empty(0), step.then.parameters), {qubit for qubit, _ in bases})
    readout = wires.measure(bases, f"{origin}/then/measure")
    return wires.program(title, [readout])


def _selected(step: UnitaryMixture, tokens: Real) -> Bound:
    """The tokens' circuits by the index, and the identity: every angle is zero in its row, constant ones as well."""
    values = step.token.values(tokens, np.empty(0))
    rows = np.concatenate([tokens, np.zeros((1, tokens.shape[1]))])
    return Bound(step.token, rows, np.empty(0), own=np.concatenate([values, np.zeros((1, values.shape[1]))]))


def loads_first(step: UnitaryMixture) -> bool:
    """Whether the rows of the first factor are loaded: that takes 2^m (2^n - 1) - n gates, their selection
    as many multiplexors as there are rotations."""
    size = 1 << index_qubits(step)
    load = size * ((1 << step.token.qubits) - 1) - step.token.qubits
    return load < _selection_gates(step)


def _selection_gates(step: UnitaryMixture) -> int:
    size = index_qubits(step)
    total = 0
    for gate in step.token.gates:
        if isinstance(gate, Multiplexor):
            total += 1 << (size + len(gate.controls))
        elif isinstance(gate, Rotation):
            total += (1 << size) + 2 * (len(gate.qubits) - 1)
        elif isinstance(gate, Clifford):
            total += len(gate.qubits) - 1
    return total


def _weights(step: UnitaryMixture) -> Real:
    """|c_k| (sum_t |b_t|)^k / lambda: what the powers of M weigh."""
    norm = float(np.abs(step.mixing).sum())
    weights: Real = np.abs(step.polynomial) * norm ** np.arange(len(step.polynomial)) / step.subnormalisation
    return weights


class _Degrees:
    """The degree registers, in sum_k sign(c_k) sqrt(weight_k) |1^k 0^(p-k)>, projected on the same state without signs.

    Each is prepared given the one before it, which is then taken back given this one: at most two are live at a time,
    as :class:`~qsac.ir.attention.RotateDegree` says.
    """

    def __init__(self, wires: Wires, step: UnitaryMixture, origin: str) -> None:
        self._wires, self._origin = wires, origin
        self._kept = np.sqrt(_weights(step))
        self._angles = unary_angles(tuple((np.sign(step.polynomial) * self._kept).tolist()))
        self._reached = float(self._kept[0])
        self._names: list[str] = []

    def next(self) -> str:
        """The register of the next factor, after the end of the one before it."""
        place, before = len(self._names), tuple(self._names[-1:])
        register = self._wires.fresh("degree")
        angle = self._angles[place]
        angles = (0.0, angle) if before else (angle,)
        self._wires.ops.append(RotateDegree(register, angles, before, fresh=True, origin=self._origin))
        if before:
            ended = 2 * atan2(float(self._kept[place]), self._reached)
            self._reached = hypot(self._reached, float(self._kept[place]))
            self._end(before[0], (-ended, -pi), (register,))
        self._names.append(register)
        return register

    def close(self) -> None:
        """The end of the last register."""
        if self._names:
            self._end(self._names[-1], (-2 * atan2(float(self._kept[-1]), self._reached),), ())

    def _end(self, register: str, angles: tuple[float, ...], given: tuple[str, ...]) -> None:
        self._wires.ops.append(RotateDegree(register, angles, given, last=True, origin=self._origin))
        self._wires.project((register,), self._origin)


def _index_rows(step: UnitaryMixture) -> tuple[Complex, Complex]:
    """The rows (2, 2^m) that the index is prepared in and projected on: the identity's for the degree qubit 0, the
    tokens' for 1. The phases, that of the token's circuit among them, are in the first ones alone."""
    count = len(step.mixing)
    shares = np.sqrt(np.abs(step.mixing) / np.abs(step.mixing).sum())
    before = np.zeros((2, 1 << index_qubits(step)), dtype=np.complex128)
    before[0, count] = 1.0
    before[1, :count] = shares
    after = before.copy()
    before[1, :count] *= np.exp(1j * (np.angle(step.mixing) + step.token.phase))
    return before, after


def _loaded(step: UnitaryMixture, tokens: Real) -> Complex:
    """The rows U_t |0..0> (T + 1, 2^n) of gates without the phase that they leave out, and |0..0>."""
    found = states(step.token, tokens, np.empty(0)) * np.exp(-1j * step.token.phase)
    identity = np.zeros((1, found.shape[1]))
    identity[0, 0] = 1.0
    return np.concatenate([found, identity])
