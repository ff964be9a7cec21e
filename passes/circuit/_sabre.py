"""Placement and routing by Qiskit's SABRE: Li, Ding, Xie, ASPLOS 2019, and its later refinements in Qiskit.

SABRE starts from random placements, so one attempt says little: on multiplexors the best of twenty needs two thirds of
the two-qubit gates of the median. An attempt is a few milliseconds for small circuits; :class:`Router` is built once
and tried with many seeds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import networkx as nx
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.circuit.library import CZGate, Measure, Reset, RZGate, SXGate, XGate
from qiskit.transpiler import InstructionProperties, PassManager, generate_preset_pass_manager, passes
from qiskit.transpiler import Target as QiskitTarget

from qsac.emit.columns import Columns
from qsac.errors import DoesNotFitError
from qsac.ir.native import GATES, KIND, NativeCircuit
from qsac.pipeline import Target

_BOUNDARY = "after-profile"


@dataclass(frozen=True)
class Routed:
    """A circuit of SX, X, Rz, CZ, Measure and Reset on the router's nodes, and where the input's qubits are in it.

    ``initial``, ``boundary`` and ``final`` give the node of every qubit of the input before the circuit, after its
    first ``stop`` gates and after all of it. ``reachable`` is about the number of two-qubit gates that simplification
    can bring it to.
    """

    circuit: NativeCircuit
    stop: int
    initial: tuple[int, ...]
    boundary: tuple[int, ...]
    final: tuple[int, ...]
    reachable: int


class Router:
    """Routes one circuit to one device, as often as asked, each time with another seed.

    ``nodes`` are the device's qubits that can be reached from each other: the largest connected part of its coupling
    graph. Nodes are counted by their place there.
    """

    def __init__(self, circuit: NativeCircuit, target: Target) -> None:
        graph = nx.Graph(target.coupling)
        self.nodes: tuple[int, ...] = max((tuple(sorted(part)) for part in nx.connected_components(graph)), key=len)
        if len(circuit.qubits) > len(self.nodes):
            raise DoesNotFitError(
                f"the circuit does not fit {target.name}",
                found=f"{len(circuit.qubits)} qubits",
                wanted=f"at most the {len(self.nodes)} that its working two-qubit gates connect",
            )
        self._circuit = circuit
        self._device = _described(target, self.nodes)
        self._written = _written(circuit)
        # Qiskit's own stages hold RemoveIdentityEquivalent, CommutativeCancellation and resyntheses of two-qubit
        # blocks, which drop rotations by less than some 1e-6, and many of these add up. These passes are exact to
        # rounding; a resynthesis only counts what an exact one could reach.
        one_qubit = passes.Optimize1qGatesDecomposition(target=self._device)
        self._before = PassManager(
            [passes.ElidePermutations(), passes.RemoveDiagonalGatesBeforeMeasure(), passes.InverseCancellation()]
        )
        self._after = PassManager([one_qubit])
        self._resynthesis = PassManager(_resynthesis(self._device))

    def attempt(self, seed: int, level: int, *, estimate: bool) -> Routed:
        """One placement and routing; the same for the same seed. ``level`` is Qiskit's level of optimisation.

        Exact to rounding. Measurements keep their bits. ``estimate`` asks for ``reachable``, which takes its time.
        """
        manager = generate_preset_pass_manager(
            optimization_level=level, target=self._device, seed_transpiler=seed, approximation_degree=1.0
        )
        manager.init, manager.optimization = self._before, self._after if level else None
        routed = manager.run(self._written)
        place = {qubit: index for index, qubit in enumerate(routed.qubits)}
        bit = {clbit: index for index, clbit in enumerate(routed.clbits)}
        columns, stop = Columns(), 0
        boundary: tuple[int, ...] = ()
        for instruction in routed.data:
            operation = instruction.operation
            qubits = [place[qubit] for qubit in instruction.qubits]
            if operation.name == "barrier":
                if operation.label == _BOUNDARY:
                    stop, boundary = len(columns), tuple(qubits)
            elif operation.name == "rz":
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
            ),
            stop=stop,
            initial=tuple(routed.layout.initial_index_layout(filter_ancillas=True)),
            boundary=boundary,
            final=tuple(routed.layout.final_index_layout()),
            reachable=self._resynthesis.run(routed).count_ops().get("cz", 0)
            if estimate
            else int((kind == KIND["CZ"]).sum()),
        )


def _resynthesis(device: QiskitTarget) -> list[Any]:
    if hasattr(passes, "TwoQubitPeepholeOptimization"):  # Qiskit 2.4, and the better guess
        return [passes.TwoQubitPeepholeOptimization(device)]
    return [
        passes.Collect2qBlocks(),
        passes.ConsolidateBlocks(target=device),
        passes.UnitarySynthesis(target=device),
    ]


_NATIVE = {"sx": "SX", "x": "X", "cz": "CZ", "measure": "Measure", "reset": "Reset"}


def _described(target: Target, nodes: tuple[int, ...]) -> QiskitTarget:
    """The device as a CZ device in Qiskit's terms, with its error rates: placement prefers the better qubits."""
    place = {node: index for index, node in enumerate(nodes)}
    errors = target.errors
    one = dict(enumerate(errors.one_qubit_by_qubit)) if errors else {}
    two = {(a, b): error for a, b, error in errors.two_qubit_by_edge} if errors else {}
    read = {q: (zero + one) / 2 for q, (zero, one) in enumerate(errors.measure_by_qubit)} if errors else {}

    def everywhere(table: dict[int, float]) -> dict[tuple[int, ...], InstructionProperties]:
        return {(index,): InstructionProperties(error=table.get(node)) for index, node in enumerate(nodes)}

    pairs = {}
    for a, b in target.coupling or ():
        if a in place and b in place:
            known = InstructionProperties(error=two.get((a, b)))
            pairs[place[a], place[b]] = pairs[place[b], place[a]] = known
    device = QiskitTarget(num_qubits=len(nodes))
    device.add_instruction(CZGate(), pairs)
    device.add_instruction(SXGate(), everywhere(one))
    device.add_instruction(XGate(), everywhere(one))
    device.add_instruction(RZGate(Parameter("angle")), everywhere(dict.fromkeys(nodes, 0.0)))
    device.add_instruction(Measure(), everywhere(read))
    device.add_instruction(Reset(), everywhere({}))
    return device


def _written(circuit: NativeCircuit) -> QuantumCircuit:
    """The circuit in Qiskit. A barrier over all qubits keeps what the profile is of in one place."""
    written = QuantumCircuit(len(circuit.qubits), len(circuit.bits))
    write: dict[str, Any] = {
        "PhasedX": lambda a, _, x, y: written.r(math.pi * x, math.pi * y, a),
        "Rz": lambda a, _, x, __: written.rz(math.pi * x, a),
        "SX": lambda a, *_: written.sx(a),
        "X": lambda a, *_: written.x(a),
        "ZZPhase": lambda a, b, x, _: written.rzz(math.pi * x, a, b),
        "CZ": lambda a, b, *_: written.cz(a, b),
        "Measure": lambda a, b, *_: written.measure(a, b),
        "Reset": lambda a, *_: written.reset(a),
        "ECR": lambda a, b, *_: written.ecr(a, b),
        "CX": lambda a, b, *_: written.cx(a, b),
    }
    writers = [write[gate.name] for gate in GATES]
    stop = circuit.profile.stop if circuit.profile else None
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles[:, 0], circuit.angles[:, 1])
    for index, (kind, *rest) in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        if index == stop:
            written.barrier(label=_BOUNDARY)
        writers[kind](*rest)
    if stop == len(circuit):
        written.barrier(label=_BOUNDARY)
    return written
