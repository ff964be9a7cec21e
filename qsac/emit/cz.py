"""Emission for machines with SX, X, virtual Rz and CZ (IBM): the ZZPhase form, gate by gate.

exp(-i pi/4 Z Z) is CZ with Rz(pi/2) on both qubits, so ladders carry over one to one; only a ZZPhase of another angle
takes two CZ. Rz is carried along and written before the next SX, never after the last one.
"""

from __future__ import annotations

from dataclasses import replace

from qsac.emit.columns import Columns
from qsac.emit.zzphase import NEGLIGIBLE, ZZPhaseEmitter, wrapped
from qsac.ir.native import GATES, Group, NativeCircuit
from qsac.ir.program import Program


class _Writer:
    """Writes PhasedX and ZZPhase gates as SX, X, Rz and CZ."""

    def __init__(self, qubits: int) -> None:
        self.columns = Columns()
        self.rz = [0.0] * qubits

    def write(self, name: str, first: int, second: int, angle: float, phase: float) -> None:
        if name == "PhasedX":
            self._phased_x(first, angle, phase)
        elif name == "ZZPhase":
            self._zz(first, second, angle)
        else:
            # A measurement and a reset forget the frame.
            self.rz[first] = 0.0
            self.columns.append(name, first, second)

    def _turn_z(self, qubit: int, angle: float) -> None:
        angle = float(wrapped(angle))
        if abs(angle) > NEGLIGIBLE:
            self.columns.append("Rz", qubit, -1, angle)

    def _phased_x(self, qubit: int, theta: float, phi: float) -> None:
        """PhasedX = Rz(phi) Rx(theta) Rz(-phi), with Rx(1/2) = SX and Rx = Rz(1/2) SX Rz(theta + 1) SX Rz(1/2)."""
        if theta < 0:
            theta, phi = -theta, phi + 1
        if abs(theta - 1) < NEGLIGIBLE:
            self.columns.append("X", qubit)
            self.rz[qubit] = 2 * phi - self.rz[qubit]
        elif abs(theta - 0.5) < NEGLIGIBLE:
            self._turn_z(qubit, self.rz[qubit] - phi)
            self.columns.append("SX", qubit)
            self.rz[qubit] = phi
        else:
            self._turn_z(qubit, self.rz[qubit] - phi + 0.5)
            self.columns.append("SX", qubit)
            self._turn_z(qubit, theta + 1)
            self.columns.append("SX", qubit)
            self.rz[qubit] = phi + 0.5

    def _zz(self, first: int, second: int, angle: float) -> None:
        if abs(abs(angle) - 0.5) < NEGLIGIBLE:
            self.columns.append("CZ", first, second)
            self.rz[first] += angle
            self.rz[second] += angle
            return
        # exp(-i t Z Z) = Ry(-1/2) CZ Rx CZ Ry(1/2) on the second qubit.
        self._phased_x(second, 0.5, 0.5)
        self.columns.append("CZ", first, second)
        self._phased_x(second, angle, 0.0)
        self.columns.append("CZ", first, second)
        self._phased_x(second, -0.5, 0.5)


class CZEmitter(ZZPhaseEmitter):
    """As the base, but a fresh or ending target with one control takes a ladder: one CZ, where a ZZPhase takes two."""

    small_ladders = True


def emit(program: Program) -> NativeCircuit:
    """The native circuit of a verified block program in SX, X, Rz, CZ, Measure and Reset."""
    source = CZEmitter(program).emit()
    writer = _Writer(len(source.qubits))
    starts = []
    for kind, first, second, angles in zip(
        source.kind.tolist(), source.first.tolist(), source.second.tolist(), source.angles.tolist(), strict=True
    ):
        starts.append(len(writer.columns))
        writer.write(GATES[kind].name, first, second, *angles)
    starts.append(len(writer.columns))
    kinds, firsts, seconds, all_angles = writer.columns.arrays()
    return replace(
        source,
        kind=kinds,
        first=firsts,
        second=seconds,
        angles=all_angles,
        profile=source.profile._replace(stop=starts[source.profile.stop]) if source.profile else None,
        groups=tuple(Group(starts[group.start], starts[group.stop], group.op, group.origin) for group in source.groups),
    )
