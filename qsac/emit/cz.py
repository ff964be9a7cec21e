"""Emission for machines with SX, X, virtual Rz and CZ (IBM): the ZZPhase form, gate by gate.

exp(-i pi/4 Z Z) is CZ with Rz(pi/2) on both qubits, so ladders carry over one to one; only a ZZPhase of another angle
takes two CZ. Rz is carried along and written before the next SX, never after the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import pi

import numpy as np

from qsac.emit.emission import Linear
from qsac.emit.zzphase import NEGLIGIBLE, ZZPhaseEmitter, wrapped
from qsac.errors import of_type
from qsac.ir.program import Program
from qsac.native.circuit import GATES, NativeCircuit
from qsac.native.columns import Columns, Sink
from qsac.numerics.pauli import pair_gates


class Writer:
    """Writes PhasedX and ZZPhase gates as SX, X, Rz and CZ, to ``columns`` if given."""

    def __init__(self, qubits: int, columns: Sink | None = None) -> None:
        self.columns: Sink = Columns() if columns is None else columns
        self.rz = [0.0] * qubits
        self.rz_open = [False] * qubits
        self.terms: list[tuple[int, Linear]] = []

    def write(
        self, name: str, first: int, second: int, angle: float, phase: float, open: int, linear: Linear | None
    ) -> None:
        """Write a gate; ``open`` as in :class:`Columns`, ``linear`` as in ``terms`` of the emitter."""
        if name == "PhasedX":
            self._phased_x(first, angle, phase, open, linear)
        elif name == "ZZPhase":
            self._zz(first, second, angle, open, linear)
        elif name == "Rz":
            self._turn_z(first, angle, True, linear)
        else:
            # A measurement and a reset forget the frame.
            self.rz[first], self.rz_open[first] = 0.0, False
            self.columns.append(name, first, second)

    def _turn_z(self, qubit: int, angle: float, open: bool, linear: Linear | None = None) -> None:
        angle = float(wrapped(angle))
        if open or abs(angle) > NEGLIGIBLE:
            self.columns.append("Rz", qubit, -1, angle)
            if linear is not None:
                self.terms.append((len(self.columns) - 1, linear))

    def _phased_x(self, qubit: int, theta: float, phi: float, open: int = 0, linear: Linear | None = None) -> None:
        """PhasedX = Rz(phi) Rx(theta) Rz(-phi), with Rx(1/2) = SX and Rx = Rz(1/2) SX Rz(theta + 1) SX Rz(1/2)."""
        if theta < 0 and not open & 1:
            theta, phi = -theta, phi + 1
        theta_open, phi_open = bool(open & 1), bool(open & 2)
        turned_open = self.rz_open[qubit] or phi_open
        self.rz_open[qubit] = phi_open
        if abs(theta - 1) < NEGLIGIBLE and not theta_open:
            self.columns.append("X", qubit)
            self.rz[qubit] = 2 * phi - self.rz[qubit]
            self.rz_open[qubit] = turned_open
        elif abs(theta - 0.5) < NEGLIGIBLE and not theta_open:
            self._turn_z(qubit, self.rz[qubit] - phi, turned_open)
            self.columns.append("SX", qubit)
            self.rz[qubit] = phi
        else:
            self._turn_z(qubit, self.rz[qubit] - phi + 0.5, turned_open)
            self.columns.append("SX", qubit)
            self._turn_z(qubit, theta + 1, theta_open, linear)
            self.columns.append("SX", qubit)
            self.rz[qubit] = phi + 0.5

    def _zz(self, first: int, second: int, angle: float, open: int, linear: Linear | None) -> None:
        if not open and pair_gates(angle * pi, "cz") == 1:
            self.columns.append("CZ", first, second)
            self.rz[first] += angle
            self.rz[second] += angle
            return
        # exp(-i t Z Z) = Ry(-1/2) CZ Rx CZ Ry(1/2) on the second qubit.
        self._phased_x(second, 0.5, 0.5)
        self.columns.append("CZ", first, second)
        self._phased_x(second, angle, 0.0, open, linear)
        self.columns.append("CZ", first, second)
        self._phased_x(second, -0.5, 0.5)


def emit(program: Program) -> NativeCircuit:
    """The native circuit of a verified block program in SX, X, Rz, CZ, Measure and Reset."""
    return emit_with_terms(program)[0]


def emit_with_terms(
    program: Program, symbols: Mapping[int, Linear] | None = None
) -> tuple[NativeCircuit, list[tuple[int, Linear]]]:
    """As :func:`emit`, with symbols: see :class:`~qsac.emit.zzphase.ZZPhaseEmitter`."""
    # A fresh or ending target with one control takes a ladder: one CZ, where a ZZPhase takes two.
    emitter = ZZPhaseEmitter(program, symbols, small_ladders=True)
    return written(emitter.emit(), emitter)


def written(source: NativeCircuit, emitter: ZZPhaseEmitter) -> tuple[NativeCircuit, list[tuple[int, Linear]]]:
    """What an emitter has emitted, in SX, X, Rz, CZ, Measure and Reset, with its terms."""
    terms = dict(emitter.terms)
    writer = Writer(len(source.qubits))
    starts = []
    columns = (source.kind, source.first, source.second, source.angles, of_type(emitter.columns, Columns).open())
    for gate, (kind, first, second, (angle, phase), open) in enumerate(
        zip(*(part.tolist() for part in columns), strict=True)
    ):
        starts.append(len(writer.columns))
        writer.write(GATES[kind].name, first, second, angle, phase, open, terms.get(gate))
    starts.append(len(writer.columns))
    kinds, firsts, seconds, all_angles = of_type(writer.columns, Columns).arrays()
    circuit = replace(
        source,
        kind=kinds,
        first=firsts,
        second=seconds,
        angles=all_angles,
        profile=source.profile._replace(stop=starts[source.profile.stop]) if source.profile else None,
        provenance=source.provenance.repeated(np.diff(starts)),
    )
    return circuit, writer.terms
