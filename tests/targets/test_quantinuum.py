"""The data agree with what pytket-quantinuum says offline; a difference is a drift to look at."""

from __future__ import annotations

from typing import Any

import pytest
from pytket.circuit import OpType
from pytket.extensions.quantinuum import QuantinuumAPIOffline, QuantinuumBackend
from pytket.extensions.quantinuum.backends.data import QuantinuumBackendData

from qsac.targets import quantinuum

MACHINES: dict[str, Any] = {machine["name"]: machine for machine in QuantinuumAPIOffline().get_machine_list() or []}
LISTED = [name for name in quantinuum.names() if name != "helios"]


@pytest.mark.parametrize("name", LISTED)
def test_data_are_the_published_ones(name: str) -> None:
    target, machine = quantinuum.load(name), MACHINES[quantinuum.MACHINES[name]]
    noise = machine["noise_specs"]
    assert target.errors is not None
    assert target.qubits == machine["n_qubits"]
    assert target.max_shots == machine["max_n_shots"]
    assert machine["connectivity"] == "all-to-all"
    assert target.coupling is None
    assert target.errors.one_qubit == noise["1q_gate_error"]["p1"]
    assert target.errors.two_qubit == noise["2q_gate_error"]["p2"]
    assert target.errors.measure_0 == noise["spam_error"]["p_meas_0"]
    assert target.errors.measure_1 == noise["spam_error"]["p_meas_1"]
    assert target.errors.memory == noise["memory_error"]["memory_error"]
    assert target.errors.date == noise["date"]


@pytest.mark.parametrize("name", LISTED)
def test_gates_are_native(name: str) -> None:
    backend = QuantinuumBackend(quantinuum.MACHINES[name], api_handler=QuantinuumAPIOffline())
    info = backend.backend_info
    assert info is not None
    assert {getattr(OpType, gate) for gate in quantinuum.load(name).gates} <= info.gate_set
    assert info.supports_reset
    assert info.supports_midcircuit_measurement
    assert info.supports_fast_feedforward


def test_helios_is_described_as_its_paper_does() -> None:
    target = quantinuum.load("helios")
    assert target.errors is not None
    assert (target.qubits, target.coupling, target.reset, target.feed_forward) == (98, None, True, True)
    rates = (target.errors.one_qubit, target.errors.two_qubit, target.errors.measure_0, target.errors.measure_1)
    assert rates == (2.5e-5, 7.9e-4, 4.8e-4, 4.8e-4)
    assert "2511.05465" in target.errors.source
    assert "estimate" in str(target.notice)
    # The day the extension lists it, its own figures take the place of the paper's.
    assert not [name for name in MACHINES if "helios" in name.lower()]


def test_gates_of_helios_are_those_that_the_extension_takes_for_granted() -> None:
    data = QuantinuumBackendData(n_qubits=98, n_cl_reg=4000)
    assert {getattr(OpType, gate) for gate in quantinuum.load("helios").gates} == set(data.gate_set)


def test_every_machine_is_offered_and_the_retired_one_says_so() -> None:
    assert set(quantinuum.MACHINES.values()) == {*MACHINES, "Helios"}
    assert [name for name in LISTED if quantinuum.load(name).notice] == ["h1"]
    assert "no longer sold" in str(quantinuum.load("h1").notice)
