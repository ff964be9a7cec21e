"""Emission onto a coupling graph: a block program as :mod:`qsac.layout.arrangement` lays it out.

Every gate is between neighbours. Ladders are written toggle by toggle; a control that is not beside the target comes by
a chain of CX and goes back the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import pi

import numpy as np
from numpy.typing import NDArray

from qsac.emit.cz import written
from qsac.emit.zzphase import ZZPhaseEmitter
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation, Reset, UniformlyControlledGate
from qsac.ir.blocks.multiplexor import ladder_places, ruler
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.layout.arrangement import ALIVE, EMPTY, ENDED, Arranged, Arrangement, Swap, Toggle, brought, open_end
from qsac.native.angles import NEGLIGIBLE, PHI, Linear
from qsac.native.circuit import NativeCircuit
from qsac.numerics.pauli import pair_gates
from qsac.numerics.su2 import phased_x, turned_z
from qsac.numerics.walsh import gray_angles, walsh_hadamard


class CoupledEmitter:
    """Writes a block program on a device's nodes, counted by their place in ``qubits``: blocks of one qubit as
    everywhere, others toggle by toggle."""

    def __init__(self, program: Program, arrangement: Arrangement) -> None:
        used = {*arrangement.start}
        for arranged in arrangement.steps:
            used.update(node for swap in arranged.swaps for node in (swap.first, swap.second))
            used.update(node for toggle in arranged.toggles for node in toggle.nodes)
        nodes = sorted(used)
        self._index = {node: index for index, node in enumerate(nodes)}
        self._names = [register.name for register in program.registers]
        places = {name: self._index[node] for name, node in zip(self._names, arrangement.start, strict=True)}
        qubits = tuple(("node", node) for node in nodes)
        self.out = ZZPhaseEmitter(program, small_ladders=True, write=self._write, qubits=qubits, place=places)
        self.place = self.out.place
        self._holds: list[str | None] = [None] * len(nodes)
        for name, index in self.place.items():
            self._holds[index] = name
        self._lives = dict.fromkeys(self._names, EMPTY)
        # Where what lies on a node now was at the start: that is where its qubit started.
        self._origin = list(range(len(nodes)))
        self._started: dict[str, int] = {}
        self._steps: dict[int, list[Arranged]] = {}
        for arranged in arrangement.steps:
            self._steps.setdefault(arranged.step.op, []).append(arranged)
        self._ops = 0

    def emit(self) -> NativeCircuit:
        """The native circuit, in PhasedX and ZZPhase between neighbours."""
        circuit = self.out.emit()
        unused = iter(sorted(set(range(len(circuit.qubits))) - set(self._started.values())))
        start = tuple(self._started[name] if name in self._started else next(unused) for name in self._names)
        return replace(circuit, initial_map=start)

    def _write(self, op: Op, linear: Linear | None) -> None:
        """Write one op, with the swaps that come before it."""
        steps = self._steps.get(self._ops, [])
        self._ops += 1
        if not isinstance(op, Diagonal):
            for arranged in steps:
                self._move(arranged.swaps)
        match op:
            case Reset():
                if self._lives[op.qubit] == ENDED:
                    self._clear(self.place[op.qubit])
                return
            case Diagonal():
                self._arranged_diagonal(op, steps)
            case _ if steps and steps[0].toggles:
                self._arranged_op(op, steps[0])
            case _:
                self.out.block(op)
        state = ENDED if steps and steps[0].step.event == "measure" else ALIVE
        for name in op.targets:
            self._live(name, state)

    def _live(self, name: str, state: int) -> None:
        self._started.setdefault(name, self._origin[self.place[name]])
        self._lives[name] = state

    def _arranged_op(self, op: Op, arranged: Arranged) -> None:
        for toggle in arranged.toggles:
            self._live(self._names[toggle.control], ALIVE)
        match op:
            case PauliRotation():
                self._between(op, arranged.toggles[0])
            case Multiplexor():
                self._multiplexed(op.axis, op.controls, op.target, op.angles.values / pi, arranged, op)
            case UniformlyControlledGate():
                self._gates(op, arranged)
            case _:
                self.out.block(op)

    # Moving

    def _move(self, swaps: Sequence[Swap]) -> None:
        for swap in swaps:
            first, second = self._index[swap.first], self._index[swap.second]
            full = [self._full(first), self._full(second)]
            started = any(self._holds[node] in self._started for node in (first, second))
            self._clear(first)
            self._clear(second)
            if any(full):
                if full[1] and not full[0]:
                    first, second = second, first
                self.cx(first, second)
                self.cx(second, first)
                if all(full) or swap.merges:
                    self.cx(first, second)
            # Two qubits that have not started only change their names.
            if any(full) or started:
                self._origin[first], self._origin[second] = self._origin[second], self._origin[first]
            self._holds[first], self._holds[second] = self._holds[second], self._holds[first]
            for node in (first, second):
                name = self._holds[node]
                if name is not None:
                    self.place[name] = node

    def _life(self, node: int) -> int:
        name = self._holds[node]
        return EMPTY if name is None else self._lives[name]

    def _full(self, node: int) -> bool:
        return self._life(node) == ALIVE

    def _clear(self, node: int) -> None:
        """Reset what was measured there."""
        name = self._holds[node]
        if name is not None and self._lives[name] == ENDED:
            self.out.columns.append("Reset", node)
            self._lives[name] = EMPTY

    def cx(self, control: int, target: int) -> None:
        """CX = exp(-i pi/4 Z X) exp(i pi/4 Z) exp(i pi/4 X), up to a global phase."""
        self.out.pauli_rotation("zx", [control, target], 0.5)
        self.out.turn(control, turned_z(-0.5))
        self.out.turn(target, phased_x(-0.5, 0.0))

    # Toggles

    def _nodes(self, toggle: Toggle) -> list[int]:
        nodes = [self._index[node] for node in toggle.nodes]
        for node in nodes:
            self._clear(node)
        return nodes

    def _parity(self, nodes: Sequence[int], target: int, angle: float, *, phase: bool) -> None:
        """exp(-i pi angle Z Z / 2) of the nodes' joint parity and the target; or with ``phase`` CZ, for angle 1/2."""
        for pair in pairwise(nodes):
            self.cx(*pair)
        self.out.zz(nodes[-1], target, angle)
        if phase:
            self.out.turn(nodes[-1], turned_z(-0.5))
            self.out.turn(target, turned_z(-0.5))
        for pair in reversed(list(pairwise(nodes))):
            self.cx(*pair)

    def _cz(self, toggle: Toggle, target: int) -> None:
        """CZ of the target and what the toggle brings."""
        nodes = self._nodes(toggle)
        self._parity(nodes, target, 0.5, phase=True)
        if toggle.exact:
            self._parity(nodes[1:], target, 0.5, phase=True)

    def _quarter(self, toggle: Toggle, target: int, angle: float) -> None:
        """exp(-i pi angle Z Z / 2), the angle 1/2 or -1/2, of the target and what the toggle brings."""
        if not toggle.exact:
            self._parity(self._nodes(toggle), target, angle, phase=False)
            return
        self._cz(toggle, target)
        self.out.turn(self._index[toggle.nodes[0]], turned_z(angle))
        self.out.turn(target, turned_z(angle))

    # Ops

    def _between(self, op: PauliRotation, toggle: Toggle) -> None:
        nodes = [self.place[name] for name in op.qubits]
        if len(toggle.nodes) == 1:
            self.out.pauli_rotation(op.paulis, nodes, op.angle / pi)
            return
        basis = {"x": phased_x(0.5, 0.5), "y": phased_x(-0.5, 0.0)}
        inverse = {"x": phased_x(-0.5, 0.5), "y": phased_x(0.5, 0.0)}
        for pauli, node in zip(op.paulis, nodes, strict=True):
            if pauli != "z":
                self.out.turn(node, inverse[pauli])
        angle = op.angle / pi
        rest = angle - 2 * round(angle / 2)
        if pair_gates(op.angle, "cz") == 1:
            self._quarter(toggle, nodes[1], rest)
        else:
            self._ladder("z", nodes[1], [angle, -angle], [toggle, toggle])
        for pauli, node in zip(op.paulis, nodes, strict=True):
            if pauli != "z":
                self.out.turn(node, basis[pauli])

    def _gates(self, op: UniformlyControlledGate, arranged: Arranged) -> None:
        """A ladder of given angles."""
        target = self.place[op.target]
        by_name = {self._names[toggle.control]: toggle for toggle in arranged.toggles}
        toggles = [by_name[name] for name in op.controls]
        for place, toggle in enumerate(toggles):
            names = {self._names[control] for control in brought(toggle, arranged)}
            bits = sum(1 << (len(op.controls) - 1 - op.controls.index(name)) for name in names)
            if bits != op.parity(place):
                raise RuntimeError("an arrangement brings other parities to a target than its ladder wants")
        entangler = -0.5 if op.inverted else 0.5
        places = op.places()
        for step, (theta, phi) in enumerate(zip(op.theta.values / pi, op.phi.values / pi, strict=True)):
            self.out.turn(target, phased_x(float(theta), float(phi)))
            if step < len(places):
                self._quarter(toggles[places[step]], target, entangler)

    def _multiplexed(
        self,
        axis: str,
        controls: Sequence[str],
        target_name: str,
        angles: NDArray[np.float64],
        arranged: Arranged,
        op: Multiplexor | None,
    ) -> None:
        """A multiplexed rotation; ``op`` says which end of the ladder may stay open."""
        target = self.place[target_name]
        by_name = {self._names[toggle.control]: toggle for toggle in arranged.toggles}
        end = "none" if op is None else open_end(op)
        free, first_free = end != "none", end == "first"
        size = len(controls)
        if size == 1 and not free:
            toggle = by_name[controls[0]]
            mean, half = float(np.mean(angles)), float(angles[0] - angles[-1]) / 2
            self.out.turn(target, turned_z(mean) if axis == "z" else phased_x(mean, PHI[axis]))
            self._between(PauliRotation("z" + axis, (controls[0], target_name), half * pi), toggle)
            return
        if not arranged.step.free and size > 1:
            places = ladder_places(len(angles), size)
            ladder = [by_name[controls[place]] for place in (places[::-1] if first_free else places)]
            closing = [] if free else [by_name[controls[0]]]
            self._written(axis, target, gray_angles(angles, fresh=first_free), [*ladder, *closing])
            return
        # The nearest control toggles most often.
        ranked = arranged.toggles
        ladder = [ranked[size - 1 - place] for place in ruler(size)]
        if not free:
            ladder.append(ranked[-1])
        bit = {name: 1 << (size - 1 - place) for place, name in enumerate(controls)}
        parities = [sum(bit[self._names[control]] for control in brought(toggle, arranged)) for toggle in ladder]
        # Where the target enters in zero, what the toggles do is undone at the beginning, not at the end.
        seen = np.bitwise_xor.accumulate([0, *(parities[::-1] if first_free else parities)])[: 1 << size]
        coefficients = walsh_hadamard(angles)[seen]
        self._written(axis, target, coefficients[::-1] if first_free else coefficients, ladder)

    def _ladder(self, axis: str, target: int, angles: Sequence[float], toggles: Sequence[Toggle]) -> None:
        """A multiplexed rotation under one control, closed."""
        self._written(axis, target, walsh_hadamard(np.array(angles)), toggles)

    def _written(self, axis: str, target: int, theta: NDArray[np.float64], toggles: Sequence[Toggle]) -> None:
        """Rotations with a CZ toggle after each, but after the last where there are fewer toggles."""
        if axis == "z":
            # Rx turned to Rz by Ry(-pi/2).
            self.out.turn(target, phased_x(0.5, 0.5))
        for step, angle in enumerate(theta):
            self.out.turn(target, phased_x(float(angle), PHI["x" if axis == "z" else axis]))
            if step < len(toggles):
                self._cz(toggles[step], target)
        if axis == "z":
            self.out.turn(target, phased_x(-0.5, 0.5))

    def _arranged_diagonal(self, op: Diagonal, steps: Sequence[Arranged]) -> None:
        """One multiplexed Rz a qubit, as the steps order them."""
        if not steps:
            self.out.block(op)
            return
        if op.through:
            # Rz of an angle multiplies zero by exp(-i angle / 2).
            self._move(steps[0].swaps)
            self._clear(self.place[op.through])
            self._multiplexed("z", op.qubits, op.through, -2 * op.phases.values / pi, steps[0], None)
            return
        ordered = [*(steps[-1].step.controls), *(arranged.step.target for arranged in reversed(steps))]
        usual = [op.qubits.index(self._names[qubit]) for qubit in ordered]
        phases = np.transpose(op.phases.values.reshape((2,) * len(usual)), usual).reshape(-1) / pi
        names = [self._names[qubit] for qubit in ordered]
        for last, arranged in zip(reversed(range(1, len(names))), steps, strict=True):
            pairs = phases.reshape(-1, 2)
            angles = pairs[:, 1] - pairs[:, 0]
            self._move(arranged.swaps)
            if np.max(np.abs(angles)) > NEGLIGIBLE:
                for name in names[: last + 1]:
                    self._live(name, ALIVE)
                self._multiplexed("z", names[:last], names[last], angles, arranged, None)
            phases = pairs.mean(axis=1)
        self.out.turn(self.place[names[0]], turned_z(float(phases[1] - phases[0])))


def emit(program: Program, arrangement: Arrangement) -> NativeCircuit:
    """The native circuit of a verified block program in SX, X, Rz, CZ, Measure and Reset, on the device's nodes.

    The program's uniformly controlled gates must be written in the arrangement's orders
    (:meth:`~qsac.layout.arrangement.Arrangement.orders`).
    """
    emitter = CoupledEmitter(program, arrangement)
    return written(emitter.emit(), emitter.out)[0]
