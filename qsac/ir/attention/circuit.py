"""Circuits of gates on one-qubit registers, their angles in a table: alone, or one for each value of an index."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope
from qsac.numerics.basis_states import clifford_applied, pauli_applied, register_values

CLIFFORDS = {"h": 1, "x": 1, "y": 1, "z": 1, "s": 1, "sdg": 1, "cx": 2, "cy": 2, "cz": 2, "swap": 2}
"""Fixed gates, with their numbers of qubits."""

_INVERSE = {"s": "sdg", "sdg": "s"}
_LETTERS = frozenset("xyz")


class CircuitGate(NamedTuple):
    """A gate as its text says it. ``paulis`` of a rotation or multiplexor, else empty; ``qubits`` by their places in
    ``data``, of a multiplexor the target last; ``value``: the place of its first angle in the table's rows; ``angle``:
    a fixed one; ``alike``: the angle is that of the first row, whatever the index."""

    name: str
    qubits: tuple[int, ...]
    paulis: str = ""
    value: int | None = None
    angle: float = 0.0
    alike: bool = False

    @property
    def is_multiplexor(self) -> bool:
        """Whether its first qubits are controls."""
        return self.name[0] == "m" and self.name not in CLIFFORDS

    @property
    def values(self) -> range:
        """The places of its angles."""
        first = 0 if self.value is None else self.value
        return range(first, first + (1 << (len(self.qubits) - 1) if self.is_multiplexor else 1))


@lru_cache(maxsize=1 << 14)
def circuit_gate(text: str) -> CircuitGate:
    """The gate of a text: ``h 0``, ``rzx 0 1 @3``, ``ry 2 :0.5``, ``mx 0 1 @4``. Raises ValueError for others."""
    name, *parts = text.split(" ")
    if name in CLIFFORDS:
        qubits = tuple(map(int, parts))
        if len(qubits) != CLIFFORDS[name]:
            raise ValueError(f"{name} acts on {CLIFFORDS[name]} qubits")
        return CircuitGate(name, qubits)
    kind, paulis, last = name[:1], name[1:], parts[-1] if parts else ""
    qubits = tuple(map(int, parts[:-1]))
    if kind == "r" and 1 <= len(paulis) <= 2 and len(qubits) == len(paulis) and set(paulis) <= _LETTERS:
        if last[:1] == ":":
            return CircuitGate(name, qubits, paulis, angle=float(last[1:]))
        if last[:1] in ("@", "="):
            return CircuitGate(name, qubits, paulis, value=int(last[1:]), alike=last[0] == "=")
    if kind == "m" and len(paulis) == 1 and set(paulis) <= _LETTERS and qubits and last[:1] in ("@", "="):
        return CircuitGate(name, qubits, paulis, value=int(last[1:]), alike=last[0] == "=")
    raise ValueError("it is neither a fixed gate nor a rotation nor a multiplexor")


@dataclass(frozen=True)
class ApplyCircuit(Op):
    """Apply ``gates`` in order to ``data``, registers of one qubit, with the angles of row ``index`` of ``table``.

    A gate is a text: a fixed one and the places of its qubits in ``data``, ``h 0`` or ``cx 0 1`` (h x y z s sdg cx cy
    cz swap); a rotation exp(-i t P / 2), ``rzx 0 1 @3``, where @3 is the fourth angle of the row, =3 that of the first
    row whatever the index, and :0.5 the number itself, in radians; or a multiplexor about an axis, ``my 0 1 2 @4``,
    whose last qubit is turned by the angle 4 + x, x the value of the others.

    ``table`` has one row for each value of ``index`` that occurs, and one row without an index. Fixed gates are applied
    whatever the index. ``inverse``: the gates in the opposite order, each its inverse. The unitaries are meant up to a
    global phase that does not depend on the index.
    """

    name: ClassVar[str] = "apply-circuit"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "circuit on"

    data: tuple[str, ...]
    gates: tuple[str, ...]
    table: str
    index: tuple[str, ...] = ()
    inverse: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        return self.data

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return self.index

    def check(self, scope: Scope) -> str | None:
        if not self.data or any(scope.sizes[name] != 1 for name in self.data):
            return "its data are not registers of one qubit"
        table = scope.tables[self.table]
        if len(table.shape) != 2 or not table.real:
            return f"angles {self.table!r} are not rows of real numbers"
        rows = table.shape[0]
        if not 1 <= rows <= scope.dimension(self.index):
            return f"{rows} rows do not fit an index of {scope.dimension(self.index)} values"
        for text in self.gates:
            problem = self._broken(text, table.shape[1])
            if problem is not None:
                return f"gate {text!r}: {problem}"
        return None

    def _broken(self, text: str, angles: int) -> str | None:
        try:
            gate = circuit_gate(text)
        except ValueError as error:
            return str(error)
        if len(set(gate.qubits)) < len(gate.qubits) or not set(gate.qubits) <= set(range(len(self.data))):
            return f"its qubits are not different ones of {len(self.data)}"
        if gate.value is not None and not 0 <= gate.value <= gate.values.stop - 1 < angles:
            return f"there are {angles} angles in a row"
        return None

    def adjoint(self) -> Self:
        return replace(self, inverse=not self.inverse)

    def steps(self) -> list[CircuitGate]:
        """The gates in time order; of an inverse one each angle is to be negated."""
        gates = [circuit_gate(text) for text in self.gates]
        if not self.inverse:
            return gates
        return [gate._replace(name=_INVERSE.get(gate.name, gate.name)) for gate in reversed(gates)]

    @property
    def sign(self) -> float:
        """By what angles are multiplied."""
        return -1.0 if self.inverse else 1.0

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        states = np.tile(np.eye(1 << len(self.data), dtype=np.complex128), (scope.dimension(self.index), 1, 1))
        # What the basis state x becomes is row x of what is acted on, and column x of the matrix.
        return self.acted(states, scope).transpose(0, 2, 1)

    def acted(self, states: NDArray[np.complex128], scope: Scope) -> NDArray[np.complex128]:
        values = scope.tables[self.table].values
        states = states.copy()
        part = states[: len(values)]
        for gate in self.steps():
            part = self._applied(gate, part, values, len(self.data))
        states[: len(values)] = part
        return states

    def _applied(
        self, gate: CircuitGate, states: NDArray[np.complex128], values: NDArray[np.float64], count: int
    ) -> NDArray[np.complex128]:
        if gate.name in CLIFFORDS:
            return clifford_applied(states, gate.name, gate.qubits, count)
        if gate.is_multiplexor:
            rows = (values[:1] if gate.alike else values)[:, gate.values.start : gate.values.stop]
            angles = rows[:, register_values(gate.qubits[:-1], count)][:, None, :]
            acted = gate.qubits[-1:]
        else:
            column = np.array([gate.angle]) if gate.value is None else values[:, gate.value]
            angles, acted = (column[:1] if gate.alike else column)[:, None, None], gate.qubits
        half = self.sign * angles / 2
        turned = pauli_applied(states, gate.paulis, acted, count)
        result: NDArray[np.complex128] = np.cos(half) * states - 1j * np.sin(half) * turned
        return result
