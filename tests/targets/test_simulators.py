from __future__ import annotations

from pytket.circuit import OpType
from pytket.extensions.qiskit import AerBackend

from qsac.targets import simulators


def test_kinds() -> None:
    kinds = {name: simulators.load(name).kind for name in simulators.names()}
    assert kinds == {"statevector": "exact", "qulacs": "exact", "aer": "shots"}
    for name in simulators.names():
        target = simulators.load(name)
        assert (target.qubits, target.coupling, target.errors, target.notice) == (None, None, None, None)


def test_aer_runs_the_gates() -> None:
    info = AerBackend().backend_info
    assert info is not None
    assert {getattr(OpType, name) for name in simulators.load("aer").gates} <= info.gate_set
