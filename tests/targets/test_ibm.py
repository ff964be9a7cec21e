"""The data agree with what qiskit-ibm-runtime makes of the same snapshots."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import pytest
from qiskit_ibm_runtime import fake_provider

from qsac.targets import ibm

SAMPLE = ["ibm-fez", "ibm-torino", "ibm-kingston", "ibm-nighthawk", "ibm-brisbane", "ibm-washington", "ibm-miami"]


pytestmark = pytest.mark.filterwarnings("ignore:Properties of fake_nighthawk are not intended")


def fake(name: str) -> Any:
    device = name.removeprefix("ibm-").capitalize()
    return getattr(fake_provider, f"Fake{device}", None) or getattr(fake_provider, f"Fake{device}V2")


def test_all_large_snapshots_are_offered() -> None:
    names = ibm.names()
    large = set()
    for cls in vars(fake_provider).values():
        folder = getattr(cls, "dirname", None)
        if isinstance(folder, str):
            configuration = json.loads((Path(folder) / cls.conf_filename).read_text(encoding="utf-8"))
            if configuration["n_qubits"] >= ibm.FEWEST_QUBITS:
                large.add(f"ibm-{Path(folder).name}")
    assert set(names) == large
    assert set(SAMPLE) <= set(names)


@pytest.mark.parametrize("name", SAMPLE)
def test_data_are_those_of_the_snapshot(name: str) -> None:
    target, backend = ibm.load(name), fake(name)()
    configuration, properties = backend.configuration(), backend.properties()
    assert target.qubits == configuration.n_qubits
    assert target.max_shots == configuration.max_shots
    lower = {"Measure", "Reset"} ^ set(target.gates)
    assert {gate.lower() for gate in lower - {"Measure", "Reset"}} | {"id"} == set(configuration.basis_gates) - {
        "reset"
    }
    native = next(gate for gate in ("cz", "ecr", "cx") if gate in configuration.basis_gates)
    assert target.errors is not None
    errors = {(a, b): properties.gate_error(native, [a, b]) for a, b in map(tuple, configuration.coupling_map)}
    sx = {qubit: properties.gate_error("sx", [qubit]) for qubit in range(configuration.n_qubits)}
    working = {pair for pair, error in errors.items() if error < 1 and sx[pair[0]] < 1 and sx[pair[1]] < 1}
    assert set(target.coupling or ()) == {(min(pair), max(pair)) for pair in working}
    assert target.directions is None if native == "cz" else set(target.directions or ()) == working
    for a, b, error in target.errors.two_qubit_by_edge:
        assert error in {errors.get((a, b)), errors.get((b, a))}
    assert [pair[:2] for pair in target.errors.two_qubit_by_edge] == list(target.coupling or ())
    assert target.errors.one_qubit_by_qubit == tuple(sx.values())
    assert target.durations is not None
    times = {"two_qubit": [properties.gate_length(native, list(pair)) for pair in errors]}
    times["one_qubit"] = [properties.gate_length("sx", [qubit]) for qubit in sx]
    times["measure"] = [properties.readout_length(qubit) for qubit in sx]
    for kind, lengths in times.items():
        assert getattr(target.durations, kind) == pytest.approx(statistics.median(lengths), rel=1e-12)
    assert target.durations.delay == pytest.approx(configuration.default_rep_delay)
    assert target.errors.one_qubit == statistics.median(error for error in sx.values() if error < 1)
    readout = [
        properties.qubit_property(qubit, kind)[0]
        for qubit in range(configuration.n_qubits)
        for kind in ("prob_meas1_prep0", "prob_meas0_prep1")
    ]
    assert [rate for pair in target.errors.measure_by_qubit for rate in pair] == readout
    # the files keep the time zone that Qiskit may change, so that only a day's difference is a drift
    written = properties.last_update_date
    assert abs((written.replace(tzinfo=None) - _date(target.errors.date)).days) <= 1


def _date(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text)


@pytest.mark.parametrize("name", SAMPLE)
def test_capabilities_are_what_the_snapshot_lists(name: str) -> None:
    target = ibm.load(name)
    instructions = fake(name)().configuration().supported_instructions
    assert target.reset == ("reset" in instructions) == ("Reset" in target.gates)
    assert target.feed_forward == ("if_else" in instructions)


def test_medians_leave_placeholders_out() -> None:
    errors = ibm.load("ibm-torino").errors
    assert errors is not None
    assert ibm.load("ibm-torino").notice is None
    assert "not typical" in str(ibm.load("ibm-nighthawk").notice)
    assert 1e-3 < errors.two_qubit < 1e-2
    assert all(rate < 1 for *_, rate in errors.two_qubit_by_edge)
    assert 1e-5 < errors.memory < 1e-2


def test_a_snapshot_without_calibration_says_so() -> None:
    kyoto = ibm.load("ibm-kyoto")
    assert kyoto.errors is None
    assert "no calibrated two-qubit gate" in str(kyoto.notice)
    assert len(kyoto.coupling or ()) == 144


def test_without_the_package_there_are_no_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    ibm._snapshots.cache_clear()
    assert ibm.names() == ()
    ibm._snapshots.cache_clear()
