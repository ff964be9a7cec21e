"""Emission for machines with PhasedX, virtual Rz and ZZPhase of any angle (Quantinuum), which the others make use of.

Rz is a change of frame: it is carried along per qubit, shifts the axis of the PhasedX gates after it and is forgotten
at a measurement, so that no Rz is ever written but at the end of a circuit that is a part of another one. One-qubit
gates wait until something entangling needs their qubit: no two of them ever follow each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import pi

import numpy as np
from numpy.typing import NDArray

from qsac.emit.emission import emission
from qsac.errors import of_type
from qsac.ir.blocks.multiplexor import ladder_places
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.native.angles import NEGLIGIBLE, PHI, Linear, wrapped
from qsac.native.circuit import KIND, BitReadout, NativeCircuit, Snapshot, Unit
from qsac.native.columns import Columns, Sink
from qsac.native.provenance import Mask, mask_of
from qsac.native.waiting import Waiting
from qsac.numerics.pauli import pair_gates
from qsac.numerics.su2 import Spin, after, phased_x, taken_apart, turned_z
from qsac.numerics.walsh import gray_angles

FIXED, DIAGONAL, OPEN = range(3)
"""What is known of a one-qubit gate: its numbers, that it is diagonal whatever its numbers, or nothing."""


# Z turned to X by Ry(pi/2), to Y by Rx(-pi/2), and back.
_TO = {"x": phased_x(0.5, 0.5), "y": phased_x(-0.5, 0.0)}
_FROM = {"x": phased_x(-0.5, 0.5), "y": phased_x(0.5, 0.0)}


@lru_cache(maxsize=1024)
def _entanglers(
    rows: int, controls: int, first_free: bool, free: bool
) -> tuple[NDArray[np.intp], tuple[tuple[int, int], ...]]:
    """Which control each entangler of a multiplexed rotation takes, in time order, and how many each control has."""
    places = ladder_places(rows, controls)
    if first_free:
        places = places[::-1]
    if not free:
        places = np.append(places, 0)
    counts = np.bincount(places).tolist()
    return places, tuple((control, count) for control, count in enumerate(counts) if count)


class ZZPhaseEmitter:
    """Writes one block program as native gates.

    Numbers of ops with slots decide nothing: their gates are written even where the angles come to zero, so that all
    bindings of a template have the same gates. ``symbols`` says of ops, by their place, how their numbers depend on
    symbols (radians; rows as the op's numbers): their rotations are written one by one, and ``terms`` are what is to be
    added to the angles of the gates, as (gate, half-turns for a radian of each symbol).

    What makes use of an emitter may have its own way to write blocks (``write``), of which :meth:`block` is the usual
    one; its own ``qubits``, on which the program's begin at ``place``; and take the gates itself (``columns``).
    ``small_ladders``: a ladder with one control is better than one ZZPhase of the right angle.

    ``closing``: the circuit is the program's unitary up to a global phase, not up to what measurements do not see: at
    its end every qubit's frame is written, as Rz.
    """

    def __init__(
        self,
        program: Program,
        symbols: Mapping[int, Linear] | None = None,
        *,
        small_ladders: bool = False,
        write: Callable[[Op, Linear | None], None] | None = None,
        qubits: tuple[Unit, ...] | None = None,
        place: Mapping[str, int] | None = None,
        columns: Sink | None = None,
        closing: bool = False,
    ) -> None:
        self.program = program
        self.symbols = symbols or {}
        self._closing = closing
        self.small_ladders = small_ladders
        self._write = self.block if write is None else write
        self.terms: list[tuple[int, Linear]] = []
        self.open = False
        names = [register.name for register in program.registers]
        self.place = dict(zip(names, range(len(names)), strict=True)) if place is None else dict(place)
        self.qubits = tuple(("q", index) for index in range(len(names))) if qubits is None else qubits
        self.columns: Sink = Columns() if columns is None else columns
        self.frame = [0.0] * len(self.qubits)
        self.ops: Mask = 0
        self.waiting: list[Spin | None] = [None] * len(self.qubits)
        self.waiting_of = Waiting(len(self.qubits))
        self.known = [FIXED] * len(self.qubits)
        self.frame_open = [False] * len(self.qubits)
        self.bits: dict[tuple[str, int], int] = {}
        self.observed: dict[str, tuple[int, tuple[int, ...], int]] = {}

    def emit(self) -> NativeCircuit:
        """The native circuit of the program."""
        for place in range(len(self.program.ops)):
            self.op(place)
        if self._closing:
            self._close()
        columns = of_type(self.columns, Columns)
        kind, first, second, angles = columns.arrays()
        # Bits stand in pytket's order, whatever the order of their measurements.
        bits = tuple(sorted(self.bits))
        renumbered = np.array([bits.index(unit) for unit in self.bits], dtype=np.int32)
        measured = kind == KIND["Measure"]
        second[measured] = renumbered[second[measured]]
        bit = {f"{register}[{index}]": place for place, (register, index) in enumerate(bits)}
        return NativeCircuit(
            name=self.program.name,
            qubits=self.qubits,
            bits=bits,
            kind=kind,
            first=first,
            second=second,
            angles=angles,
            readouts=tuple(
                BitReadout(
                    readout.metric,
                    *(tuple(bit[name] for name in part) for part in (readout.given, readout.success, readout.index)),
                )
                for readout in self.program.readouts
            ),
            snapshot=self._last_snapshot(renumbered.tolist()),
            provenance=columns.provenance(),
            initial_map=tuple(range(len(self.place))),
            final_map=tuple(self.place.values()),
        )

    def _close(self) -> None:
        """Write what waits, and the frames, which gates of many ops have left."""
        self.settle(*range(len(self.qubits)))
        self.columns.of(0)
        for qubit, frame in enumerate(self.frame):
            angle = float(wrapped(frame))
            if abs(angle) > NEGLIGIBLE:
                self.columns.append("Rz", qubit, -1, angle)
            self.frame[qubit] = 0.0

    def _last_snapshot(self, renumbered: list[int]) -> Snapshot | None:
        """The last observation, with the bits before the first as given and those between as success."""
        if not {"weights", "overlaps"} <= set(self.observed):
            return None
        _, _, given = self.observed["weights"]
        stop, register, measured = self.observed["overlaps"]
        return Snapshot(stop, register, tuple(renumbered[:given]), tuple(renumbered[given:measured]))

    def op(self, place: int) -> None:
        """Write the op at a place of the program."""
        op, linear = self.program.ops[place], self.symbols.get(place)
        self.open = bool(op.slots)
        self.ops = mask_of(op.sources)
        self.columns.of(self.ops)
        self.keep_apart(op)
        self._write(op, None if linear is None else linear / pi)
        self.keep_apart(op)

    def block(self, op: Op, linear: Linear | None = None) -> None:
        """Write one block; ``linear`` says how its numbers depend on symbols."""
        emission.of(op)(op, self, linear)

    def keep_apart(self, op: Op) -> None:
        """Write what waits where a block with a barrier begins or ends: no gate of others joins its own."""
        if op.barrier:
            for name in (*op.use.targets, *op.use.controlled_by):
                qubit = self.place[name]
                if self.waiting[qubit] is not None:
                    self.settle(qubit)

    def turn(self, qubit: int, gate: Spin, known: int = FIXED) -> None:
        """Let a one-qubit gate wait on its qubit, after what waits there."""
        waiting = self.waiting[qubit]
        if known or self.known[qubit]:
            parts = ((known, gate), (self.known[qubit], waiting or turned_z(0.0)))
            diagonal = all(what == DIAGONAL or (not what and abs(spin[1]) < NEGLIGIBLE) for what, spin in parts)
            self.known[qubit] = DIAGONAL if diagonal else OPEN
        self.waiting[qubit] = gate if waiting is None else after(gate, waiting)
        diagonal = known == DIAGONAL or (not known and abs(gate[1]) < NEGLIGIBLE)
        self.waiting_of.add(qubit, self.ops, diagonal=diagonal)

    def settle(self, *qubits: int) -> None:
        """Write what waits on the qubits, as PhasedX and frame."""
        for qubit in qubits:
            waiting = self.waiting[qubit]
            if waiting is None:
                continue
            known, ops = self.known[qubit], self.waiting_of.taken(qubit)
            self.waiting[qubit], self.known[qubit] = None, FIXED
            theta, phi, alpha = taken_apart(waiting)
            if known == OPEN or (not known and theta > NEGLIGIBLE):
                self.columns.of(ops or self.ops)
                self._phased_x(qubit, theta, phi, known == OPEN)
                self.columns.of(self.ops)
            self.frame[qubit] += alpha
            self.frame_open[qubit] |= bool(known)

    def _phased_x(self, qubit: int, theta: float, phi: float, open: bool, phi_open: bool = True) -> None:
        """Write PhasedX in the frame of its qubit; ``open``: its numbers decide nothing (phi's if ``phi_open``)."""
        marks = open + 2 * ((open and phi_open) or self.frame_open[qubit])
        phi = float(wrapped(phi - self.frame[qubit]))
        self.columns.append("PhasedX", qubit, -1, float(wrapped(theta)), phi, marks)

    def _add_term(self, linear: Linear) -> None:
        """Add to the angle of the gate that was written last."""
        self.terms.append((len(self.columns) - 1, linear))

    def shift(self, qubit: int, angle: float) -> None:
        """Rz of an angle on what is written already: a change of the qubit's frame."""
        self.frame[qubit] += angle

    def zz(self, first: int, second: int, angle: float, linear: Linear | None = None) -> None:
        """exp(-i pi angle Z Z / 2), the angle reduced to at most a quarter turn: small angles err less."""
        whole = round(angle) if linear is None else 0
        rest = angle - whole
        if whole % 2 or self.open:
            known = DIAGONAL if self.open else FIXED
            self.turn(first, turned_z(float(whole % 2)), known)
            self.turn(second, turned_z(float(whole % 2)), known)
        if self.open or pair_gates(rest * pi, "zzphase"):
            self.settle(first, second)
            self.columns.append("ZZPhase", first, second, rest, open=int(self.open))
            if linear is not None:
                self._add_term(linear)

    def _rotation(self, pauli: str, qubit: int, angle: float, linear: Linear | None) -> None:
        if linear is None:
            spin = turned_z(angle) if pauli == "z" else phased_x(angle, PHI[pauli])
            self.turn(qubit, spin, (DIAGONAL if pauli == "z" else OPEN) if self.open else FIXED)
            return
        self.settle(qubit)
        if pauli == "z":
            self.columns.append("Rz", qubit, -1, float(wrapped(angle)), open=1)
        else:
            self._phased_x(qubit, angle, PHI[pauli], open=True, phi_open=False)
        self._add_term(linear)

    def pauli_rotation(self, paulis: str, qubits: list[int], angle: float, linear: Linear | None = None) -> None:
        """exp(-i pi angle P / 2), P the product of ``paulis`` on one qubit or two."""
        if len(qubits) == 1:
            self._rotation(paulis, qubits[0], angle, linear)
            return
        for pauli, qubit in zip(paulis, qubits, strict=True):
            if pauli != "z":
                self.turn(qubit, _FROM[pauli])
        self.zz(qubits[0], qubits[1], angle, linear)
        for pauli, qubit in zip(paulis, qubits, strict=True):
            if pauli != "z":
                self.turn(qubit, _TO[pauli])

    def multiplexor(
        self,
        axis: str,
        controls: list[int],
        target: int,
        angles: NDArray[np.float64],
        first_free: bool = False,
        last_free: bool = False,
        linear: Linear | None = None,
    ) -> None:
        """A multiplexed rotation: one ZZPhase for one control, else a ladder of 2^c (one less at a zero) of them."""
        free = first_free or last_free
        if len(controls) == 0 or (len(controls) == 1 and not (self.small_ladders and free)):
            first, last = float(angles[0]), float(angles[-1])
            means, halves = (None, None) if linear is None else (linear.mean(axis=0), (linear[0] - linear[-1]) / 2)
            if controls:
                self.pauli_rotation("z" + axis, [controls[0], target], (first - last) / 2, halves)
            self.pauli_rotation(axis, [target], (first + last) / 2 if controls else first, means)
        elif axis == "z":
            # Rx turned to Rz by Ry(-pi/2).
            self.turn(target, phased_x(0.5, 0.5))
            self.multiplexor("x", controls, target, angles, linear=linear)
            self.turn(target, phased_x(-0.5, 0.5))
        else:
            theta = gray_angles(angles, fresh=first_free)
            entanglers, counts = _entanglers(len(angles), len(controls), first_free, free)
            # CZ is E with Rz(-1/2) on both qubits, E = ZZPhase(1/2): later rotations' axes turn by half a turn each.
            phi = PHI[axis] + np.arange(len(theta)) / 2
            if linear is not None:
                linear = np.stack([gray_angles(column, fresh=first_free) for column in linear.T], axis=1)
            self.ladder(controls, target, theta, phi, entanglers, linear=linear)
            self.turn(target, turned_z(-len(entanglers) / 2))
            for control, count in counts:
                self.shift(controls[control], -count / 2)

    def ladder(
        self,
        controls: list[int],
        target: int,
        theta: NDArray[np.float64],
        phi: NDArray[np.float64],
        entanglers: NDArray[np.intp],
        entangler: float = 0.5,
        *,
        phi_open: bool = False,
        linear: Linear | None = None,
    ) -> None:
        """PhasedX(theta_l, phi_l) on the target, each but the last followed by ZZPhase(``entangler``) with a control;
        the last too if there are as many entanglers as rotations."""
        self._ladder_end(target, theta, phi, linear, 0)
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
        if linear is not None:
            self.terms += [(len(self.columns) + 2 * place - 1, linear[place]) for place in range(1, inner)]
        if self.open:
            marks = np.zeros(rows, np.int8)
            marks[1::2] = 1 + 2 * (phi_open or self.frame_open[target])
            self.columns.extend(kind, first, second, angles, marks)
        else:
            kept = (kind == KIND["ZZPhase"]) | (np.abs(angles[:, 0]) > NEGLIGIBLE)
            marks = np.where(kind == KIND["ZZPhase"], 0, 2 * self.frame_open[target]).astype(np.int8)
            self.columns.extend(kind[kept], first[kept], second[kept], angles[kept], marks[kept])
        if inner < len(theta):
            self._ladder_end(target, theta, phi, linear, -1)

    def _ladder_end(
        self,
        target: int,
        theta: NDArray[np.float64],
        phi: NDArray[np.float64],
        linear: Linear | None,
        place: int,
    ) -> None:
        """The first or the last rotation of a ladder, which may join its neighbours unless it has symbols."""
        if linear is None:
            self.turn(target, phased_x(float(theta[place]), float(phi[place])), OPEN if self.open else FIXED)
        else:
            self.settle(target)
            self._phased_x(target, float(theta[place]), float(phi[place]), open=True, phi_open=False)
            self._add_term(linear[place])

    def measure(self, qubit: int, bit: tuple[str, int]) -> None:
        """Measure into a bit, (register, index)."""
        self.settle(qubit)
        self.frame[qubit] = 0.0
        self.frame_open[qubit] = False
        self.columns.append("Measure", qubit, self.bits.setdefault(bit, len(self.bits)))


def emit(program: Program) -> NativeCircuit:
    """The native circuit of a verified block program in PhasedX, ZZPhase, Measure and Reset."""
    return ZZPhaseEmitter(program).emit()


def emit_with_terms(
    program: Program, symbols: Mapping[int, Linear] | None = None
) -> tuple[NativeCircuit, list[tuple[int, Linear]]]:
    """As :func:`emit`, with symbols: see :class:`ZZPhaseEmitter`."""
    emitter = ZZPhaseEmitter(program, symbols)
    return emitter.emit(), emitter.terms
