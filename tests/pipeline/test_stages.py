"""What a pass of another package may make of a circuit: gates on pairs that the machine has, and in its directions."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from qsac.compiler import compilation as compiler
from qsac.errors import ExtensionError
from qsac.machine.registry import target
from qsac.native.circuit import KIND, NativeCircuit
from qsac.pipeline.contract import CircuitPass, PassContext
from qsac.pipeline.stages import applied
from tests.strategies import random_model

MACHINE = target("ibm-sherbrooke")


@dataclass(frozen=True)
class Returns(CircuitPass):
    """Returns the circuit that it has."""

    name = "returns"
    level = "circuit"
    optimisation = 1
    circuit: NativeCircuit

    def apply(self, circuit: NativeCircuit, context: PassContext) -> NativeCircuit:
        return self.circuit


@pytest.fixture(scope="module")
def routed() -> NativeCircuit:
    return compiler.compile(random_model(1), "ibm-sherbrooke", optimisation=1).circuits[0]


def _with(circuit: NativeCircuit, gate: str, *, turned: bool) -> NativeCircuit:
    """The circuit with another gate in place of its first ECR, its qubits in the other order or not."""
    place = int(np.flatnonzero(circuit.kind == KIND["ECR"])[0])
    kind, first, second = circuit.kind.copy(), circuit.first.copy(), circuit.second.copy()
    kind[place] = KIND[gate]
    if turned:
        first[place], second[place] = second[place], first[place]
    return replace(circuit, kind=kind, first=first, second=second)


@pytest.mark.parametrize(("gate", "ordered"), [("ECR", True), ("CX", True), ("CZ", False), ("ZZPhase", False)])
def test_a_direction_is_asked_of_gates_that_have_one(routed: NativeCircuit, gate: str, ordered: bool) -> None:
    context = PassContext(replace(MACHINE, gates=(*MACHINE.gates, gate)))
    before, after = (_with(routed, gate, turned=turned) for turned in (False, True))
    assert applied(Returns(before), before, context) is before
    if ordered:
        with pytest.raises(ExtensionError, match="a gate on the qubits"):
            applied(Returns(after), before, context)
    else:
        assert applied(Returns(after), before, context) is after


@pytest.mark.parametrize("gate", ["ECR", "CZ"])
def test_a_pair_apart_is_refused_whatever_the_gate(routed: NativeCircuit, gate: str) -> None:
    context = PassContext(replace(MACHINE, gates=(*MACHINE.gates, gate)))
    before = _with(routed, gate, turned=False)
    place = int(np.flatnonzero(before.paired)[0])
    node = before.qubits[before.second[place]][1]
    near = {end for edge in MACHINE.coupling or () if node in edge for end in edge}
    far = next(place for place, (_, index) in enumerate(before.qubits) if index not in near)
    first = before.first.copy()
    first[place] = far
    with pytest.raises(ExtensionError, match=f"a gate on the qubits {before.qubits[far][1]} and {node}"):
        applied(Returns(replace(before, first=first)), before, context)


@pytest.mark.parametrize(
    ("column", "value", "wanted"),
    [
        ("kind", 99, "gates that exist"),
        ("first", 999, "gates on qubits of the circuit"),
        ("angles", np.inf, "angles up to"),
        ("angles", 2.0**41, "angles up to"),
    ],
)
def test_columns_hold_what_a_circuit_can_hold(routed: NativeCircuit, column: str, value: float, wanted: str) -> None:
    changed = getattr(routed, column).copy()
    changed[0] = value
    with pytest.raises(ExtensionError) as caught:
        applied(Returns(replace(routed, **{column: changed})), routed, PassContext(MACHINE))
    assert wanted in str(caught.value.wanted)
