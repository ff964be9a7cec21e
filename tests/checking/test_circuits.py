"""A circuit is one that its machine runs: its gates, its qubits, its pairs in their directions, its measurements."""

import json
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.artifact.compiled import Compiled
from qsac.checking import runs_on
from qsac.compiler import compilation as compiler
from qsac.machine.read import parse_target
from qsac.machine.registry import target, target_names
from qsac.native.circuit import KIND
from tests.cases import ALL, some
from tests.checking.test_artifacts import EVOLVED, SMALL
from tests.strategies import random_model

_SNAKE = [[place, place + 1] if place % 2 else [place + 1, place] for place in range(15)]
"""A line whose pairs point in turns one way and the other."""


def _routed(name: str) -> Compiled:
    return compiler.compile(random_model(1), name, optimisation=1)


def test_gates_without_an_order_go_either_way_on_a_directed_machine() -> None:
    """ECR acts along the direction of a pair; CZ and ZZPhase are the same both ways."""
    machine, circuit = target("ibm-sherbrooke"), _routed("ibm-sherbrooke").circuits[0]
    assert list(runs_on(circuit, machine)) == []
    (place, *_) = np.flatnonzero(circuit.kind == KIND["ECR"]).tolist()
    first, second = circuit.first.copy(), circuit.second.copy()
    first[place], second[place] = second[place], first[place]
    turned = replace(circuit, first=first, second=second)
    (finding,) = runs_on(turned, machine)
    assert finding.pointer == f"/circuits/0/circuit/commands/{place}/args"
    assert finding.title == "a pair that ibm-sherbrooke couples in the other direction only"
    assert finding.found == ", ".join("{}[{}]".format(*circuit.qubits[end]) for end in (first[place], second[place]))
    assert list(runs_on(turned, replace(machine, directions=None))) == []
    for gate in ("CZ", "ZZPhase", "CX"):
        kind = circuit.kind.copy()
        kind[place] = KIND[gate]
        several = replace(machine, gates=(*machine.gates, gate))
        found = [finding.title for finding in runs_on(replace(turned, kind=kind), several)]
        assert found == ([finding.title] if gate == "CX" else [])


def test_a_pair_apart_is_found_on_a_directed_machine_whatever_the_gate() -> None:
    machine, circuit = target("ibm-sherbrooke"), _routed("ibm-sherbrooke").circuits[0]
    place = int(np.flatnonzero(circuit.kind == KIND["ECR"])[0])
    far = next(index for index in range(127) if ("node", index) not in circuit.qubits)
    near = {end for pair in machine.coupling or () for end in pair if circuit.qubits[circuit.second[place]][1] in pair}
    assert far not in near
    first = circuit.first.copy()
    first[place] = len(circuit.qubits)
    moved = replace(circuit, first=first, qubits=(*circuit.qubits, ("node", far)))
    for gate in ("ECR", "CZ"):
        kind = circuit.kind.copy()
        kind[place] = KIND[gate]
        (finding,) = runs_on(replace(moved, kind=kind), replace(machine, gates=(*machine.gates, "CZ")))
        assert finding.title == "a pair that ibm-sherbrooke does not couple"
        assert (finding.found or "").startswith(f"node[{far}], ")


def test_each_qubit_once() -> None:
    circuit, machine = _routed("ibm-fez").circuits[0], target("ibm-fez")
    twice = replace(circuit, qubits=(circuit.qubits[1], *circuit.qubits[1:]))
    pointers = [finding.pointer for finding in runs_on(twice, machine) if finding.title == "a qubit is declared twice"]
    assert pointers == ["/circuits/0/circuit/qubits/1"]


@pytest.mark.parametrize("measures", [True, False])
@pytest.mark.parametrize("resets", [True, False])
@pytest.mark.parametrize("gate", [True, False])
def test_what_a_machine_does_after_measuring(measures: bool, resets: bool, gate: bool) -> None:
    """What is compiled for a machine runs on it; where qubits are used again, on none that cannot do so."""
    gates = tuple(name for name in target("h2").gates if gate or name != "Reset")
    machine = replace(target("h2"), name="mine", gates=gates, mid_circuit_measurement=measures, reset=resets and gate)
    assert list(runs_on(compiler.compile(SMALL, machine).circuits[0], machine)) == []
    again = compiler.compile(EVOLVED, "h2", qubits=9).circuits[0]
    places = np.flatnonzero(again.kind == KIND["Reset"]).tolist()
    assert places
    pointers = {finding.pointer for finding in runs_on(again, machine)}
    by_reset = {f"/circuits/0/circuit/commands/{place}/op/type" for place in places[:8]}
    assert bool(pointers & by_reset) == (not (resets and gate))
    assert (f"/circuits/0/circuit/commands/{places[0]}" in pointers) == (not measures)


@pytest.mark.parametrize("name", target_names())
def test_what_is_compiled_runs_on_its_target(name: str) -> None:
    circuit = compiler.compile(SMALL, name, optimisation=1 if ALL else 0, verify=False).circuits[0]
    assert list(runs_on(circuit, target(name))) == []


OWN = product(
    ["SX X Rz CX", "SX X Rz ECR", "SX X Rz CZ", "PhasedX Rz ZZPhase"],
    [{"type": "line"}, {"type": "grid", "rows": 4, "columns": 4}, {"type": "pairs", "pairs": _SNAKE}, None],
    [0, 1],
)


@pytest.mark.parametrize(("gates", "coupling", "optimisation"), some(OWN, 3))
def test_what_is_compiled_runs_on_machines_of_ones_own(gates: str, coupling: Any, optimisation: int) -> None:
    described = {"qsac_target": 1, "name": "mine", "qubits": 16, "gates": [*gates.split(), "Measure", "Reset"]}
    described |= {"coupling": coupling} if coupling else {}
    machine = parse_target(json.dumps(described).encode(), "file")
    compiled = compiler.compile(SMALL, machine, optimisation=optimisation, verify=False)
    assert list(runs_on(compiled.circuits[0], machine)) == []
    assert qsac.verify(compiled).findings == ()


@pytest.mark.parametrize(("angle", "right"), [(0.5, True), (-0.5, True), (0.51, False), (-0.51, False)])
def test_a_zzphase_turns_by_a_quarter_at_most(angle: float, right: bool) -> None:
    circuit, machine = compiler.compile(SMALL, "h2").circuits[0], target("h2")
    place = int(np.flatnonzero(circuit.kind == KIND["ZZPhase"])[0])
    angles = circuit.angles.copy()
    angles[place, 0] = angle
    pointers = [finding.pointer for finding in runs_on(replace(circuit, angles=angles), machine)]
    assert pointers == ([] if right else [f"/circuits/0/circuit/commands/{place}/op/params/0"])
