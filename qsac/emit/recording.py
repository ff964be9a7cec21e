"""Emission of one block program after another that differ in the numbers of ops with slots alone.

Such programs have the same gates, and most of their angles are the same too. The first one is written by an emitter
that notes what the angles of ops without slots still depend on: the one-qubit gates that wait, and their qubits'
frames. For another program the ops with slots are written as ever, and of the others only what was noted is computed.
Every number comes from the same operations in the same order, so that the angles are the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.emit.emit import emit
from qsac.emit.zzphase import FIXED, ZZPhaseEmitter
from qsac.ir.program import Program
from qsac.native.angles import NEGLIGIBLE, Linear, wrapped
from qsac.native.circuit import NativeCircuit
from qsac.native.columns import Sink
from qsac.native.provenance import Mask
from qsac.native.waiting import Waiting
from qsac.numerics.su2 import Spin, after, taken_apart
from qsac.pipeline.contract import PassContext

Frames = list[float]


class _Angles(Sink):
    """Takes the angles of gates that are known otherwise, in their order."""

    def __init__(self, angles: NDArray[np.float64]) -> None:
        self.angles = angles
        self.written = 0

    def __len__(self) -> int:
        return self.written

    def of(self, ops: Mask) -> None:
        """Nothing: which ops gates are of is known."""

    def append(
        self, name: str, first: int, second: int = -1, angle: float = 0.0, phase: float = 0.0, open: int = 0
    ) -> None:
        self.angles[self.written] = angle, phase
        self.written += 1

    def extend(
        self,
        kind: NDArray[Any],
        first: NDArray[Any],
        second: NDArray[Any],
        angles: NDArray[np.float64],
        open: NDArray[np.int8] | None = None,
    ) -> None:
        self.angles[self.written : self.written + len(angles)] = angles
        self.written += len(angles)


class _Nothing(Waiting):
    """Keeps no account of which ops waiting gates are of."""

    def add(self, qubit: int, ops: Mask, *, diagonal: bool) -> None:
        pass

    def taken(self, qubit: int) -> Mask:
        return 0


Note = Callable[[list["Spin | None"], Frames, NDArray[np.float64]], None]
"""What is computed anew, on the gates that wait, the frames and the angles of all gates."""


@dataclass(frozen=True)
class _Run:
    """Ops without slots, one after another. ``notes`` is what is to be computed in their order; after them ``written``
    gates stand, ``waiting`` and ``frames`` hold on the qubits that they name whatever the numbers, and ``known`` and
    ``open`` are what the emitter knows of waiting gates and frames."""

    notes: tuple[Note, ...]
    written: int
    waiting: tuple[tuple[int, Spin | None], ...]
    frames: tuple[tuple[int, float], ...]
    known: tuple[int, ...]
    open: tuple[bool, ...]


def _turn(qubit: int, gate: Spin) -> Note:
    """A one-qubit gate joins another that waits, whose numbers are not known."""

    def note(waiting: list[Spin | None], frame: Frames, angles: NDArray[np.float64]) -> None:
        waiting[qubit] = after(gate, waiting[qubit])  # type: ignore[arg-type] # what is noted waits

    return note


def _settle(qubit: int, row: int | None) -> Note:
    """What waits, whose numbers are not known, is written as the gate of a row, or is a change of frame alone."""

    def note(waiting: list[Spin | None], frame: Frames, angles: NDArray[np.float64]) -> None:
        theta, phi, alpha = taken_apart(waiting[qubit])  # type: ignore[arg-type] # what is noted waits
        waiting[qubit] = None
        if row is not None:
            angles[row] = float(wrapped(theta)), float(wrapped(phi - frame[qubit]))
        frame[qubit] += alpha

    return note


def _settle_fixed(qubit: int, row: int | None, phi: float, alpha: float) -> Note:
    """What waits, whose numbers are fixed, is written in a frame that is not known."""

    def note(waiting: list[Spin | None], frame: Frames, angles: NDArray[np.float64]) -> None:
        if row is not None:
            angles[row, 1] = float(wrapped(phi - frame[qubit]))
        frame[qubit] += alpha

    return note


def _shift(qubit: int, angle: float) -> Note:
    def note(waiting: list[Spin | None], frame: Frames, angles: NDArray[np.float64]) -> None:
        frame[qubit] += angle

    return note


def _phases(qubit: int, rows: NDArray[np.intp], phi: NDArray[np.float64]) -> Note:
    """The inner rotations of a ladder, in a frame that is not known."""

    def note(waiting: list[Spin | None], frame: Frames, angles: NDArray[np.float64]) -> None:
        angles[rows, 1] = wrapped(phi - frame[qubit])

    return note


class _Recorder(ZZPhaseEmitter):
    """Writes a program, and notes what other programs of its shape compute anew: ``parts`` are runs of ops without
    slots, and the places of the ops with slots."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.parts: list[_Run | int] = []
        self._notes: list[Note] = []

    def emit(self) -> NativeCircuit:
        circuit = super().emit()
        self._end_run()
        return circuit

    def op(self, place: int) -> None:
        if self.program.ops[place].slots:
            self._end_run()
            self.parts.append(place)
        super().op(place)

    def _end_run(self) -> None:
        qubits = range(len(self.waiting))
        self.parts.append(
            _Run(
                tuple(self._notes),
                len(self.columns),
                tuple((qubit, self.waiting[qubit]) for qubit in qubits if self.known[qubit] == FIXED),
                tuple((qubit, self.frame[qubit]) for qubit in qubits if not self.frame_open[qubit]),
                tuple(self.known),
                tuple(self.frame_open),
            )
        )
        self._notes = []

    def turn(self, qubit: int, gate: Spin, known: int = FIXED) -> None:
        super().turn(qubit, gate, known)
        if not self.open and self.known[qubit] != FIXED:
            self._notes.append(_turn(qubit, gate))

    def settle(self, *qubits: int) -> None:
        for qubit in qubits:
            waiting, known, written = self.waiting[qubit], self.known[qubit], len(self.columns)
            super().settle(qubit)
            if waiting is None or self.open:
                continue
            row = written if len(self.columns) > written else None
            if known != FIXED:
                self._notes.append(_settle(qubit, row))
            elif self.frame_open[qubit]:
                _, phi, alpha = taken_apart(waiting)
                self._notes.append(_settle_fixed(qubit, row, phi, alpha))

    def shift(self, qubit: int, angle: float) -> None:
        super().shift(qubit, angle)
        if not self.open and self.frame_open[qubit]:
            self._notes.append(_shift(qubit, angle))

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
        super().ladder(controls, target, theta, phi, entanglers, entangler, phi_open=phi_open, linear=linear)
        if self.open or not self.frame_open[target]:
            return
        # The rotations between the ends stand before one entangling gate each, and after the first of them; those by
        # no angle are not written.
        inner = len(entanglers)
        kept = np.abs(wrapped(theta[1:inner])) > NEGLIGIBLE
        first = len(self.columns) - inner - int(kept.sum())
        rows = first + np.arange(1, inner)[kept] + np.cumsum(kept)[kept] - 1
        if len(rows):
            self._notes.append(_phases(target, rows, phi[1:inner][kept]))


class Recording:
    """A block program as it was written, to write others of its shape with less work.

    ``circuit`` is the native circuit of the first program, in PhasedX, ZZPhase, Measure and Reset.
    """

    def __init__(self, program: Program) -> None:
        recorder = _Recorder(program)
        circuit = recorder.emit()
        for column in (circuit.kind, circuit.first, circuit.second):
            column.flags.writeable = False  # all circuits have the same ones
        self.circuit = circuit
        self._parts: Sequence[_Run | int] = tuple(recorder.parts)

    def of(self, program: Program) -> NativeCircuit:
        """The native circuit of a program that differs from the first one in the numbers of its ops with slots."""
        angles = self.circuit.angles.copy()
        sink = _Angles(angles)
        out = ZZPhaseEmitter(program, columns=sink)
        out.waiting_of = _Nothing(0)
        for part in self._parts:
            if isinstance(part, int):
                out.op(part)
                continue
            for note in part.notes:
                note(out.waiting, out.frame, angles)
            for qubit, gate in part.waiting:
                out.waiting[qubit] = gate
            for qubit, frame in part.frames:
                out.frame[qubit] = frame
            out.known, out.frame_open = [*part.known], [*part.open]
            sink.written = part.written
        return replace(self.circuit, name=program.name, angles=angles)


class RecordedEmission:
    """:func:`qsac.emit.emit.emit` of programs of one shape, recorded where the target has ZZPhase gates."""

    def __init__(self) -> None:
        self._recording: Recording | None = None

    def __call__(self, program: Program, context: PassContext) -> NativeCircuit:
        if context.target.family != "zzphase":
            return emit(program, context)
        if self._recording is None:
            self._recording = Recording(program)
        return self._recording.of(program)
