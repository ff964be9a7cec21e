"""Exact simulation of native circuits: dense, with projections where the program has them.

Qubits are allocated at first use. A given bit is projected on 0 where it is measured, and its qubit dropped; success
bits stay until the end, as readouts ask for different ones: their qubits are kept, or, where a later gate turns them
(a router moves others through them), copies in the computational basis. The cost is that of the widest moment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence, Set
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qsac.errors import DoesNotFitError, present
from qsac.families.outcomes import SAVED, Index, Outcomes
from qsac.native.circuit import GATES, KIND, MATRICES, BitReadout, NativeCircuit
from qsac.progress import Progress

WIDTH_LIMIT = 26
"""Most qubits live at once: 2^26 amplitudes of 16 bytes are 1 GiB, and a gate needs a second copy."""


def amplitudes(circuit: NativeCircuit, start: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """What a circuit without measurements and resets makes of a state, both of shape (2^n,), the circuit's first qubit
    most significant, up to :data:`WIDTH_LIMIT` of them. The global phase is that of the gates in pytket's and Qiskit's
    conventions: rotations of unit determinant."""
    state = _Dense(len(circuit.qubits))
    state.live, state.state = list(range(len(circuit.qubits))), start.astype(np.complex128)
    half_turns = 0.0
    for name, qubits, _, angle, phase in _steps(circuit):
        state.apply(name, qubits, angle, phase)
        if name in ("Rz", "ZZPhase"):  # the state is turned where a parity is 1, by all of the angle
            half_turns += angle
    return np.asarray(state.state * np.exp(-0.5j * np.pi * half_turns))


class Holders:
    """Which axis of the state holds a qubit, or the outcome of a success bit.

    Qubits are named by their index, outcomes of bits by ``-1 - bit``. A measured success bit is held by its qubit; if
    the qubit goes on (a router may move others through it), the outcome is copied to an axis of its own first.
    """

    def __init__(self, given: Set[int]) -> None:
        self.given = given
        self.bit_of: dict[int, int] = {}
        self.axis_of: dict[int, int] = {}

    def measured(self, qubit: int, bit: int) -> bool:
        """Note a measurement; whether the qubit is to be projected and dropped."""
        if bit in self.given:
            return True
        self.bit_of[qubit] = bit
        self.axis_of[bit] = qubit
        return False

    def released(self, qubit: int) -> int | None:
        """The name of the axis that the outcome held by ``qubit`` moves to, if the qubit goes on after measurement."""
        if qubit not in self.bit_of:
            return None
        bit = self.bit_of.pop(qubit)
        self.axis_of[bit] = -1 - bit
        return -1 - bit


def _steps(circuit: NativeCircuit) -> Iterator[tuple[str, tuple[int, ...], int, float, float]]:
    """Name, qubits, bit and angles of each gate."""
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles)
    for kind, first, second, (angle, phase) in zip(*(column.tolist() for column in columns), strict=True):
        gate = GATES[kind]
        yield gate.name, (first, second) if gate.qubits == 2 else (first,), second, angle, phase


def width(circuit: NativeCircuit) -> int:
    """The most axes live at once in :func:`simulate`."""
    kind, first, second = circuit.wires
    asked = _kept_width if len(circuit) <= _KEPT_GATES else _width
    return asked(kind.tobytes(), first.tobytes(), second.tobytes(), _given(circuit))


def _given(circuit: NativeCircuit) -> frozenset[int]:
    """The bits that readouts are conditional on."""
    return frozenset(bit for readout in circuit.readouts for bit in readout.given)


def _width(kinds: bytes, firsts: bytes, seconds: bytes, given: frozenset[int]) -> int:
    """The width of a circuit by its columns and the bits that its readouts are conditional on."""
    widest = 0
    live: set[int] = set()
    holders = Holders(given)
    kind = np.frombuffer(kinds, np.int8).tolist()
    first, second = (np.frombuffer(column, np.int32).tolist() for column in (firsts, seconds))
    for gate, qubit, other in zip(kind, first, second, strict=True):
        for used in (qubit, other) if gate in _PAIRS else (qubit,):
            moved = holders.released(used)
            if moved is not None:
                live.add(moved)
            live.add(used)
        if gate == KIND["Reset"]:
            live.discard(qubit)
            continue
        widest = max(widest, len(live))
        if gate == KIND["Measure"] and holders.measured(qubit, other):
            live.discard(qubit)
    return widest


_kept_width = lru_cache(maxsize=64)(_width)

_KEPT_GATES = 1 << 13
"""Gates of a circuit whose width is remembered: circuits of one plan are few ones but for their angles."""

_PAIRS = {kind for kind, gate in enumerate(GATES) if gate.qubits == 2}


class State(Protocol):
    """What :func:`simulate` asks of a library of dense states: unnormalised, of the live qubits, all zero at first.

    A qubit comes alive, in state 0, when it is first named; names are any integers.
    """

    @property
    def live(self) -> Collection[int]:
        """The names of the qubits that are alive."""

    def apply(self, name: str, qubits: tuple[int, ...], angle: float, phase: float) -> None:
        """Apply a unitary gate, up to a global phase. Angles are in half-turns."""

    def drop(self, qubit: int) -> None:
        """Project on 0 and forget the qubit."""

    def rename(self, qubit: int, name: int) -> None:
        """Let the axis of a qubit carry another name; the qubit is then unallocated, in state zero."""

    def copy(self, qubit: int, name: int) -> None:
        """Copy the basis value of a qubit to a new axis."""

    def distribution(self, qubits: tuple[int, ...]) -> NDArray[np.float64]:
        """Probabilities of the joint values of ``qubits``, shape (2, ..., 2), the others summed over."""


def marginal(amplitudes: NDArray[np.complex128], live: Sequence[int], qubits: tuple[int, ...]) -> NDArray[np.float64]:
    """The :meth:`State.distribution` of amplitudes whose axes are called ``live``, most significant first."""
    axes = [live.index(qubit) for qubit in qubits]
    weights = (amplitudes.real**2 + amplitudes.imag**2).reshape((2,) * len(live))
    rest = tuple(axis for axis in range(len(live)) if axis not in axes)
    kept = sorted(axes)
    summed = weights.sum(axis=rest)
    return np.asarray(summed.transpose([kept.index(axis) for axis in axes]), dtype=np.float64)


class _Dense:
    """A :class:`State` in NumPy; the first allocated qubit is most significant."""

    def __init__(self, _width: int) -> None:
        self.live: list[int] = []
        self.state = np.ones(1, dtype=np.complex128)

    def axis(self, qubit: int) -> int:
        if qubit not in self.live:
            self.live.append(qubit)
            grown = np.zeros((len(self.state), 2), dtype=np.complex128)
            grown[:, 0] = self.state
            self.state = grown.reshape(-1)
        return self.live.index(qubit)

    def split(self, qubit: int) -> NDArray[np.complex128]:
        """The state as (before, qubit, after)."""
        axis = self.axis(qubit)
        return self.state.reshape(1 << axis, 2, -1)

    def turn(self, qubit: int, matrix: NDArray[Any]) -> None:
        shaped = self.split(qubit)
        zero, one = shaped[:, 0], shaped[:, 1]
        turned = np.empty_like(shaped)
        np.multiply(zero, matrix[0, 0], out=turned[:, 0])
        turned[:, 0] += matrix[0, 1] * one
        np.multiply(zero, matrix[1, 0], out=turned[:, 1])
        turned[:, 1] += matrix[1, 1] * one
        self.state = turned.reshape(-1)

    def turn_z(self, qubit: int, ratio: complex) -> None:
        """Multiply by ``ratio`` where the qubit is 1: a rotation up to a global phase."""
        self.split(qubit)[:, 1] *= ratio

    def entangle(self, first: int, second: int, *, unequal: complex = 1, both: complex = 1) -> None:
        """Multiply 01 and 10 by ``unequal``, 11 by ``both``."""
        one, two = sorted((self.axis(first), self.axis(second)))
        shaped = self.state.reshape(1 << one, 2, 1 << (two - one - 1), 2, -1)
        if unequal != 1:
            shaped[:, 0, :, 1] *= unequal
            shaped[:, 1, :, 0] *= unequal
        if both != 1:
            shaped[:, 1, :, 1] *= both

    def pair(self, first: int, second: int, matrix: NDArray[np.complex128]) -> None:
        """Apply a (4, 4) matrix; ``first`` is its more significant qubit."""
        one, two = self.axis(first), self.axis(second)
        tensor = np.moveaxis(self.state.reshape((2,) * len(self.live)), (one, two), (0, 1))
        turned = (matrix @ tensor.reshape(4, -1)).reshape(tensor.shape)
        self.state = np.moveaxis(turned, (0, 1), (one, two)).reshape(-1)

    def drop(self, qubit: int) -> None:
        axis = self.axis(qubit)
        self.state = self.split(qubit)[:, 0].reshape(-1)
        del self.live[axis]

    def rename(self, qubit: int, name: int) -> None:
        self.live[self.axis(qubit)] = name

    def copy(self, qubit: int, name: int) -> None:
        shaped = self.split(qubit)
        doubled = np.zeros((*shaped.shape, 2), dtype=np.complex128)
        doubled[:, 0, :, 0] = shaped[:, 0]
        doubled[:, 1, :, 1] = shaped[:, 1]
        self.state = doubled.reshape(-1)
        self.live.append(name)

    def distribution(self, qubits: tuple[int, ...]) -> NDArray[np.float64]:
        for qubit in qubits:
            self.axis(qubit)
        return marginal(self.state, self.live, qubits)

    def apply(self, name: str, qubits: tuple[int, ...], angle: float, phase: float) -> None:
        turned = np.exp(1j * np.pi * (phase if name == "PhasedX" else angle))
        if name == "ZZPhase":
            self.entangle(*qubits, unequal=turned)
        elif name == "CZ":
            self.entangle(*qubits, both=-1)
        elif name == "Rz":
            self.turn_z(qubits[0], turned)
        elif len(qubits) == 1:
            self.turn(qubits[0], matrix_of(name, angle, phase))
        else:
            self.pair(qubits[0], qubits[1], matrix_of(name, angle, phase))


def matrix_of(name: str, angle: float, phase: float) -> NDArray[Any]:
    """The matrix of a gate that is not diagonal."""
    if name == "PhasedX":
        turned = np.exp(1j * np.pi * phase)
        cos, sin = np.cos(np.pi * angle / 2), -1j * np.sin(np.pi * angle / 2)
        return np.array([[cos, sin * turned.conjugate()], [sin * turned, cos]])
    return MATRICES[name]


def simulate(
    circuit: NativeCircuit, progress: Progress | None = None, state: Callable[[int], State] = _Dense
) -> Outcomes:
    """The exact outcomes of a circuit: of its readouts, and of its observed register.

    ``state`` makes the state of a circuit of so many qubits, NumPy's unless told otherwise. Raises
    :class:`~qsac.errors.DoesNotFitError` where more than :data:`WIDTH_LIMIT` qubits are live at once.
    """
    dense, index = state(checked_width(circuit)), []

    def apply(place: int, name: str, qubits: tuple[int, ...]) -> None:
        dense.apply(name, qubits, angles[place], phases[place])

    angles, phases = circuit.angles[:, 0].tolist(), circuit.angles[:, 1].tolist()
    holders = evolved(circuit, dense, apply, lambda holders: index.append(index_of(circuit, dense, holders)), progress)
    return outcomes_of(circuit, dense, holders, index[0] if index else None)


def checked_width(circuit: NativeCircuit) -> int:
    """The most qubits alive at once. Raises :class:`~qsac.errors.DoesNotFitError` for more than
    :data:`WIDTH_LIMIT`."""
    alive = width(circuit)
    if alive > WIDTH_LIMIT:
        raise DoesNotFitError(
            "the circuit is too wide for exact simulation",
            code="capacity.too-wide-to-simulate",
            found=f"{alive} qubits alive at once ({(16 << alive) / 2**30:,.0f} GiB for a state)",
            wanted=f"at most {WIDTH_LIMIT} qubits",
            help="simulate a model of the same shape with fewer tokens or a smaller dimension",
        )
    return alive


def evolved(
    circuit: NativeCircuit,
    dense: State,
    apply: Callable[[int, str, tuple[int, ...]], None],
    observe: Callable[[Holders], None],
    progress: Progress | None,
) -> Holders:
    """Take a state through the gates of a circuit; ``apply`` is called for each unitary one with its place, and
    ``observe`` at the circuit's snapshot."""
    holders = Holders(_given(circuit))
    for place, (name, qubits, bit, _, _) in enumerate(_steps(circuit)):
        if circuit.snapshot is not None and place == circuit.snapshot.stop:
            observe(holders)
        for qubit in qubits:
            moved = holders.released(qubit)
            if moved is not None:
                (dense.rename if name == "Reset" else dense.copy)(qubit, moved)
        if name == "Reset":
            if qubits[0] in dense.live:
                raise ValueError("a qubit is reset before a bit of it was measured")
        elif name == "Measure":
            if holders.measured(qubits[0], bit):
                dense.drop(qubits[0])
        else:
            apply(place, name, qubits)
        if progress is not None and place % 256 == 0:
            progress(place, len(circuit), "simulating the compiled circuit")
    return holders


def outcomes_of(circuit: NativeCircuit, dense: State, holders: Holders, index: Index | None) -> Outcomes:
    """What the final state says, with the observed register as it was at the snapshot."""
    norm = float(dense.distribution(()))
    success = {readout.metric: _success(dense, holders, readout) for readout in circuit.readouts}
    return Outcomes(1.0, norm, success, index, exact=True)


def index_of(circuit: NativeCircuit, dense: State, holders: Holders) -> Index:
    """The observed register, at the snapshot that the circuit has."""
    snapshot = present(circuit.snapshot, "the snapshot")
    success = tuple(holders.axis_of[bit] for bit in snapshot.success)
    joint = dense.distribution((*snapshot.register, *success)).reshape(1 << len(snapshot.register), -1)
    return Index(joint.sum(axis=1), joint[:, 0].copy(), SAVED)


def _success(dense: State, holders: Holders, readout: BitReadout) -> float:
    axes = tuple(holders.axis_of[bit] for bit in readout.success)
    return float(dense.distribution(axes).reshape(-1)[0])
