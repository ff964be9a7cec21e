"""Counts of the native circuit that emission would write, without writing it.

Blocks go through the emitters as they are, except for those of tables without numbers (:mod:`qsac.ir.shaped_table`):
their ladders are counted as wholes, however long, with numbers that are drawn at the ends, where gates join their
neighbours. What is counted is what the emitter writes for generic numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qsac.counting.clock import Toggles
from qsac.counting.gate_counts import GateCounts, one_toggle, toggles
from qsac.emit.zzphase import ZZPhaseEmitter
from qsac.ir.blocks import Diagonal, Multiplexor, UniformlyControlledGate
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.shaped_table import ShapedTable
from qsac.native.angles import PHI
from qsac.native.circuit import GateFamily
from qsac.native.columns import Sink
from qsac.native.provenance import Mask
from qsac.native.sx_writer import Writer
from qsac.numerics.su2 import phased_x, turned_z

QUARTER = 0.5
"""The angle of the entangling gates of ladders, in half-turns."""


class _Rewritten(Sink):
    """Gates that are written as SX, X and CZ before they are counted."""

    def __init__(self, tally: GateCounts, qubits: int) -> None:
        self._tally = tally
        self._writer = Writer(qubits, tally)

    def of(self, ops: Mask) -> None:
        """Nothing, as for what counts them."""

    def __len__(self) -> int:
        return len(self._tally)

    def append(
        self, name: str, first: int, second: int = -1, angle: float = 0.0, phase: float = 0.0, open: int = 0
    ) -> None:
        self._writer.write(name, first, second, angle, phase, open, None)


class _Counting:
    """Hands blocks to an emitter that counts what it would write; ladders without numbers are counted as wholes."""

    def __init__(self, program: Program, family: GateFamily, lasts: Mapping[str, float] | None) -> None:
        self.family = family
        width = len(program.registers)
        self.tally = GateCounts(width, lasts)
        columns = _Rewritten(self.tally, width) if family == "cz" else self.tally
        self.out = ZZPhaseEmitter(program, small_ladders=family == "cz", columns=columns)
        self.generic = np.random.default_rng(2602)

    def counted(self) -> GateCounts:
        """The counts of the whole program."""
        for op in self.out.program.ops:
            self.out.keep_apart(op)
            self._block(op)
            self.out.keep_apart(op)
        return self.tally

    def _block(self, op: Op) -> None:
        place = self.out.place
        match op:
            case Multiplexor(angles=ShapedTable() as angles):
                free = op.first_entangler_free, op.last_entangler_free
                controls = [place[name] for name in op.controls]
                self._outlined(op.axis, controls, place[op.target], angles.shape[0], angles.ends, *free)
            case UniformlyControlledGate(theta=ShapedTable() as theta, phi=ShapedTable() as phi):
                taken = toggles(theta.shape[0], len(op.controls))
                taken = taken.backwards() if op.inverted else taken
                controls = [place[name] for name in op.controls]
                self._ladder(controls, place[op.target], taken, theta.ends, phi.ends)
            case Diagonal(phases=ShapedTable()):
                qubits = [place[name] for name in op.qubits]
                for last in reversed(range(len(qubits))):
                    self._outlined("z", qubits[:last], qubits[last], 1 << last, (self._drawn(), self._drawn()))
            case _:
                self.out.block(op)

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
        """As the emitter's; ``ends`` are the ladder's first and last angle, or stand for the two of a pair."""
        free = first_free or last_free
        if len(controls) == 0 or (len(controls) == 1 and not (self.out.small_ladders and free)):
            if controls:
                self.tally.drawn = True
                self.out.pauli_rotation("z" + axis, [controls[0], target], ends[0])
                self.tally.drawn = False
            self.out.pauli_rotation(axis, [target], ends[1])
        elif axis == "z":
            self.out.turn(target, phased_x(0.5, 0.5))
            self._outlined("x", controls, target, rows, ends)
            self.out.turn(target, phased_x(-0.5, 0.5))
        else:
            taken = toggles(rows, len(controls))
            if first_free:
                taken, ends = taken.backwards(), ends[::-1]
            if not free:
                taken = taken.then(one_toggle(0))
            self._ladder(controls, target, taken, ends, (PHI[axis], PHI[axis] + (rows - 1) / 2), closed=not free)
            self.out.turn(target, turned_z(-taken.length / 2))

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
        """As the emitter's ladder, of the first and of the last rotation; ``closed``: an entangler is last."""
        self.out.turn(target, phased_x(theta[0], phi[0]))
        if not taken.length:
            return
        self.out.settle(target, *controls)
        if self.family == "cz":
            self.tally.ladder(target, controls, taken, "CZ", ("SX", "SX"), 0.0)
        else:
            self.tally.ladder(target, controls, taken, "ZZPhase", ("PhasedX",), QUARTER)
        if not closed:
            self.out.turn(target, phased_x(theta[1], phi[1]))


def tally(program: Program, family: GateFamily, lasts: Mapping[str, float] | None = None) -> GateCounts:
    """The counts of the native circuit of a verified block program, whose tables may be without numbers; ``lasts`` says
    how long gates take, by name, in seconds."""
    return _Counting(program, family, lasts).counted()
