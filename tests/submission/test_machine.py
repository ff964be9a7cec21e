"""The machine is the one that this qsac knows, and the circuit is one for it."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.machine.registry import target, target_names
from qsac.machine.target import Target, describe
from qsac.native.circuit import KIND, NativeCircuit
from qsac.submission.machine import check_circuit, known_target
from tests.submission.fake import placed, small


@pytest.mark.parametrize("name", target_names())
def test_every_target_is_known_by_its_own_description(name: str) -> None:
    assert known_target(json.loads(json.dumps(describe(target(name))))) == target(name)


@pytest.mark.parametrize(
    ("pointer", "value", "found"),
    [
        ("/target/max_shots", None, "null"),
        ("/target/cost_formula", None, "null"),
        ("/target/qubits", 57, "57"),
        ("/target/errors/two_qubit", 0.0, "0.0"),
        ("/target/kind", "exact", '"exact"'),
        ("/target/vendor", "IBM", '"IBM"'),
        ("/target/more", 1, "1"),
        ("/target/durations", {"job": 0.0}, '{"job": 0.0}'),
    ],
)
def test_another_description_is_refused_with_its_field(pointer: str, value: Any, found: str) -> None:
    described = describe(target("h2"))
    *path, last = pointer.split("/")[2:]
    place = described
    for part in path:
        place = place[part]
    place[last] = value
    with pytest.raises(InvalidInputError, match='another machine than the "h2" that this qsac knows') as caught:
        known_target(described)
    assert (caught.value.pointer, caught.value.found) == (pointer, found)


def test_a_missing_field_is_a_difference() -> None:
    described = describe(target("h2"))
    del described["errors"]["memory"]
    with pytest.raises(InvalidInputError) as caught:
        known_target(described)
    assert (caught.value.pointer, caught.value.found) == ("/target/errors/memory", "nothing")


@pytest.mark.parametrize("name", ["mine", "H2", "h2\x1b[2J", "", None, 3, ["h2"]])
def test_an_unknown_name_is_refused_in_printable_words(name: Any) -> None:
    with pytest.raises(InvalidInputError, match="a target that this qsac does not know") as caught:
        known_target(describe(target("h2")) | {"name": name})
    assert str(caught.value).replace("\n", "").isprintable()


@pytest.fixture(scope="module", params=["h2", "ibm-fez", "ibm-sherbrooke"])
def compiled(request: pytest.FixtureRequest) -> qsac.Compiled:
    return small() if request.param == "h2" else placed(request.param)


def test_what_is_compiled_fits(compiled: qsac.Compiled) -> None:
    check_circuit(compiled.circuits[0], target(compiled.target["name"]))


def test_gates_of_another_machine(compiled: qsac.Compiled) -> None:
    circuit = compiled.circuits[0]
    foreign = KIND["PhasedX" if compiled.target["vendor"] == "IBM" else "X"]
    kind = circuit.kind.copy()
    place = int(np.flatnonzero(np.isin(kind, [KIND[name] for name in ("PhasedX", "Rz", "SX")]))[3])
    kind[place] = foreign
    with pytest.raises(InvalidInputError, match=f"a gate that {compiled.target['name']} does not have") as caught:
        check_circuit(replace(circuit, kind=kind), target(compiled.target["name"]))
    assert caught.value.pointer == f"/circuits/0/circuit/commands/{place}/op/type"
    assert caught.value.found == ("PhasedX" if compiled.target["vendor"] == "IBM" else "X")


@pytest.mark.parametrize("column", ["kind", "first", "second", "angles"])
def test_gates_that_are_none(column: str, compiled: qsac.Compiled) -> None:
    """Circuits may be put together by hand, too."""
    circuit = compiled.circuits[0]
    values = getattr(circuit, column).copy()
    values[7] = np.nan if column == "angles" else 99
    broken = replace(circuit, **{column: values})
    with pytest.raises(InvalidInputError, match="the circuit's gates are invalid"):
        check_circuit(broken, target(compiled.target["name"]))
    with pytest.raises(InvalidInputError, match="the circuit's gates are invalid"):
        qsac.verify(replace(compiled, circuits=(broken,)))


def test_too_many_qubits(compiled: qsac.Compiled) -> None:
    machine = target(compiled.target["name"])
    assert machine.qubits is not None
    more = tuple(("other", index) for index in range(machine.qubits))
    circuit = replace(compiled.circuits[0], qubits=(*compiled.circuits[0].qubits, *more))
    with pytest.raises(DoesNotFitError, match="the circuit has too many qubits"):
        check_circuit(circuit, machine)


def _coupled(name: str) -> tuple[NativeCircuit, Target]:
    return placed(name).circuits[0], target(name)


def test_every_pair_that_is_not_coupled_is_found() -> None:
    circuit, machine = _coupled("ibm-fez")
    places = np.flatnonzero(circuit.kind == KIND["CZ"])
    assert len(places) > 3
    free = next(q for q in range(machine.qubits or 0) if q not in {index for _, index in circuit.qubits})
    for place in places:
        moved = list(circuit.qubits)
        moved[int(circuit.first[place])] = ("node", free)
        with pytest.raises(InvalidInputError, match="a pair that ibm-fez does not couple") as caught:
            check_circuit(replace(circuit, qubits=tuple(moved)), machine)
        assert f"node[{free}]" in (caught.value.found or "").split(", ")


def test_a_pair_against_its_direction() -> None:
    circuit, machine = _coupled("ibm-sherbrooke")
    place = int(np.flatnonzero(circuit.kind == KIND["ECR"])[0])
    first, second = circuit.first.copy(), circuit.second.copy()
    first[place], second[place] = second[place], first[place]
    with pytest.raises(InvalidInputError, match="couples in the other direction only") as caught:
        check_circuit(replace(circuit, first=first, second=second), machine)
    assert caught.value.pointer == f"/circuits/0/circuit/commands/{place}/args"


@pytest.mark.parametrize("index", [156, 2**31 - 1])
def test_a_qubit_that_the_machine_does_not_have(index: int) -> None:
    circuit, machine = _coupled("ibm-fez")
    with pytest.raises(InvalidInputError, match="not a qubit of ibm-fez") as caught:
        check_circuit(replace(circuit, qubits=(("node", index), *circuit.qubits[1:])), machine)
    assert (caught.value.pointer, caught.value.found) == ("/circuits/0/circuit/qubits/0", f"node[{index}]")


@pytest.mark.parametrize(
    ("register", "message", "place"), [("other", "not a qubit of ibm-fez", 0), ("node", "a qubit is declared twice", 1)]
)
def test_one_place_twice(register: str, message: str, place: int) -> None:
    circuit, machine = _coupled("ibm-fez")
    twice = ((register, circuit.qubits[1][1]), *circuit.qubits[1:])
    with pytest.raises(InvalidInputError, match=message) as caught:
        check_circuit(replace(circuit, qubits=twice), machine)
    assert caught.value.pointer == f"/circuits/0/circuit/qubits/{place}"


def test_a_machine_that_measures_at_the_end_only() -> None:
    machine = replace(target("h2"), mid_circuit_measurement=False)
    circuit = small().circuits[0]
    measured = np.flatnonzero(circuit.kind == KIND["Measure"])
    check_circuit(replace(circuit.rows(slice(0, int(measured[0]) + 1)), readouts=(), snapshot=None), machine)
    reused = replace(circuit, first=np.where(circuit.kind == KIND["Measure"], 0, circuit.first).astype(np.int32))
    with pytest.raises(InvalidInputError, match="used after its measurement, which h2 cannot do") as caught:
        check_circuit(reused, machine)
    assert caught.value.pointer == f"/circuits/0/circuit/commands/{measured[1]}"
