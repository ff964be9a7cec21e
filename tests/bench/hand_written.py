"""Transformers as a user writes them by hand who knows the construction: qsac's program before any of its passes, each
op with the library's own parts, each register on qubits of its own.

Loaders are Qiskit's UCRY gates, one a level of the binary tree (``multiplexed``), or one preparation for each row that
is controlled by the index (``controlled``). Tables are real in all models that are measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit.library import StatePreparation, UCRYGate, UnitaryGate

from qsac.families.transformer.family import FAMILY
from qsac.families.transformer.model import Model
from qsac.ir.attention import (
    ApplyUnitary,
    LoadTokens,
    Multiply,
    PrepareIndex,
    PrepareKeys,
    Project,
    SelectIndex,
)
from qsac.ir.op import Op, registers_of
from qsac.ir.program import Program
from qsac.ir.save_probabilities import SaveProbabilities

Loaders = Literal["multiplexed", "controlled"]
Real = NDArray[np.float64]


@dataclass(frozen=True)
class Wanted:
    """``probability`` is that with which all of ``zero`` are measured as 0 and ``word``, least significant first, as
    the number ``value``."""

    name: str
    zero: tuple[int, ...]
    word: tuple[int, ...]
    value: int
    probability: float


@dataclass(frozen=True)
class Written:
    """A circuit without measurements, and what its measurements must give. The qubits ``given`` are post-selected on 0:
    they are so with the probability ``success``."""

    circuit: QuantumCircuit
    given: tuple[int, ...]
    wanted: tuple[Wanted, ...]
    success: float


def written(model: Model, loaders: Loaders = "multiplexed") -> Written:
    """The one circuit of a model."""
    (step,) = FAMILY.plan(model).circuits
    writer = Writer(step.program, loaders)
    for op in step.program.ops:
        writer.write(op)
    (expected,) = model.readout.expected(model).values()
    scale = step.program.subnormalisation**2
    first = step.program.readouts[0]
    given, word = writer.qubits(first.given), writer.qubits(first.index)
    if first.index:
        assert expected.index is not None
        wanted = tuple(
            Wanted(f"word {value}", given, word, value, float(part) / scale)
            for value, part in enumerate(expected.index.joint)
        )
    else:
        wanted = tuple(
            Wanted(one.metric, (*given, *writer.qubits(one.success)), (), 0, expected.success[one.metric] / scale)
            for one in step.program.readouts
        )
    success = expected.given / scale
    wanted = (Wanted("success", given, (), 0, success), *wanted)
    return Written(writer.circuit, given, wanted, success)


class Writer:
    """A program's ops as gates."""

    def __init__(self, program: Program, loaders: Loaders) -> None:
        self._program, self._loaders = program, loaders
        self._places: dict[str, list[int]] = {}
        start = 0
        for register in program.registers:
            self._places[register.name] = list(range(start, start + register.size))
            start += register.size
        self.circuit = QuantumCircuit(start, name=program.name)

    def qubits(self, names: Iterable[str]) -> tuple[int, ...]:
        """The qubits of registers that are one number, the first most significant: least significant first."""
        return tuple(qubit for name in reversed(tuple(names)) for qubit in self._places[name])

    def write(self, op: Op) -> None:
        match op:
            case LoadTokens():
                rows = self._program.tables[op.table].values
                self._load(rows, op.index, registers_of(op.data), op.when, inverse=op.inverse)
            case PrepareKeys():
                self._load(np.tri(op.length), (op.query,), (op.key,), (), inverse=op.adjoint_load)
            case PrepareIndex() | Project(state="uniform"):
                (name,) = op.registers if isinstance(op, Project) else (op.index,)
                uniform(self.circuit, list(self.qubits((name,))), op.length, inverse=isinstance(op, Project))
            case Multiply():
                for target, source in zip(self._places[op.data], self._places[op.by], strict=True):
                    self.circuit.mcx([*self.qubits(op.when), source], target)
            case SelectIndex():
                self._select(op)
            case ApplyUnitary(form="matrix"):
                gate = UnitaryGate(self._program.tables[op.table].values)
                chosen = gate.control(len(op.when)) if op.when else gate
                self.circuit.append(chosen, [*self.qubits(op.when), *self.qubits(registers_of(op.data))])
            case Project() | SaveProbabilities():
                pass
            case _:
                raise TypeError(f"nobody has said how {op.name} is written by hand")

    def _load(
        self, rows: NDArray[Any], index: tuple[str, ...], data: tuple[str, ...], when: tuple[str, ...], *, inverse: bool
    ) -> None:
        load = multiplexed_load if self._loaders == "multiplexed" else controlled_load
        load(self.circuit, rows, list(self.qubits(index)), list(self.qubits(data)), list(self.qubits(when)), inverse)

    def _select(self, op: SelectIndex) -> None:
        if not op.swap:
            raise TypeError("half of a swap is no gate of a library")
        # Where the branch is 0.
        (branch,) = self._places[op.degree]
        self.circuit.x(branch)
        for pair in zip(self._places[op.query], self._places[op.key], strict=True):
            self.circuit.cswap(branch, *pair)
        self.circuit.x(branch)


def uniform(circuit: QuantumCircuit, register: list[int], length: int, *, inverse: bool = False) -> None:
    """The uniform state over ``length`` values, or its inverse."""
    if length == 1 << len(register):
        circuit.h(register)
        return
    row = np.zeros(1 << len(register))
    row[:length] = length**-0.5
    _prepare(circuit, row, register, inverse=inverse)


def _prepare(circuit: QuantumCircuit, row: Real, register: list[int], *, inverse: bool) -> None:
    gate = StatePreparation(row / np.linalg.norm(row))
    circuit.append(gate.inverse() if inverse else gate, register)


def levels(rows: Real) -> list[Real]:
    """The RY angles of each level of a loader, from the first one on; signs are in the last."""
    found, values = [], rows
    while values.shape[1] > 1:
        found.append(2 * np.arctan2(values[:, 1::2], values[:, ::2]).reshape(-1))
        values = np.hypot(values[:, ::2], values[:, 1::2])
    return found[::-1]


def multiplexed_load(
    circuit: QuantumCircuit, rows: NDArray[Any], index: list[int], data: list[int], when: list[int], inverse: bool
) -> None:
    """Load ``rows`` by ``index`` where all of ``when`` are 1, or undo it: one UCRY for each qubit of ``data``. Without
    an index it is the preparation of one state. Values of the index beyond the rows load |0>."""
    padded = np.zeros((1 << len(index), 1 << len(data)))
    padded[:, 0] = 1.0
    padded[: len(rows), : rows.shape[1]] = rows.real
    if not index and not when and len(data) > 1:
        _prepare(circuit, padded[0], data, inverse=inverse)
        return
    part = QuantumCircuit(circuit.num_qubits)
    for level, angles in enumerate(levels(padded)):
        target = len(data) - 1 - level
        gated = np.concatenate([np.zeros(len(angles) * ((1 << len(when)) - 1)), angles])
        part.append(UCRYGate(gated.tolist()), [data[target], *data[target + 1 :], *index, *when])
    circuit.compose(part.inverse() if inverse else part, inplace=True)


def controlled_load(
    circuit: QuantumCircuit, rows: NDArray[Any], index: list[int], data: list[int], when: list[int], inverse: bool
) -> None:
    """The same, one preparation for each row, controlled by the index."""
    for place, row in enumerate(rows):
        preparation = QuantumCircuit(len(data))
        padded = np.zeros(1 << len(data))
        padded[: len(row)] = row.real
        _prepare(preparation, padded, list(range(len(data))), inverse=inverse)
        gate = preparation.decompose().to_gate(label=f"row {place}")
        controls = [*index, *when]
        state = place + (((1 << len(when)) - 1) << len(index))
        chosen = gate.control(len(controls), ctrl_state=state, annotated=False) if controls else gate
        circuit.append(chosen, [*controls, *data])
