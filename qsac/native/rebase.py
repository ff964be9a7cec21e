"""Circuits of any native gates rewritten in SX, X, Rz and CZ, one-qubit gates merged."""

from __future__ import annotations

from dataclasses import replace
from math import pi

from qsac.errors import of_type
from qsac.native.angles import NEGLIGIBLE, wrapped
from qsac.native.circuit import GATES, KIND, NativeCircuit
from qsac.native.columns import Columns
from qsac.native.provenance import Mask
from qsac.native.sx_writer import Writer
from qsac.native.waiting import Waiting
from qsac.numerics.pauli import pair_gates
from qsac.numerics.su2 import Spin, after, phased_x, taken_apart, turned_z

_ROUNDED = 1e-12
"""Angles (half-turns) that differ by less from those of a shorter sequence are equal: products carry rounding."""

_RZ, _CZ = KIND["Rz"], KIND["CZ"]

_FIXED = {KIND["SX"]: phased_x(0.5, 0.0), KIND["X"]: phased_x(1.0, 0.0)}
"""Gates without angles on one qubit."""

_HADAMARD = after(turned_z(0.5), after(phased_x(0.5, 0.0), turned_z(0.5)))


def as_cz(circuit: NativeCircuit) -> NativeCircuit:
    """A circuit of any native gates in SX, X, Rz and CZ. One-qubit gates that follow each other are one, at most two
    SX; Rz goes past CZ, and is left out before a measurement."""
    rebase = _Rebase(len(circuit.qubits))
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles)
    rows = zip(*(column.tolist() for column in columns), circuit.provenance.masks(len(circuit)), strict=True)
    for kind, first, second, (angle, phase), ops in rows:
        rebase.write(kind, first, second, angle, phase, ops)
    written = rebase.ended()
    kinds, firsts, seconds, angles = written.arrays()
    return replace(circuit, kind=kinds, first=firsts, second=seconds, angles=angles, provenance=written.provenance())


class _Rebase:
    """Writes gate by gate; one-qubit gates wait on their qubit for what comes next there."""

    def __init__(self, qubits: int) -> None:
        self._writer = Writer(qubits)
        self._waiting: list[Spin | None] = [None] * qubits
        self._ops: Mask = 0
        self._waiting_of = Waiting(qubits)
        # The ops of the last gate on each qubit: a change of frame that is left at the end is of these.
        self._last: list[Mask] = [0] * qubits

    def write(self, kind: int, first: int, second: int, angle: float, phase: float, ops: Mask) -> None:
        """Add a gate of some ops."""
        self._ops = self._last[first] = ops
        if kind == _RZ:
            self._turn(first, turned_z(angle))
        elif kind in _FIXED:
            self._turn(first, _FIXED[kind])
        elif kind == _CZ:
            self._cz(first, second)
        else:
            self._write(GATES[kind].name, first, second, angle, phase)

    def _write(self, name: str, first: int, second: int, angle: float, phase: float) -> None:
        match name:
            case "PhasedX":
                self._turn(first, phased_x(angle, phase))
            case "ZZPhase":
                self._zz(first, second, angle)
            case "CX" | "ECR":
                # CX = H CZ H on the second qubit; ECR = X H Rz(1/2) Rz(1/2) CZ H with X on the first one.
                self._turn(second, _HADAMARD)
                self._cz(first, second)
                if name == "ECR":
                    self._turn(first, turned_z(0.5))
                    self._turn(second, turned_z(0.5))
                    self._turn(first, phased_x(1.0, 0.0))
                self._turn(second, _HADAMARD)
            case _:
                self._settle(first)
                self._writer.columns.of(self._ops)
                self._writer.write(name, first, second, 0.0, 0.0, 0, None)

    def _turn(self, qubit: int, gate: Spin) -> None:
        before = self._waiting[qubit]
        self._waiting[qubit] = gate if before is None else after(gate, before)
        self._waiting_of.add(qubit, self._ops, diagonal=not gate[1])

    def _settle(self, qubit: int) -> None:
        spin = self._waiting[qubit]
        if spin is not None:
            self._waiting[qubit] = None
            ops = self._waiting_of.taken(qubit)
            theta, phi, alpha = taken_apart(spin)
            nearest = round(2 * theta) / 2
            if abs(theta - nearest) < _ROUNDED:
                theta = nearest
            if theta:
                self._writer.columns.of(ops or self._ops)
                self._writer.write("PhasedX", qubit, -1, theta, phi, 0, None)
            self._writer.rz[qubit] += alpha

    def _cz(self, first: int, second: int) -> None:
        self._settle(first)
        self._settle(second)
        self._last[first] = self._last[second] = self._ops
        self._writer.columns.of(self._ops)
        self._writer.columns.append("CZ", first, second)

    def _zz(self, first: int, second: int, angle: float) -> None:
        """exp(-i pi angle Z Z / 2): CZ and Rz for a quarter turn, else two CZ around a rotation."""
        gates = pair_gates(angle * pi, "cz")
        if gates == 1:
            self._cz(first, second)
        if gates < 2:
            # A half turn is Z on both qubits.
            turned = turned_z(angle if gates else float(round(angle) % 2))
            self._turn(first, turned)
            self._turn(second, turned)
            return
        self._turn(second, phased_x(0.5, 0.5))
        self._cz(first, second)
        self._turn(second, phased_x(angle, 0.0))
        self._cz(first, second)
        self._turn(second, phased_x(-0.5, 0.5))

    def ended(self) -> Columns:
        """The gates, once what waits is written."""
        writer = self._writer
        for qubit, ops in enumerate(self._last):
            self._ops = ops
            self._settle(qubit)
            if abs(wrapped(writer.rz[qubit])) > NEGLIGIBLE:
                writer.columns.of(self._ops)
                writer.write("Rz", qubit, -1, writer.rz[qubit], 0.0, 0, None)
        return of_type(writer.columns, Columns)
