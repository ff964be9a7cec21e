"""Counts of the native circuit that emission would write, without writing it.

Blocks go through the emitters as they are, except for those of tables without numbers
(:mod:`qsac.ir.outline`): their ladders are counted as wholes, however long, with numbers that are drawn at the ends,
where gates join their neighbours. What is counted is what the emitter writes for generic numbers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.emit.cz import Writer
from qsac.emit.zzphase import PHI, Linear, ZZPhaseEmitter
from qsac.ir.blocks import Diagonal, Multiplexor, UniformlyControlledGate
from qsac.ir.op import Op
from qsac.ir.outline import Outline
from qsac.ir.program import Program
from qsac.native.circuit import GATES, GateFamily
from qsac.native.columns import Columns
from qsac.native.provenance import Mask
from qsac.numerics.su2 import phased_x, turned_z

QUARTER = 0.5
"""The angle of the entangling gates of ladders, in half-turns."""


@dataclass(frozen=True)
class Toggles:
    """Which controls the entangling gates of a ladder take: how many there are, and for each control the first place,
    the last place and how often."""

    length: int
    places: Mapping[int, tuple[int, int, int]]

    def then(self, other: Toggles) -> Toggles:
        """This ladder and then another one."""
        places = dict(self.places)
        for control, (first, last, count) in other.places.items():
            start, _, before = places.get(control, (first + self.length, 0, 0))
            places[control] = start, last + self.length, before + count
        return Toggles(self.length + other.length, places)

    def backwards(self) -> Toggles:
        """The ladder the other way round."""
        end = self.length - 1
        return Toggles(
            self.length,
            {control: (end - last, end - first, count) for control, (first, last, count) in self.places.items()},
        )


def toggles(rows: int, controls: int) -> Toggles:
    """What :func:`~qsac.ir.blocks.multiplexor.ladder_places` lists, in all rows - 1 places."""
    needed = (rows - 1).bit_length()
    offset = controls - needed
    if rows == 1 << needed:
        # The control of stride 2^s stands at the odd multiples of it, counted from one.
        return Toggles(
            rows - 1,
            {
                offset + needed - 1 - stride: ((1 << stride) - 1, rows - (1 << stride) - 1, 1 << (needed - 1 - stride))
                for stride in range(needed)
            },
        )
    half = 1 << (needed - 1)
    return toggles(rows - half, controls).then(_one(offset)).then(toggles(half, controls))


def _one(control: int) -> Toggles:
    return Toggles(1, {control: (0, 0, 1)})


class Clock:
    """When each qubit is free, each gate as early as its qubits allow. Gates last as long as ``lasts`` says, by name;
    others take no time."""

    def __init__(self, qubits: int, lasts: Mapping[str, float]) -> None:
        self.free: list[float] = [0] * qubits
        self.lasts = lasts

    @property
    def end(self) -> float:
        return max(self.free, default=0)

    def turn(self, qubit: int, name: str) -> None:
        """A gate on one qubit."""
        self.free[qubit] += self.lasts.get(name, 0)

    def ladder(
        self, target: int, controls: Sequence[int], taken: Toggles, entangler: str, between: Sequence[str]
    ) -> list[tuple[int, int, float]]:
        """The gates of a ladder. For each qubit how many entangling gates it takes part in, and when the first begins.

        The gate at a place begins ``stride`` after the one before it, or later where its control comes into the ladder
        late: then all that follow are as late."""
        lasts = self.lasts.get(entangler, 0)
        stride = lasts + sum(self.lasts.get(name, 0) for name in between)
        places: list[int] = []
        delays: list[float] = []
        delay = self.free[target]
        for place, control in sorted((first, control) for control, (first, _, _) in taken.places.items()):
            delay = max(delay, self.free[controls[control]] - place * stride)
            places.append(place)
            delays.append(delay)

        def begins(place: int) -> float:
            return place * stride + delays[bisect_right(places, place) - 1]

        parts = [(controls[control], *place) for control, place in taken.places.items()]
        parts.append((target, 0, taken.length - 1, taken.length))
        found = [(qubit, count, begins(first)) for qubit, first, _, count in parts]
        for qubit, _, last, _ in parts:
            self.free[qubit] = begins(last) + lasts
        return found


_ENTANGLERS = ("ZZPhase", "CZ")


class Tally(Columns):
    """How many gates were written, and how deep they are, on ``qubits`` qubits; no gate is kept.

    ``angles`` counts two-qubit gates by the modulus of their angle in half-turns, those with a number that was drawn
    left out: these are ``unknown``. ``idle`` and the depths are as in :class:`qsac.counting.stats.Layers`, ``length``
    is the circuit's in seconds, if gates last as long as ``lasts`` says.
    """

    def __init__(self, qubits: int, lasts: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self.qubits = qubits
        self.counts: Counter[str] = Counter()
        self.angles: Counter[float] = Counter()
        self.unknown = 0
        self.drawn = False
        self.idle = 0
        timeless = ("Rz",)
        self._steps = Clock(qubits, {gate.name: 1 for gate in GATES if gate.name not in timeless})
        self._layers = Clock(qubits, dict.fromkeys(_ENTANGLERS, 1))
        self._seconds = Clock(qubits, lasts or {})
        self._active = [False] * qubits

    def __len__(self) -> int:
        return self.counts.total()

    def of(self, ops: Mask) -> None:
        """Nothing: gates are counted, whatever they are of."""

    def count(self, *names: str) -> int:
        """How many gates of the given names there are."""
        return sum(self.counts[name] for name in names)

    @property
    def two_qubit_gates(self) -> int:
        """As those of :class:`~qsac.native.circuit.NativeCircuit`."""
        return self.count(*_ENTANGLERS)

    @property
    def one_qubit_gates(self) -> int:
        """As those of :class:`~qsac.native.circuit.NativeCircuit`."""
        return self.count("PhasedX", "SX", "X")

    @property
    def depth(self) -> int:
        return int(self._steps.end)

    @property
    def two_qubit_depth(self) -> int:
        return int(self._layers.end)

    @property
    def length(self) -> float:
        return self._seconds.end

    def append(
        self, name: str, first: int, second: int = -1, angle: float = 0.0, phase: float = 0.0, open: int = 0
    ) -> None:
        if name in _ENTANGLERS:
            self.ladder(first, [second], _one(0), name, (), None if self.drawn else abs(angle))
            return
        self.counts[name] += 1
        for clock in (self._steps, self._layers, self._seconds):
            clock.turn(first, name)
        if name == "Reset":
            self._active[first] = False

    def extend(
        self,
        kind: NDArray[Any],
        first: NDArray[Any],
        second: NDArray[Any],
        angles: NDArray[np.float64],
        open: NDArray[np.int8] | None = None,
    ) -> None:
        for gate, one, other, (angle, phase) in zip(
            *(column.tolist() for column in (kind, first, second, angles)), strict=True
        ):
            self.append(GATES[gate].name, one, other, angle, phase)

    def ladder(
        self,
        target: int,
        controls: Sequence[int],
        taken: Toggles,
        entangler: str,
        between: Sequence[str],
        angle: float | None,
    ) -> None:
        """Count the entangling gates of a target with its controls, all of one angle (None: one that is not known), and
        the gates ``between`` each two of them."""
        self.counts[entangler] += taken.length
        for name in between:
            self.counts[name] += taken.length - 1
        if angle is None:
            self.unknown += taken.length
        else:
            self.angles[angle] += taken.length
        before = list(self._layers.free)
        for clock in (self._steps, self._seconds):
            clock.ladder(target, controls, taken, entangler, between)
        for qubit, count, begin in self._layers.ladder(target, controls, taken, entangler, between):
            since = before[qubit] if self._active[qubit] else begin
            self.idle += int(self._layers.free[qubit] - since) - count
            self._active[qubit] = True


class _Rewritten(Columns):
    """Gates that are written as SX, X and CZ before they are counted."""

    def __init__(self, tally: Tally, qubits: int) -> None:
        super().__init__()
        self._writer = Writer(qubits, tally)

    def of(self, ops: Mask) -> None:
        """Nothing, as for what counts them."""

    def append(
        self, name: str, first: int, second: int = -1, angle: float = 0.0, phase: float = 0.0, open: int = 0
    ) -> None:
        self._writer.write(name, first, second, angle, phase, open, None)

    def extend(
        self,
        kind: NDArray[Any],
        first: NDArray[Any],
        second: NDArray[Any],
        angles: NDArray[np.float64],
        open: NDArray[np.int8] | None = None,
    ) -> None:
        for gate, one, other, (angle, phase) in zip(
            *(column.tolist() for column in (kind, first, second, angles)), strict=True
        ):
            self.append(GATES[gate].name, one, other, angle, phase)


class _TallyEmitter(ZZPhaseEmitter):
    """Counts what it would write."""

    def __init__(self, program: Program, family: GateFamily, lasts: Mapping[str, float] | None) -> None:
        super().__init__(program)
        self.family = family
        self.small_ladders = family == "cz"
        self.tally = Tally(len(self.place), lasts)
        self.columns = _Rewritten(self.tally, len(self.place)) if family == "cz" else self.tally
        self.generic = np.random.default_rng(2602)

    def counted(self) -> Tally:
        """The counts of the whole program."""
        for op in self.program.ops:
            self._block(op, None)
        return self.tally

    def _block(self, op: Op, linear: Linear | None) -> None:
        match op:
            case Multiplexor(angles=Outline() as angles):
                free = op.first_entangler_free, op.last_entangler_free
                controls = [self.place[name] for name in op.controls]
                self._outlined(op.axis, controls, self.place[op.target], angles.shape[0], angles.ends, *free)
            case UniformlyControlledGate(theta=Outline() as theta, phi=Outline() as phi):
                taken = toggles(theta.shape[0], len(op.controls))
                taken = taken.backwards() if op.inverted else taken
                controls = [self.place[name] for name in op.controls]
                self._ladder(controls, self.place[op.target], taken, theta.ends, phi.ends)
            case Diagonal(phases=Outline()):
                qubits = [self.place[name] for name in op.qubits]
                for last in reversed(range(len(qubits))):
                    self._outlined("z", qubits[:last], qubits[last], 1 << last, (self._drawn(), self._drawn()))
            case _:
                super()._block(op, linear)

    def _drawn(self) -> float:
        """An angle in half-turns that nothing is special about."""
        return float(self.generic.uniform(0.1, 0.4))

    def _outlined(
        self,
        axis: str,
        controls: list[int],
        target: int,
        rows: int,
        ends: tuple[float, float],
        first_free: bool = False,
        last_free: bool = False,
    ) -> None:
        """As :meth:`multiplexor`; ``ends`` are the ladder's first and last angle, or stand for the two of a pair."""
        free = first_free or last_free
        if len(controls) == 0 or (len(controls) == 1 and not (self.small_ladders and free)):
            if controls:
                self.tally.drawn = True
                self._pauli_rotation("z" + axis, [controls[0], target], ends[0])
                self.tally.drawn = False
            self._pauli_rotation(axis, [target], ends[1])
        elif axis == "z":
            self.turn(target, phased_x(0.5, 0.5))
            self._outlined("x", controls, target, rows, ends)
            self.turn(target, phased_x(-0.5, 0.5))
        else:
            taken = toggles(rows, len(controls))
            if first_free:
                taken, ends = taken.backwards(), ends[::-1]
            if not free:
                taken = taken.then(_one(0))
            self._ladder(controls, target, taken, ends, (PHI[axis], PHI[axis] + (rows - 1) / 2), closed=not free)
            self.turn(target, turned_z(-taken.length / 2))

    def _ladder(
        self,
        controls: list[int],
        target: int,
        taken: Toggles,
        theta: tuple[float, float],
        phi: tuple[float, float],
        *,
        closed: bool = False,
    ) -> None:
        """As :meth:`ladder`, of the first and of the last rotation; ``closed``: an entangler is last."""
        self.turn(target, phased_x(theta[0], phi[0]))
        if not taken.length:
            return
        self.settle(target, *controls)
        if self.family == "cz":
            self.tally.ladder(target, controls, taken, "CZ", ("SX", "SX"), 0.0)
        else:
            self.tally.ladder(target, controls, taken, "ZZPhase", ("PhasedX",), QUARTER)
        if not closed:
            self.turn(target, phased_x(theta[1], phi[1]))


def tally(program: Program, family: GateFamily, lasts: Mapping[str, float] | None = None) -> Tally:
    """The counts of the native circuit of a verified block program, whose tables may be without numbers; ``lasts`` says
    how long gates take, by name, in seconds."""
    return _TallyEmitter(program, family, lasts).counted()
