"""Placement and routing by Qiskit's SABRE: Li, Ding, Xie, ASPLOS 2019, and its later refinements in Qiskit.

SABRE starts from random placements, so one attempt says little: on multiplexors the best of twenty needs two thirds of
the two-qubit gates of the median. An attempt is a few milliseconds for small circuits; :class:`Router` is built once
and tried with many seeds.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from qiskit.circuit import QuantumCircuit
from qiskit.transpiler import CouplingMap, PassManager
from qiskit.transpiler.passes import SabreLayout

from qsac.errors import DoesNotFitError, present
from qsac.machine.target import Target
from qsac.native.circuit import GATES, KIND, NativeCircuit
from qsac.native.columns import Columns
from qsac.passes.circuit._routed import Routed
from qsac.passes.circuit._tracing import Followed


class Router:
    """Routes one circuit to one device, as often as asked, each time with another seed.

    ``nodes`` are the device's qubits that can be reached from each other: the largest connected part of its coupling
    graph. Nodes are counted by their place there.
    """

    def __init__(self, circuit: NativeCircuit, target: Target) -> None:
        self.nodes = target.part
        if len(circuit.qubits) > len(self.nodes):
            raise DoesNotFitError(
                f"the circuit does not fit {target.name}",
                code="capacity.too-many-qubits",
                found=f"{len(circuit.qubits)} qubits",
                wanted=f"at most the {len(self.nodes)} that its working two-qubit gates connect",
            )
        self._circuit = circuit
        place = {node: index for index, node in enumerate(self.nodes)}
        pairs = [(place[a], place[b]) for a, b in target.coupling or () if a in place and b in place]
        self._coupling = CouplingMap([*pairs, *((b, a) for a, b in pairs)])
        self._parts = _parts(circuit)
        self._written = _written(circuit, self._parts)

    def attempt(self, seed: int, optimisation: int) -> Routed:
        """One placement and routing; the same for the same seed. From the ``-O`` level comes how many trials it is the
        best of.

        Exact: nothing but swaps is added. Measurements keep their bits.
        """
        trials, iterations = _TRIALS[min(optimisation, len(_TRIALS) - 1)]
        layout = SabreLayout(
            self._coupling, seed=seed, max_iterations=iterations, swap_trials=trials, layout_trials=trials
        )
        routed = PassManager([layout]).run(self._written)
        place = {qubit: index for index, qubit in enumerate(routed.qubits)}
        bit = {clbit: index for index, clbit in enumerate(routed.clbits)}
        initial = tuple(routed.layout.initial_index_layout(filter_ancillas=True))
        followed = Followed(self._circuit, itertools.chain(*self._parts), initial, len(self.nodes))
        columns, stop, barriers = Columns(), 0, 0
        boundary: tuple[int, ...] = ()
        for instruction in routed.data:
            operation = instruction.operation
            qubits = [place[qubit] for qubit in instruction.qubits]
            if operation.name == "barrier":
                barriers += 1
                if barriers == _BOUNDARY:
                    stop, boundary = len(columns), tuple(qubits)
                continue
            if operation.name == "swap":
                followed.swap(len(columns), qubits)
                for control, goal in (qubits, qubits[::-1], qubits):
                    columns.append("CX", control, goal)
                continue
            followed.gate(len(columns), qubits)
            if operation.name == "rz":
                columns.append("Rz", qubits[0], -1, float(operation.params[0]) / math.pi)
            else:
                columns.append(_NATIVE[operation.name], *qubits, *(bit[clbit] for clbit in instruction.clbits))
        kind, first, second, angles = columns.arrays()
        return Routed(
            replace(
                self._circuit,
                qubits=tuple(("node", node) for node in self.nodes),
                kind=kind,
                first=first,
                second=second,
                angles=angles,
                provenance=followed.provenance(len(kind)),
            ),
            stop=stop,
            initial=initial,
            boundary=boundary,
            final=tuple(routed.layout.final_index_layout()),
        )


_TRIALS = ((5, 2), (20, 2), (20, 4))
"""For each ``-O`` level, the trials of the layout and of the routing, and iterations of the layout: those of Qiskit's
levels 1 to 3."""

_BOUNDARY = 2
"""Which barrier is at the snapshot's stop."""

_NATIVE = {"sx": "SX", "x": "X", "cz": "CZ", "measure": "Measure", "reset": "Reset"}


def _parts(circuit: NativeCircuit) -> list[list[int]]:
    """The gates of a circuit, by their places, in parts that barriers keep apart.

    One barrier keeps what the snapshot is of in one place. Others are before the last measurements: a qubit that is
    measured once it is where it ends can be swapped in one block with the gates before that.
    """
    rows = list(zip(circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist(), strict=True))
    two = KIND["CZ"]
    last = {qubit: place for place, (kind, *ends) in enumerate(rows) for qubit in ends[: 2 if kind == two else 1]}
    ended = [kind == KIND["Measure"] and last[qubit] == place for place, (kind, qubit, _) in enumerate(rows)]
    stop = circuit.snapshot.stop if circuit.snapshot else len(rows)
    halves = (range(stop), range(stop, len(rows)))
    return [[place for place in half if ended[place] == late] for half in halves for late in (False, True)]


def _written(circuit: NativeCircuit, parts: Sequence[Sequence[int]]) -> QuantumCircuit:
    """The circuit, of SX, X, Rz, CZ, measurements and resets, in Qiskit, with barriers over all qubits between its
    parts."""
    written = QuantumCircuit(len(circuit.qubits), len(circuit.bits))
    write: dict[str, Any] = {
        "Rz": lambda a, _, x: written.rz(math.pi * x, a),
        "SX": lambda a, *_: written.sx(a),
        "X": lambda a, *_: written.x(a),
        "CZ": lambda a, b, _: written.cz(a, b),
        "Measure": lambda a, b, _: written.measure(a, b),
        "Reset": lambda a, *_: written.reset(a),
    }
    writers = [write.get(gate.name) for gate in GATES]
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles[:, 0])
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    for number, part in enumerate(parts):
        if number:
            written.barrier()
        for kind, *rest in map(rows.__getitem__, part):
            present(writers[kind], f"the way to write {GATES[kind].name}")(*rest)
    return written
