"""Two-qubit blocks in as few gates as they need, gates that commute brought together first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.native.circuit import NativeCircuit
from qsac.native.provenance import mask_of
from qsac.passes.circuit._blocks import Runs, Taken
from qsac.passes.circuit._resynthesis import least as least_gates
from qsac.passes.circuit._resynthesis import resynthesised
from qsac.passes.circuit._rewriting import Edit, edited, squeezed
from qsac.passes.circuit._writing import Content, content_of, shorter
from qsac.pipeline.contract import CircuitPass, PassContext

_GATES = ("PhasedX", "Rz", "ZZPhase", "Measure", "Reset")
_GATES_OF_CZ = ("SX", "X", "Rz", "CZ", "Measure", "Reset")


@dataclass(frozen=True)
class ResynthesiseBlocks(CircuitPass):
    """Write two-qubit blocks in as few gates as they need, gates that commute brought together first.

    Needs a circuit of PhasedX, Rz and ZZPhase, or of SX, X, Rz and CZ, with measurements and resets and at most
    ``most`` two-qubit gates; others stay as they are. Guarantees the same outcomes, exactly, and fewer two-qubit gates
    or no change, none of them on a pair that had none. A block is a run of gates on one pair. Gates of others that
    stand in between are moved out of it where they commute with what they pass: ZZPhase and CZ with each other and with
    changes of frame. So loads and inverse loads meet: angles on a pair are added, and gates that undo each other
    vanish. Any block takes at most three gates. Two ZZPhase around a rotation of one of the qubits become one; a block
    of ZZPhase takes two where one of its qubits begins in zero, one where both do, and none for a swap at its end: the
    qubits stand for each other from there on, except where the target has a coupling graph. Nothing passes a
    measurement, a reset, or gates of an op with a barrier; only what is diagonal passes the place of the ``snapshot``.
    What is written belongs to all ops whose gates it replaces.
    """

    name: ClassVar[str] = "resynthesise-blocks"
    level: ClassVar[Literal["circuit"]] = "circuit"
    optimisation: ClassVar[int] = 1

    most: int = 1 << 14

    def apply(self, circuit: NativeCircuit, context: PassContext) -> NativeCircuit:
        """The circuit with fewer two-qubit gates, or as it is."""
        if circuit.two_qubit_gates > self.most:
            return circuit
        if circuit.count(*_GATES_OF_CZ) == len(circuit) and not context.barriers:
            return _in_cz(circuit)
        if circuit.count(*_GATES) < len(circuit):
            return circuit
        apart = mask_of(context.barriers)
        least: set[Content] = set()
        while True:
            runs = _runs(circuit, apart)
            edits = list(_edits(circuit, runs, least, swaps=context.target.coupling is None))
            if not edits:
                return circuit
            circuit = edited(circuit, edits)
            runs = _runs(circuit, apart)
            circuit = squeezed(circuit, *runs.on_wires, runs.parted)


def _in_cz(circuit: NativeCircuit) -> NativeCircuit:
    """The circuit with its blocks in as few CZ as they need, before and after the place of the profile."""
    stop = circuit.snapshot.stop if circuit.snapshot else len(circuit)
    parts = [circuit.rows(slice(None, stop)), circuit.rows(slice(stop, None))]
    if sum(map(least_gates, parts)) == circuit.two_qubit_gates:
        return circuit
    parts = [resynthesised(part) for part in parts]
    snapshot = circuit.snapshot and circuit.snapshot._replace(stop=len(parts[0]))
    return replace(circuit.joined(parts), snapshot=snapshot)


def _runs(circuit: NativeCircuit, apart: int) -> Runs:
    return Runs.of(circuit, circuit.snapshot.stop if circuit.snapshot else len(circuit), _apart(circuit, apart))


def _apart(circuit: NativeCircuit, mask: int) -> NDArray[np.int64]:
    """Of each gate which of the ops that are kept apart it is of, as a number."""
    known = circuit.provenance
    if not mask or not len(known.of):
        return np.zeros(len(circuit), np.int64)
    numbers: dict[int, int] = {0: 0}
    sets = [numbers.setdefault(mask & mask_of(ids), len(numbers)) for ids in known.sets]
    return np.array(sets, np.int64)[known.of]


def _edits(circuit: NativeCircuit, runs: Runs, least: set[Content], *, swaps: bool) -> Iterator[Edit]:
    """Blocks in fewer gates, as many as do not depend on each other. ``least`` are those that were found to have as few
    as they need, by what they hold; it is brought up to date."""
    taken = Taken()
    for chain in range(len(runs.chains)):
        free = 0
        for start, block in runs.blocks(chain):
            if start < free or not taken.leaves(block):
                continue
            content, rows = content_of(circuit, runs, block)
            if content in least:
                continue
            edit = shorter(block, content, rows, swaps=swaps)
            if edit is None:
                least.add(content)
                continue
            taken.add(block, swapped=edit.swapped is not None)
            yield edit
            if edit.swapped:
                return
            free = start + len(block.gates)
