"""From circuits in normal form to attention programs: one ``apply-circuit`` a block, loads and projections as ops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from qsac.families.steps.grouping import light_cone
from qsac.families.steps.normal_form import (
    Circuit,
    Clifford,
    Damping,
    FixedUnitary,
    Flip,
    Gate,
    Load,
    Multiplexor,
    Projection,
    Real,
    Rotation,
    neuron_angle,
    neuron_radius,
)
from qsac.families.steps.statevector import loaded
from qsac.files.numbers import Numbers, reduced
from qsac.ir.attention import ApplyCircuit, ApplyUnitary, Discard, LoadTokens, Project
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table

OUTCOMES = "outcomes"
"""The readout of a circuit whose qubits are measured."""


@dataclass(frozen=True, eq=False)
class Bound:
    """A circuit with the numbers of its inputs (F,) and parameters (P,), or of several inputs (R, F) by which it is
    selected. ``shared``: the places of the values that are the same for all of them, whatever the numbers. ``own``: the
    values (R, A), where those of each of the inputs are not the circuit's with the same parameters."""

    circuit: Circuit
    inputs: Real
    parameters: Real
    shared: frozenset[int] = frozenset()
    own: Real | None = None

    @property
    def values(self) -> Real:
        """(R, A), or (A,) of one input."""
        return self.circuit.values(self.inputs, self.parameters) if self.own is None else self.own

    @property
    def fixed(self) -> set[int]:
        """The places of values that depend on no number of the model, and are the same for all inputs."""
        bound = {*self.circuit.from_inputs.rows.tolist(), *self.circuit.from_parameters.rows.tolist()}
        if self.own is not None:
            bound |= set(np.flatnonzero((self.own != self.own[0]).any(axis=0)).tolist())
        return set(range(len(self.circuit.offset))) - bound


@dataclass
class Wires:
    """The ops of a program so far. ``at``: the register of each qubit in use; ``left``: the outcome of qubits that were
    projected and are not in use again; ``given``: all projections so far."""

    prefix: str = "qubit"
    at: dict[int, str] = field(default_factory=dict)
    left: dict[int, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    ops: list[Op] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    subnormalisation: float = 1.0
    _counts: dict[str, int] = field(default_factory=dict)

    def fresh(self, base: str, size: int = 1) -> str:
        """A new register, called ``base[k]``."""
        number = self._counts.get(base, 0)
        self._counts[base] = number + 1
        name = f"{base}[{number}]"
        self.sizes[name] = size
        return name

    def table(self, base: str, values: Numbers) -> str:
        """A new table of these numbers."""
        number = self._counts.get(f"{base}-", 0)
        self._counts[f"{base}-"] = number + 1
        name = f"{base}-{number}"
        self.tables[name] = Table(values)
        return name

    def program(self, name: str, readouts: Sequence[Readout]) -> Program:
        """The program of these ops."""
        registers = tuple(Register(register, size) for register, size in self.sizes.items())
        return Program(
            name, "attention", registers, self.tables, tuple(self.ops), tuple(readouts), self.subnormalisation
        )

    def project(self, registers: Sequence[str], origin: str) -> None:
        """Project registers on zero: what follows is conditional on it."""
        self.ops.append(Project(tuple(registers), origin=origin))
        self.given += registers

    def discard(self, qubits: Sequence[int], origin: str) -> None:
        """Trace out qubits in use, if there are any: they are in zero again."""
        if qubits:
            self.ops.append(Discard(tuple(self.at.pop(qubit) for qubit in qubits), origin=origin))

    def load(
        self,
        registers: Sequence[str],
        rows: Numbers,
        origin: str,
        *,
        index: tuple[str, ...] = (),
        inverse: bool = False,
    ) -> None:
        """Load the row (1, 2^n) on registers, or rows by an index; take it back, and project them on zero."""
        data = tuple(registers) if len(registers) > 1 else registers[0]
        self.ops.append(LoadTokens(data, index, self.table("amplitudes", rows), inverse, origin=origin))
        if inverse:
            self.project(registers, origin)

    # Circuits

    def apply(
        self,
        bound: Bound,
        seen: set[int] | None = None,
        *,
        index: tuple[str, ...] = (),
        inverse: bool = False,
        skip: frozenset[int] = frozenset(),
    ) -> None:
        """Apply a circuit, or its inverse. With ``seen`` what none of these qubits depends on is left out; gates at the
        places ``skip`` are too. With an ``index`` the inputs are by its values."""
        circuit = bound.circuit
        kept = range(len(circuit.gates)) if seen is None else light_cone(circuit.gates, seen)
        chosen = [place for place in kept if place not in skip]
        segments = _Segments(self, bound, index, inverse)
        ended = _ends(circuit, chosen)
        for place in reversed(chosen) if inverse else chosen:
            origin = circuit.pointers[circuit.blocks[place]]
            segments.add(circuit.gates[place], origin)
            if place in ended:
                segments.flush()
                self.discard([qubit for qubit in ended[place] if qubit in self.at], origin)
        segments.flush()

    def qubit(self, qubit: int) -> tuple[str, bool]:
        """The register of a qubit, a new one if it has none, and whether that is to be turned to 1 first."""
        if qubit in self.at:
            return self.at[qubit], False
        turned = bool(self.left.pop(qubit, 0))
        self.at[qubit] = self.fresh(self.prefix)
        return self.at[qubit], turned

    def measure(self, bases: Sequence[tuple[int, str]], origin: str) -> Readout:
        """Measure qubits in the bases of these letters: the values are an index."""
        registers = tuple(self.ready(qubit, origin) for qubit, _ in bases)
        gates = [text for place, (_, letter) in enumerate(bases) for text in _to_basis(letter, place)]
        if gates:
            self.ops.append(ApplyCircuit(registers, tuple(gates), self.table("basis", np.zeros((1, 0))), origin=origin))
        for quantity in ("weights", "overlaps"):
            self.ops.append(SaveProbabilities(registers, quantity, origin=origin))
        self.ops.append(Project(registers, origin=origin))
        return Readout(OUTCOMES, tuple(self.given), (), registers)

    def ready(self, qubit: int, origin: str) -> str:
        """The register of a qubit, which is allocated if it is not in use."""
        known = qubit not in self.at
        register, turned = self.qubit(qubit)
        if known:
            self.ops.append(
                ApplyCircuit(
                    (register,), ("x 0",) if turned else (), self.table("basis", np.zeros((1, 0))), origin=origin
                )
            )
        return register


def _ends(circuit: Circuit, chosen: Sequence[int]) -> dict[int, list[int]]:
    """By the places of gates: the qubits that are reset after them. Circuits with resets have no inverse."""
    first = circuit.qubits - circuit.discarded
    last = {qubit: place for place in chosen for qubit in circuit.gates[place].qubits if qubit >= first}
    found: dict[int, list[int]] = {}
    for qubit, place in last.items():
        found.setdefault(place, []).append(qubit)
    return found


class _Segments:
    """Collects the gates of a block until something else than gates comes."""

    def __init__(self, wires: Wires, bound: Bound, index: tuple[str, ...], inverse: bool) -> None:
        self.wires, self.bound, self.index, self.inverse = wires, bound, index, inverse
        self.values = np.atleast_2d(bound.values)
        self.inputs = np.atleast_2d(bound.inputs)
        self.fixed = bound.fixed
        self.origin = ""
        self.data: list[str] = []
        self.gates: list[str] = []
        self.columns: list[Real] = []

    def add(self, gate: Gate, origin: str) -> None:
        """One more gate, of the block with this pointer; of an inverse the last one first."""
        if origin != self.origin:
            self.flush()
            self.origin = origin
        if isinstance(gate, Clifford):
            self._clifford(gate)
        elif isinstance(gate, Rotation):
            self._rotation(gate)
        elif isinstance(gate, Multiplexor):
            controls, values = self._live(gate.controls, gate.values)
            columns = neuron_angle(self.values[:, values], gate.order)
            kind = "m" if controls else "r"
            shared = self.bound.shared.issuperset(values)
            self._text(f"{kind}{gate.axis}", (*controls, gate.target), columns, shared)
        elif isinstance(gate, Flip):
            self._text("rx", gate.qubits, np.where(self.inputs[:, gate.input, None] > 0.5, np.pi, 0.0))
        else:
            self.flush()
            self._single(gate)

    def _known(self, qubit: int) -> int | None:
        """The value of a qubit to which nothing was done, or nothing after its projection."""
        return None if qubit in self.wires.at else self.wires.left.get(qubit, 0)

    def _live(self, qubits: tuple[int, ...], values: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The qubits whose value is not known, and the places of the values for what is known of the others."""
        known = [self._known(qubit) for qubit in qubits]
        kept = [
            value
            for row, value in enumerate(values)
            if all(one in (None, row >> (len(qubits) - 1 - place) & 1) for place, one in enumerate(known))
        ]
        return tuple(qubit for qubit, one in zip(qubits, known, strict=True) if one is None), tuple(kept)

    def _clifford(self, gate: Clifford) -> None:
        known = self._known(gate.qubits[0]) if gate.name in ("cx", "cy", "cz") else None
        if known is None:
            self._text(gate.name, gate.qubits)
        elif known:
            self._text(gate.name[1], gate.qubits[1:])

    def _rotation(self, gate: Rotation) -> None:
        if gate.value in self.fixed:
            angle = float(self.values[0, gate.value])
            self._text(f"r{gate.paulis}", gate.qubits, said=f" :{angle!r}")
            return
        column = self.values[:, gate.value, None]
        self._text(f"r{gate.paulis}", gate.qubits, column, gate.value in self.bound.shared)

    def _text(
        self,
        name: str,
        qubits: tuple[int, ...],
        columns: Real | None = None,
        shared: bool = False,
        said: str = "",
    ) -> None:
        places = [self._place(qubit) for qubit in qubits]
        if columns is not None:
            said = f" {'=' if shared else '@'}{sum(found.shape[1] for found in self.columns)}"
            self.columns.append(reduced(columns, 2))
        self.gates.append(f"{name} {' '.join(map(str, places))}{said}")

    def _place(self, qubit: int) -> int:
        register, turned = self.wires.qubit(qubit)
        if register not in self.data:
            self.data.append(register)
        if turned:
            self.gates.append(f"x {self.data.index(register)}")
        return self.data.index(register)

    def flush(self) -> None:
        """Write the gates so far as one op."""
        if self.gates:
            # The gates were collected in the order in which they are applied: of an inverse that is the inverse order.
            gates = tuple(reversed(self.gates)) if self.inverse else tuple(self.gates)
            values = np.concatenate(self.columns, axis=1) if self.columns else np.zeros((len(self.values), 0))
            table = self.wires.table("angles", values if self.index else values[:1])
            self.wires.ops.append(
                ApplyCircuit(tuple(self.data), gates, table, self.index, self.inverse, origin=self.origin)
            )
        self.data, self.gates, self.columns = [], [], []

    def _single(self, gate: Gate) -> None:
        """What is an op of its own."""
        wires, origin = self.wires, self.origin
        if isinstance(gate, Projection):
            self._project(gate)
            return
        if isinstance(gate, Damping):
            self._damp(gate)
            return
        registers = tuple(self._ready(qubit) for qubit in gate.qubits)
        if isinstance(gate, Load):
            rows = loaded(gate, self.inputs)[: None if self.index else 1]
            wires.load(registers, rows, origin, index=self.index, inverse=self.inverse)
            for qubit in gate.qubits if self.inverse else ():
                del wires.at[qubit]
        elif isinstance(gate, FixedUnitary):
            matrix = gate.matrix.conj().T if self.inverse else gate.matrix
            name = wires.table("matrix", matrix)
            data = registers if len(registers) > 1 else registers[0]
            wires.ops.append(ApplyUnitary(data, "matrix", name, origin=origin))

    def _ready(self, qubit: int) -> str:
        register, turned = self.wires.qubit(qubit)
        if turned:
            table = self.wires.table("angles", np.zeros((1, 0)))
            self.wires.ops.append(ApplyCircuit((register,), ("x 0",), table, origin=self.origin))
        return register

    def _project(self, gate: Projection) -> None:
        wires = self.wires
        if gate.outcome:
            self._text("x", gate.qubits)
            self.flush()
        register = self._ready(gate.qubit)
        if not any(register in op.targets for op in wires.ops):
            table = wires.table("angles", np.zeros((1, 0)))
            wires.ops.append(ApplyCircuit((register,), (), table, origin=self.origin))
        wires.project((register,), self.origin)
        del wires.at[gate.qubit]
        wires.left[gate.qubit] = gate.outcome

    def _damp(self, gate: Damping) -> None:
        """A flag that is in zero with amplitude r(x) / max r, and is projected on it."""
        wires = self.wires
        qubits, values = self._live(gate.qubits, gate.values)
        registers = tuple(wires.at[qubit] for qubit in qubits)
        radii = neuron_radius(self.values[0, values], gate.order)
        most = float(radii.max())
        shares = np.minimum(radii / most, 1.0)
        flag = wires.fresh("flag")
        table = wires.table("radii", np.stack([shares, np.sqrt(1 - shares**2)], axis=1))
        wires.ops.append(LoadTokens(flag, registers, table, origin=self.origin))
        wires.project((flag,), self.origin)
        wires.subnormalisation *= most


def _to_basis(letter: str, place: int) -> list[str]:
    """What turns the eigenstates of a Pauli into those of Z."""
    return {"X": [f"h {place}"], "Y": [f"sdg {place}", f"h {place}"], "Z": []}[letter]
