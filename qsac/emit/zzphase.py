"""Emission for machines with PhasedX, virtual Rz and ZZPhase of any angle (Quantinuum), and the base of the others.

Rz is a change of frame: it is carried along per qubit, shifts the axis of the PhasedX gates after it and is forgotten
at a measurement, so that no Rz is ever written. One-qubit gates wait until something entangling needs their qubit:
no two of them ever follow each other.
"""

from __future__ import annotations

from cmath import exp, phase, pi
from math import atan2, cos, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.emit.columns import Columns
from qsac.emit.walsh import gray_angles
from qsac.ir.blocks import (
    Diagonal,
    Measure,
    Multiplexor,
    PauliRotation,
    Reset,
    UniformlyControlledGate,
    Unitary,
)
from qsac.ir.blocks.multiplexor import ladder_places
from qsac.ir.native import KIND, BitReadout, Group, NativeCircuit, Profile
from qsac.ir.observe import Observe
from qsac.ir.op import Op
from qsac.ir.program import Program

Spin = tuple[complex, complex]
"""An SU(2) element [[p, -q*], [q, p*]] as (p, q)."""

NEGLIGIBLE = 1e-14
"""Rotations below this many half-turns are rounding, not gates."""

PHI = {"x": 0.0, "y": 0.5}


def phased_x(theta: float, phi: float) -> Spin:
    """PhasedX = Rz(phi) Rx(theta) Rz(-phi), angles in half-turns."""
    return complex(cos(theta * pi / 2)), -1j * exp(1j * phi * pi) * sin(theta * pi / 2)


def turned_z(angle: float) -> Spin:
    """Rz of an angle in half-turns."""
    return exp(-0.5j * pi * angle), 0j


def wrapped(half_turns: Any) -> Any:
    """The angle in (-1, 1] half-turns, equal up to a global phase for every rotation."""
    return 1 - np.remainder(1 - half_turns, 2.0)


class ZZPhaseEmitter:
    """Writes one block program as native gates."""

    small_ladders = False
    """Whether a ladder with one control is better than one ZZPhase of the right angle."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.place = {register.name: index for index, register in enumerate(program.registers)}
        self.columns = Columns()
        self.frame = [0.0] * len(self.place)
        self.waiting: list[Spin | None] = [None] * len(self.place)
        self.bits: dict[tuple[str, int], int] = {}
        self.groups: list[Group] = []
        self.observed: dict[str, tuple[int, tuple[int, ...], int]] = {}

    def emit(self) -> NativeCircuit:
        """The native circuit of the program."""
        for op in self.program.ops:
            start = len(self.columns)
            self._block(op)
            self._group(op, start)
        kind, first, second, angles = self.columns.arrays()
        # Bits stand in pytket's order, whatever the order of their measurements.
        bits = tuple(sorted(self.bits))
        renumbered = np.array([bits.index(unit) for unit in self.bits], dtype=np.int32)
        measured = kind == KIND["Measure"]
        second[measured] = renumbered[second[measured]]
        bit = {f"{register}[{index}]": place for place, (register, index) in enumerate(bits)}
        qubits = tuple(("q", index) for index in range(len(self.place)))
        return NativeCircuit(
            name="loss",
            qubits=qubits,
            bits=bits,
            kind=kind,
            first=first,
            second=second,
            angles=angles,
            readouts=tuple(
                BitReadout(
                    readout.metric,
                    tuple(bit[name] for name in readout.given),
                    tuple(bit[name] for name in readout.success),
                )
                for readout in self.program.readouts
            ),
            profile=self._profile(renumbered.tolist()),
            groups=tuple(self.groups),
            initial_map=tuple(range(len(qubits))),
            final_map=tuple(range(len(qubits))),
        )

    def _group(self, op: Op, start: int) -> None:
        stop = len(self.columns)
        if start == stop:
            return
        if self.groups and self.groups[-1].op == op.name and self.groups[-1].origin == op.origin:
            start = self.groups.pop().start
        self.groups.append(Group(start, stop, op.name, op.origin))

    def _profile(self, renumbered: list[int]) -> Profile | None:
        """The last observation, with the bits before the first as given and those between as success."""
        if not {"weights", "overlaps"} <= set(self.observed):
            return None
        _, _, given = self.observed["weights"]
        stop, register, measured = self.observed["overlaps"]
        return Profile(stop, register, tuple(renumbered[:given]), tuple(renumbered[given:measured]))

    def _block(self, op: Op) -> None:
        match op:
            case PauliRotation():
                self._pauli_rotation(op.paulis, [self.place[name] for name in op.qubits], op.angle / pi)
            case Multiplexor():
                self.multiplexor(
                    op.axis,
                    [self.place[name] for name in op.controls],
                    self.place[op.target],
                    op.angles.values / pi,
                    op.first_entangler_free,
                    op.last_entangler_free,
                )
            case UniformlyControlledGate():
                self._uniformly_controlled(op)
            case Diagonal():
                self._diagonal([self.place[name] for name in op.qubits], op.phases.values / pi)
            case Unitary():
                self._unitary(self.place[op.qubit], op.matrix.values)
            case Measure():
                self._measure(op)
            case Reset():
                self.columns.append("Reset", self.place[op.qubit])
            case Observe():
                places = tuple(self.place[name] for name in op.registers)
                self.settle(*places)
                self.observed[op.quantity] = (len(self.columns), places, len(self.bits))
            case _:
                raise TypeError(f"no emission for block {op.name}")

    def turn(self, qubit: int, gate: Spin) -> None:
        """Let a one-qubit gate wait on its qubit, after what waits there."""
        waiting = self.waiting[qubit]
        if waiting is not None:
            (p, q), (r, s) = gate, waiting
            gate = (p * r - q.conjugate() * s, q * r + p.conjugate() * s)
        self.waiting[qubit] = gate

    def settle(self, *qubits: int) -> None:
        """Write what waits on the qubits, as PhasedX and frame."""
        for qubit in qubits:
            waiting = self.waiting[qubit]
            if waiting is None:
                continue
            self.waiting[qubit] = None
            p, q = waiting
            theta = 2 * atan2(abs(q), abs(p)) / pi
            if theta > NEGLIGIBLE:
                # Rz(alpha) PhasedX(theta, phi) with p = e^(-i alpha/2) cos, q = -i e^(i phi + i alpha/2) sin.
                self._phased_x(qubit, theta, (phase(1j * q) + phase(p)) / pi)
            self.frame[qubit] += -2 * phase(p) / pi

    def _phased_x(self, qubit: int, theta: float, phi: float) -> None:
        self.columns.append("PhasedX", qubit, -1, float(wrapped(theta)), float(wrapped(phi - self.frame[qubit])))

    def zz(self, first: int, second: int, angle: float) -> None:
        """exp(-i pi angle Z Z / 2), the angle reduced to at most a quarter turn: small angles err less."""
        whole = round(angle)
        rest = angle - whole
        if whole % 2:
            self.turn(first, turned_z(1.0))
            self.turn(second, turned_z(1.0))
        if abs(rest) > NEGLIGIBLE:
            self.settle(first, second)
            self.columns.append("ZZPhase", first, second, rest)

    def _pauli_rotation(self, paulis: str, qubits: list[int], angle: float) -> None:
        if len(qubits) == 1:
            qubit = qubits[0]
            self.turn(qubit, turned_z(angle) if paulis == "z" else phased_x(angle, PHI[paulis]))
            return
        # Z turned to X by Ry(pi/2), to Y by Rx(-pi/2).
        basis = {"x": phased_x(0.5, 0.5), "y": phased_x(-0.5, 0.0)}
        inverse = {"x": phased_x(-0.5, 0.5), "y": phased_x(0.5, 0.0)}
        for pauli, qubit in zip(paulis, qubits, strict=True):
            if pauli != "z":
                self.turn(qubit, inverse[pauli])
        self.zz(qubits[0], qubits[1], angle)
        for pauli, qubit in zip(paulis, qubits, strict=True):
            if pauli != "z":
                self.turn(qubit, basis[pauli])

    def multiplexor(
        self,
        axis: str,
        controls: list[int],
        target: int,
        angles: NDArray[np.float64],
        first_free: bool = False,
        last_free: bool = False,
    ) -> None:
        """A multiplexed rotation: one ZZPhase for one control, else a ladder of 2^c (one less at a zero) of them."""
        free = first_free or last_free
        if len(controls) == 0 or (len(controls) == 1 and not (self.small_ladders and free)):
            mean, half_difference = np.mean(angles), (angles[0] - angles[-1]) / 2
            if controls:
                self._pauli_rotation("z" + axis, [controls[0], target], float(half_difference))
            self._pauli_rotation(axis, [target], float(mean))
        elif axis == "z":
            # Rx turned to Rz by Ry(-pi/2).
            self.turn(target, phased_x(0.5, 0.5))
            self.multiplexor("x", controls, target, angles)
            self.turn(target, phased_x(-0.5, 0.5))
        else:
            theta = gray_angles(angles, fresh=first_free)
            entanglers = ladder_places(len(angles), len(controls))
            if first_free:
                entanglers = entanglers[::-1]
            if not free:
                entanglers = np.append(entanglers, 0)
            # CZ is E with Rz(-1/2) on both qubits, E = ZZPhase(1/2): later rotations' axes turn by half a turn each.
            phi = PHI[axis] + np.arange(len(theta)) / 2
            self.ladder(controls, target, theta, phi, entanglers)
            self.turn(target, turned_z(-len(entanglers) / 2))
            for control, count in zip(*np.unique(entanglers, return_counts=True), strict=True):
                self.frame[controls[control]] -= float(count) / 2

    def _uniformly_controlled(self, op: UniformlyControlledGate) -> None:
        controls = [self.place[name] for name in op.controls]
        theta, phi = op.theta.values / pi, op.phi.values / pi
        self.ladder(controls, self.place[op.target], theta, phi, op.places(), -0.5 if op.inverted else 0.5)

    def ladder(
        self,
        controls: list[int],
        target: int,
        theta: NDArray[np.float64],
        phi: NDArray[np.float64],
        entanglers: NDArray[np.intp],
        entangler: float = 0.5,
    ) -> None:
        """PhasedX(theta_l, phi_l) on the target, each but the last followed by ZZPhase(``entangler``) with a control;
        the last too if there are as many entanglers as rotations."""
        self.turn(target, phased_x(float(theta[0]), float(phi[0])))
        if len(entanglers) == 0:
            return
        self.settle(target, *controls)
        # All but the first rotation, and the last if no entangler follows it, are written in one run.
        inner = len(entanglers)
        rows = 2 * inner - 1
        kind = np.full(rows, KIND["ZZPhase"])
        first = np.full(rows, target)
        second = np.full(rows, -1)
        angles = np.zeros((rows, 2))
        kind[1::2] = KIND["PhasedX"]
        first[::2] = np.asarray(controls)[entanglers]
        second[::2] = target
        angles[::2, 0] = entangler
        angles[1::2, 0] = wrapped(theta[1:inner])
        angles[1::2, 1] = wrapped(phi[1:inner] - self.frame[target])
        kept = (kind == KIND["ZZPhase"]) | (np.abs(angles[:, 0]) > NEGLIGIBLE)
        self.columns.extend(kind[kept], first[kept], second[kept], angles[kept])
        if inner < len(theta):
            self.turn(target, phased_x(float(theta[-1]), float(phi[-1])))

    def _diagonal(self, qubits: list[int], phases: NDArray[np.float64]) -> None:
        """One multiplexed Rz a qubit, controlled by the qubits before it."""
        for last in reversed(range(len(qubits))):
            pairs = phases.reshape(-1, 2)
            angles = pairs[:, 1] - pairs[:, 0]
            if np.max(np.abs(angles)) > NEGLIGIBLE:
                self.multiplexor("z", qubits[:last], qubits[last], angles)
            phases = pairs.mean(axis=1)

    def _unitary(self, qubit: int, matrix: NDArray[Any]) -> None:
        root = np.sqrt(complex(np.linalg.det(matrix)))
        self.turn(qubit, (complex(matrix[0, 0] / root), complex(matrix[1, 0] / root)))

    def _measure(self, op: Measure) -> None:
        qubit = self.place[op.qubit]
        self.settle(qubit)
        self.frame[qubit] = 0.0
        bit = self.bits.setdefault((op.register, op.index), len(self.bits))
        self.columns.append("Measure", qubit, bit)


def emit(program: Program) -> NativeCircuit:
    """The native circuit of a verified block program in PhasedX, ZZPhase, Measure and Reset."""
    return ZZPhaseEmitter(program).emit()
