"""Target files: what a machine of one's own comes to, and that what is compiled for it fits it and is right."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytket.predicates import NoMidMeasurePredicate

import qsac
from qsac.cli.main import run
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.export.tket import to_tket
from qsac.families.reading import load
from qsac.machine.read import FILE_BYTES, find_target, parse_target, read_target
from qsac.machine.schema import CONTRACT, SCHEMA_FILE, TargetFile, json_schema_text
from qsac.machine.target import Target
from qsac.native.circuit import GATES, NativeCircuit
from tests.cases import some
from tests.strategies import random_model
from tests.targets.agreement import assert_closed_form

GATES_OF = {
    "ZZPhase": ["PhasedX", "Rz", "ZZPhase", "Measure", "Reset"],
    "CZ": ["SX", "X", "Rz", "CZ", "Measure", "Reset"],
    "CX": ["SX", "X", "Rz", "CX", "Measure", "Reset"],
    "ECR": ["SX", "X", "Rz", "ECR", "Measure", "Reset"],
}
ERRORS = {
    "one_qubit": 3e-5,
    "two_qubit": 2e-3,
    "measure_0": 1e-3,
    "measure_1": 2e-3,
    "date": "2026-11-01",
    "source": "benchmarking",
}
COUPLINGS: dict[str, dict[str, Any]] = {
    "all-to-all": {"type": "all-to-all"},
    "line": {"type": "line"},
    "grid": {"type": "grid", "rows": 3, "columns": 6},
    "pairs": {"type": "pairs", "pairs": [[i, (i + 1) % 18] for i in range(18)]},
}


def machine(entangler: str = "ZZPhase", **fields: Any) -> Target:
    given = {
        "qsac_target": 1,
        "name": "mine",
        "qubits": 18,
        "gates": GATES_OF[entangler],
    }
    return parse_target(json.dumps(given | fields).encode(), "mine.json")


def assert_native(circuit: NativeCircuit, target: Target) -> None:
    """Only gates of the target, on its qubits, pairs and directions."""
    assert {GATES[kind].name for kind in set(circuit.kind.tolist())} <= set(target.gates)
    assert len(circuit.qubits) <= (target.qubits or 0)
    two = np.array([GATES[kind].qubits == 2 for kind in circuit.kind.tolist()])
    for first, second in zip(circuit.first[two].tolist(), circuit.second[two].tolist(), strict=True):
        pair = circuit.qubits[first][1], circuit.qubits[second][1]
        assert target.coupling is None or tuple(sorted(pair)) in target.coupling
        assert target.directions is None or pair in target.directions


@pytest.mark.parametrize(("entangler", "coupling", "seed"), some(product(GATES_OF, COUPLINGS, (2, 7, 1, 4, 8)), 7))
def test_circuits_are_native_and_mean_the_model(entangler: str, coupling: str, seed: int) -> None:
    target = machine(entangler, coupling=COUPLINGS[coupling], errors=ERRORS)
    compiled = qsac.compile(random_model(seed), target, verify=False, optimisation=0 if target.coupling else 2)
    assert_native(compiled.circuits[0], target)
    assert compiled.circuits[0].count(entangler) == compiled.circuits[0].two_qubit_gates
    assert_closed_form(load(random_model(seed)), compiled.circuits[0])
    assert 0 < compiled.stats["error_free_probability"] <= 1


@pytest.mark.usefixtures("short_search")
@pytest.mark.parametrize("entangler", ["CX", "ECR"])
def test_directions_are_kept(entangler: str) -> None:
    pairs = [[i, i + 1] if i % 3 else [i + 1, i] for i in range(17)]
    target = machine(entangler, coupling={"type": "pairs", "pairs": pairs, "directed": True})
    assert target.directions == tuple(sorted((a, b) for a, b in pairs))
    compiled = qsac.compile(random_model(2), target, verify=False)
    assert_native(compiled.circuits[0], target)
    assert_closed_form(load(random_model(2)), compiled.circuits[0])


def test_without_reset_every_register_has_qubits_of_its_own() -> None:
    plan = load(random_model(11))  # of degree 4
    sharing = qsac.compile(plan, machine(), verify=False).circuits[0]
    for fields in ({"gates": GATES_OF["ZZPhase"][:-1]}, {"mid_circuit_measurement": False}):
        alone = qsac.compile(plan, machine(**fields), verify=False).circuits[0]
        assert alone.count("Reset") == 0 < sharing.count("Reset")
        assert len(alone.qubits) > len(sharing.qubits)
        assert NoMidMeasurePredicate().verify(to_tket(alone))
        assert_closed_form(plan, alone)
    with pytest.raises(DoesNotFitError, match="mine has no reset") as caught:
        qsac.compile(plan, machine(gates=GATES_OF["ZZPhase"][:-1], qubits=len(sharing.qubits)))
    assert f"with reset and mid-circuit measurement {len(sharing.qubits)} would do" in str(caught.value)


@pytest.mark.usefixtures("short_search")
def test_the_largest_connected_part_is_used_and_said() -> None:
    pairs = [[i, i + 1] for i in range(17) if i != 6]
    target = machine("CZ", coupling={"type": "pairs", "pairs": pairs})
    assert target.connected == 11
    assert "only 11 are connected" in str(target.notice)
    circuit = qsac.compile(random_model(2), target, verify=False).circuits[0]
    assert min(index for _, index in circuit.qubits) >= 7
    assert_closed_form(load(random_model(2)), circuit)


def test_what_is_not_given_takes_its_default() -> None:
    target = machine()
    assert (target.kind, target.family, target.errors, target.cost_formula) == ("device", "zzphase", None, None)
    assert (target.coupling, target.directions, target.max_shots, target.notice) == (None, None, None, None)
    assert (target.reset, target.mid_circuit_measurement, target.feed_forward) == (True, True, False)
    assert machine(qubits=1, coupling={"type": "line"}).coupling is None
    hash(target)


def test_time_is_charged_by_durations() -> None:
    lasts = {"one_qubit": 1e-6, "two_qubit": 1e-4, "measure": 1e-3, "reset": 2e-3, "delay": 1e-2, "source": "a clock"}
    target = machine(cost="time", durations=lasts)
    stats = qsac.compile(random_model(2), target, verify=False).stats
    assert stats["cost"]["per_shot"] == stats["duration"]["per_shot"] > stats["duration"]["circuit"] + 1e-2
    assert stats["cost"]["fixed"] == 0
    assert "duration" in qsac.compile(random_model(2), machine(), verify=False).stats
    with pytest.raises(InvalidInputError, match="a cost by time needs durations"):
        machine(cost="time")


def test_tables_are_filled_with_the_averages() -> None:
    known = [{"pair": [1, 0], "error": 0.25}]
    errors = machine(
        "CZ", coupling={"type": "line"}, errors=ERRORS | {"two_qubit_by_pair": known, "memory": 1e-4}
    ).errors
    assert errors is not None
    assert errors.two_qubit_by_edge == ((0, 1, 0.25), *((i, i + 1, 2e-3) for i in range(1, 17)))
    assert errors.one_qubit_by_qubit == (3e-5,) * 18
    assert errors.measure_by_qubit == ((1e-3, 2e-3),) * 18
    scaled = machine(errors=ERRORS | {"two_qubit_scaling": [0.75, 0.25]}).errors
    assert scaled is not None
    assert (scaled.two_qubit_scaling, scaled.two_qubit_by_edge, scaled.memory) == ((0.75, 0.25), (), 0)


def test_sizes_are_checked_before_they_are_built() -> None:
    for fields in ({"qubits": 2**40}, {"qubits": 2**40, "coupling": {"type": "line"}}):
        with pytest.raises(DoesNotFitError, match="too many qubits"):
            machine("CZ", **fields)
    with pytest.raises(DoesNotFitError, match="too large"):
        machine("CZ", coupling={"type": "pairs", "pairs": [[0, 1]] * (2**17 + 1)})
    with pytest.raises(DoesNotFitError, match="too large"):
        parse_target(b" " * (FILE_BYTES + 1), "mine.json")


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"{", b"[" * 100_000, b'{"qsac_target": NaN}', b'{"qsac_target": true}']
)
def test_what_is_no_target_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_target(data, "mine.json")
    assert str(caught.value.source).startswith("mine.json")


def test_names_and_files_are_told_apart(tmp_path: Path) -> None:
    place = tmp_path / "mine.json"
    place.write_text(json.dumps({"qsac_target": 1, "name": "mine", "qubits": 4, "gates": GATES_OF["CZ"]}))
    assert find_target("h2").vendor == "Quantinuum"
    assert find_target(str(place)) == find_target(place) == read_target(place)
    assert find_target(machine()) == machine()
    with pytest.raises(InvalidInputError, match="folder"):
        find_target(str(tmp_path) + "/")
    with pytest.raises(InvalidInputError, match="unknown target"):
        find_target("mine")


@pytest.mark.usefixtures("short_search")
def test_an_artifact_stands_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"qsac_target": 1, "name": "mine", "qubits": 12, "gates": GATES_OF["CZ"], "coupling": {"type": "line"}}
    Path("mine.json").write_text(json.dumps(given))
    Path("model.json").write_text(json.dumps(random_model(2)))
    assert run(["targets", "mine.json"]) == 0
    assert "11 working pairs" in capsys.readouterr().out
    assert run(["compile", "model.json", "--target", "mine.json", "-o", "out.qsac.json", "-q"]) == 0
    assert run(["run", "out.qsac.json", "--target", "mine.json", "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert run(["run", "model.json", "--target", "mine.json", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == described
    Path("mine.json").write_text(json.dumps(given | {"qubits": 13}))
    assert run(["run", "out.qsac.json", "--target", "mine.json"]) == 2
    assert "not for the machine of this file" in capsys.readouterr().err
    Path("mine.json").unlink()
    assert run(["run", "out.qsac.json", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == described


def test_a_template_of_a_machine_of_ones_own_is_not_kept(tmp_path: Path) -> None:
    template = qsac.template(random_model(2), machine())
    assert template.bind(verify=False).target["name"] == "mine"
    with pytest.raises(InvalidInputError, match="cannot be kept in a file"):
        template.save(tmp_path / "mine.json")
    assert list(tmp_path.iterdir()) == []


def test_the_shipped_schema_is_the_generated_one(capsys: pytest.CaptureFixture[str]) -> None:
    shipped = Path(qsac.__file__).parent / "machine" / SCHEMA_FILE
    assert shipped.read_text(encoding="utf-8") == json_schema_text()
    assert run(["schema", "--of", "target"]) == 0
    assert capsys.readouterr().out == json_schema_text()


def test_diagnostics_know_every_class_and_example() -> None:
    definitions = TargetFile.model_json_schema()["$defs"]
    assert {cls.__name__ for cls in CONTRACT.classes.values()} == {*definitions, "TargetFile"}
    assert all(definition["additionalProperties"] is False for definition in definitions.values())
    for name, example in CONTRACT.examples.items():
        assert example.startswith(f'"{name}": ')
