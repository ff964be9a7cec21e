"""Any native gates in SX, X, Rz and CZ: the same circuit, its one-qubit gates merged."""

from dataclasses import replace

import pytest

from qsac.native.circuit import GATES
from qsac.native.rebase import as_cz
from tests.cases import seeds
from tests.emit.families import runs_of_one_qubit_gates
from tests.passes.circuit.test_route import assert_same, branches, circuit_of, left_over, random_circuit


@pytest.mark.parametrize("names", ["cz", "any"])
@pytest.mark.parametrize("seed", seeds(20, one_of=3))
def test_any_native_gates_as_cz(seed: int, names: str) -> None:
    circuit = replace(random_circuit(seed, names=names), snapshot=None)
    found = as_cz(circuit)
    everything = circuit.final_map
    assert_same(left_over(circuit, branches(circuit), everything), left_over(found, branches(found), everything))
    assert {GATES[kind].name for kind in found.kind} <= {"SX", "X", "Rz", "CZ", "Measure", "Reset"}
    for run in runs_of_one_qubit_gates(found):
        assert len(run) <= 5, run


def test_what_comes_to_nothing_is_not_written() -> None:
    gates = [("SX", 0, -1), ("Rz", 0, -1, 0.3), ("Rz", 0, -1, -0.3), ("SX", 0, -1), ("X", 0, -1), ("Rz", 1, -1, 2.0)]
    assert len(as_cz(circuit_of(gates, 2, 0))) == 0


def test_rz_before_a_measurement_is_left_out() -> None:
    gates = [("SX", 0, -1), ("Rz", 0, -1, 0.3), ("CZ", 0, 1), ("Measure", 0, 0)]
    found = as_cz(circuit_of(gates, 2, 1))
    assert [GATES[kind].name for kind in found.kind] == ["SX", "CZ", "Measure"]
