"""The data agree with what pytket-quantinuum says offline; a difference is a drift to look at."""

from __future__ import annotations

from typing import Any

import pytest
from pytket.circuit import OpType
from pytket.extensions.quantinuum import QuantinuumAPIOffline, QuantinuumBackend

from qsac.targets import quantinuum

MACHINES: dict[str, Any] = {machine["name"]: machine for machine in QuantinuumAPIOffline().get_machine_list() or []}


@pytest.mark.parametrize("name", quantinuum.names())
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


@pytest.mark.parametrize("name", quantinuum.names())
def test_gates_are_native(name: str) -> None:
    backend = QuantinuumBackend(quantinuum.MACHINES[name], api_handler=QuantinuumAPIOffline())
    info = backend.backend_info
    assert info is not None
    assert {getattr(OpType, gate) for gate in quantinuum.load(name).gates} <= info.gate_set
    assert info.supports_reset
    assert info.supports_midcircuit_measurement
    assert info.supports_fast_feedforward


def test_every_machine_is_offered_and_the_retired_one_says_so() -> None:
    assert set(quantinuum.MACHINES.values()) == set(MACHINES)
    assert [name for name in quantinuum.names() if quantinuum.load(name).notice] == ["h1"]
    assert "no longer sold" in str(quantinuum.load("h1").notice)
