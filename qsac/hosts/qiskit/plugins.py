"""Methods of Qiskit's high-level synthesis that decline whatever Qiskit does in as few gates."""

from __future__ import annotations

from typing import Any

from qiskit.transpiler.passes.synthesis.high_level_synthesis import HLSConfig
from qiskit.transpiler.passes.synthesis.plugin import HighLevelSynthesisPlugin

from qsac.hosts.qiskit.counting import Machine

METHOD = "qsac"
METHODS = ("state_preparation", "isometry", "multiplexer", "ucrx", "ucry", "ucrz", "diagonal", "qsac_rows")
"""The operations that have a method ``qsac``, by Qiskit's names."""

_QUICK = 64
"""Most numbers that rotated ladders are solved for below level 3."""


class BlockSynthesis(HighLevelSynthesisPlugin):  # type: ignore[misc]  # Qiskit is read without type information
    """The method ``qsac`` of each of :data:`METHODS`.

    It gives a circuit where Qiskit, with the same machine and level, leaves fewer two-qubit gates of it than of the
    gate itself, and None, whereupon Qiskit does as ever, in all other cases: other forms of the gate, qubits that may
    not be in zero before a state is prepared (a block is the same as the gate from there alone), unknown sets of
    gates, qubits that are placed already, numbers that qsac refuses, and any fault. On a machine with a coupling map
    both are routed to be compared. The option ``optimisation``, 0 to 3, is that of :func:`qsac.synthesis.state`;
    ``from_zero``: the caller promises that qubits begin in zero, where no tracker of Qiskit's says so. ``level`` is
    Qiskit's where that does not say which it is.
    """

    def __init__(self, level: int = 2) -> None:
        self.level = level
        self.accepted = 0
        """How many gates it has given a circuit for."""

    def run(
        self,
        high_level_object: object,
        coupling_map: object = None,
        target: object = None,
        qubits: list[int] | None = None,
        **options: Any,
    ) -> Any:
        try:
            found = _better(
                high_level_object, coupling_map, target, qubits, {"optimization_level": self.level} | options
            )
        except Exception:  # whatever is wrong, and whoever is at fault: Qiskit's own synthesis goes on
            return None
        self.accepted += found is not None
        return found


def hls_config(**others: Any) -> Any:
    """A ``HLSConfig`` with the method ``qsac`` for all of :data:`METHODS`, and with ``others`` as there."""
    return HLSConfig(**{name: [METHOD] for name in METHODS} | others)


def _better(gate: Any, coupling_map: Any, target: Any, qubits: Any, options: dict[str, Any]) -> Any:
    """The circuit of a gate that takes the fewest two-qubit gates, if it takes fewer than Qiskit's."""
    from qiskit.circuit import QuantumCircuit

    from qsac.hosts.candidates import MOST_QUBITS, blocks
    from qsac.hosts.qiskit.asked import asked_of

    machine = _machine(coupling_map, target, options)
    if machine is None or not machine.families or gate.num_qubits > MOST_QUBITS:
        return None
    if machine.coupled and qubits is not None:
        return None
    asked = asked_of(gate)
    if asked is None or not _begin_in_zero(asked.zero, options):
        return None
    usual = QuantumCircuit(gate.num_qubits)
    usual.append(gate, range(gate.num_qubits))
    best, fewest = None, machine.taken(usual)
    if not fewest.gates:
        return None
    ladders = asked.numbers.size <= _QUICK or machine.level > 2
    optimisation = options.get("optimisation", 2 if ladders else 1)
    in_a_row = asked.kind == "state" and machine.level > 1
    for block in blocks(asked.kind, asked.numbers, machine.families, optimisation, in_a_row=in_a_row):
        circuit = QuantumCircuit(gate.num_qubits, name=block.name)
        circuit.compose(block.to_qiskit(), qubits=asked.qubits, inplace=True)
        taken = machine.taken(circuit)
        # Of blocks the first of the best; than Qiskit's there have to be fewer gates, not only fewer layers.
        if taken < fewest and (best is not None or taken.gates < fewest.gates):
            best, fewest = circuit, taken
    return best


def _machine(coupling_map: Any, target: Any, options: dict[str, Any]) -> Machine | None:
    """The machine that the options describe; None inside of a controlled or inverted gate, whose gates are not those
    that count."""
    names = getattr(options.get("hls_data"), "device_insts", ()) if target is None else target.operation_names
    if "annotated" in names:
        return None
    if coupling_map is None and target is not None:
        coupling_map = target.build_coupling_map()
    return Machine(target, frozenset(names), coupling_map, options["optimization_level"])


def _begin_in_zero(places: tuple[int, ...], options: dict[str, Any]) -> bool:
    """Whether qubits of a gate are known to be in zero when it acts."""
    if not places or options.get("from_zero") is True:
        return True
    tracker, inputs = options.get("qubit_tracker"), options.get("input_qubits", ())
    if tracker is None:
        return False
    qubits = [inputs[place] for place in places]
    return bool(tracker.num_clean([]) - tracker.num_clean(qubits) == len(qubits))
