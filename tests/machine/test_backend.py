"""Machines of other packages, wherever a target is taken; machines that cannot be compiled for."""

from typing import Any

import pytest
from pytket.architecture import Architecture, FullyConnected
from pytket.backends.backendinfo import BackendInfo
from pytket.circuit import OpType
from qiskit.circuit import Parameter
from qiskit.circuit.library import RZGate, SXGate, UGate
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import Target as QiskitTarget

import qsac
from qsac.machine.read import find_target
from tests.machine.devices import (
    LINE,
    MODEL,
    SMALL,
    SUPERCONDUCTING,
    assert_respects,
    both,
    pytket_info,
    qiskit_target,
)


@pytest.mark.parametrize(
    ("given", "title"),
    [
        (qiskit_target({}), "does not have the gates"),
        (qiskit_target({"cz": LINE}, (UGate(*map(Parameter, "abc")),)), "does not have the gates"),
        (qiskit_target({"cz": LINE}, (RZGate(Parameter("t")), SXGate())), "does not have the gates"),
        (qiskit_target({"cz": LINE}, missing=range(1, 8)), "no two working qubits"),
        (qiskit_target({"cz": LINE}, errors=dict.fromkeys(LINE, 1.0)), "no two working qubits"),
        (qiskit_target({"cz": None}, qubits=1), "no two working qubits"),
        (QiskitTarget(), "does not have the gates"),
        (GenericBackendV2(4, ["rz", "sx", "x", "iswap"], seed=1), "does not have the gates"),
        (pytket_info(Architecture(LINE), {OpType.SX, OpType.X, OpType.Rz}), "does not have the gates"),
        (pytket_info(FullyConnected(3), {OpType.Rz, OpType.PhasedX, OpType.ZZMax}), "does not have the gates"),
        (pytket_info(FullyConnected(1)), "no two working qubits"),
        (pytket_info(Architecture(LINE), supports_midcircuit_measurement=False), "has to measure in mid-circuit"),
    ],
)
def test_machines_that_cannot_be_compiled_for(given: Any, title: str) -> None:
    for call in (qsac.compile, qsac.estimate, qsac.template, qsac.run):
        with pytest.raises(qsac.InvalidInputError, match=title) as caught:
            call(MODEL, given)
        assert caught.value.found
        assert caught.value.wanted
    if title == "does not have the gates":
        words = ("rz, measure and one of cz, ecr", "r, rz, measure and rzz")
        if isinstance(given, BackendInfo):
            words = ("SX, X, Rz, Measure and one of CZ, ECR and CX", "PhasedX, Rz, Measure and ZZPhase")
        for expected in words:
            assert expected in caught.value.wanted


def test_machines_that_are_too_large() -> None:
    with pytest.raises(qsac.DoesNotFitError, match="too many qubits"):
        find_target(pytket_info(FullyConnected(5000)))
    with pytest.raises(qsac.DoesNotFitError, match="too many qubits"):
        find_target(qiskit_target({"cz": LINE}, qubits=4097))


def test_templates_and_estimates_take_machines() -> None:
    backend = GenericBackendV2(8, [*SUPERCONDUCTING, "cz"], coupling_map=both(LINE), seed=3)
    bound = qsac.template(MODEL, backend, optimisation=1).bind(verify=True)
    assert bound.verified
    assert_respects(bound, find_target(backend))
    estimated = qsac.estimate(MODEL, backend)
    assert (estimated.target, estimated.limit) == (backend.name, 8)
    info = pytket_info(FullyConnected(8))
    assert qsac.estimate(MODEL, info).counts["two_qubit_gates"] == qsac.compile(MODEL, info).stats["two_qubit_gates"]


def test_noise_of_a_backend() -> None:
    backend = GenericBackendV2(6, [*SUPERCONDUCTING, "cz"], coupling_map=both(LINE[:5]), seed=3)
    result = qsac.run(SMALL, backend, noise=True, shots=2000, seed=1)
    assert (result.target, result.noise, result.shots) == (backend.name, True, 2000)
    # The model is compiled with the seed of the shots, as on the command line.
    compiled = qsac.compile(SMALL, backend, seed=1)
    assert result == qsac.run(compiled, backend, noise=True, shots=2000, seed=1)
    assert result.metrics["loss"] != qsac.run(compiled, shots=2000, seed=1).metrics["loss"]


def test_a_circuit_that_was_read_again_knows_its_machine(tmp_path: Any) -> None:
    backend = GenericBackendV2(8, [*SUPERCONDUCTING, "ecr"], coupling_map=both(LINE), seed=3)
    qsac.compile(MODEL, backend, optimisation=1).save(tmp_path / "a.json")
    again = qsac.Compiled.load(tmp_path / "a.json")
    assert qsac.run(again, backend, shots=10).target == backend.name
    other = GenericBackendV2(8, [*SUPERCONDUCTING, "ecr"], coupling_map=both(LINE), seed=4)
    with pytest.raises(qsac.InvalidInputError, match="not for the machine of this object"):
        qsac.run(again, other)


def test_a_program_that_is_too_wide() -> None:
    with pytest.raises(qsac.DoesNotFitError, match="does not fit generic_backend_3q"):
        qsac.compile(MODEL, GenericBackendV2(3, seed=1))
