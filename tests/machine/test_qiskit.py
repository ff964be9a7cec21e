"""Machines as Qiskit describes them: what targets they give, and circuits that run on them."""

import numpy as np
import pytest
from qiskit.circuit import Measure, Parameter
from qiskit.circuit.library import CZGate, RGate, RZGate, RZZGate, SXGate, XGate
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import Target as QiskitTarget

import qsac
from qsac.machine.backend import UNDATED
from qsac.machine.read import find_target
from qsac.machine.registry import target
from qsac.machine.target import idling_error
from tests.machine.devices import LINE, MODEL, SUPERCONDUCTING, assert_compiles, both, qiskit_target

pytestmark = pytest.mark.usefixtures("short_search")


@pytest.mark.parametrize(("backend", "name"), [("FakeFez", "ibm-fez"), ("FakeSherbrooke", "ibm-sherbrooke")])
def test_an_ibm_backend_is_its_snapshot(backend: str, name: str) -> None:
    # Two ways from the same calibration: through Qiskit's objects, and from the files by our own reader.
    provider = pytest.importorskip("qiskit_ibm_runtime.fake_provider")
    found, known = find_target(getattr(provider, backend)()), target(name)
    assert found.name == f"fake_{name.removeprefix('ibm-')}"
    for field in ("qubits", "family", "gates", "coupling", "directions", "reset", "feed_forward", "kind"):
        assert getattr(found, field) == getattr(known, field), field
    assert found.errors is not None
    assert known.errors is not None
    for field in ("one_qubit", "two_qubit", "memory", "one_qubit_by_qubit", "two_qubit_by_edge"):
        assert getattr(found.errors, field) == getattr(known.errors, field), field
    # Qiskit gives one readout error for both states, which is their mean.
    for mine, theirs in zip(found.errors.measure_by_qubit, known.errors.measure_by_qubit, strict=True):
        assert mine[0] == mine[1] == pytest.approx(sum(theirs) / 2, abs=1e-4)
    assert found.durations is not None
    assert known.durations is not None
    for field in ("one_qubit", "two_qubit", "measure", "reset", "delay"):
        assert getattr(found.durations, field) == getattr(known.durations, field), field


def test_a_large_backend_compiles() -> None:
    provider = pytest.importorskip("qiskit_ibm_runtime.fake_provider")
    machine = assert_compiles(provider.FakeFez())
    assert machine.connected == 154
    assert machine.notice == "of the 156 qubits of fake_fez 2 cannot be reached, and are not used"


@pytest.mark.parametrize("gate", ["cx", "ecr", "cz"])
def test_generic_backends(gate: str) -> None:
    backend = GenericBackendV2(8, [*SUPERCONDUCTING, gate], coupling_map=both(LINE), seed=3)
    machine = assert_compiles(backend)
    assert machine.gates == ("SX", "X", "Rz", gate.upper(), "Measure", "Reset")
    assert machine.coupling == tuple(LINE)
    assert machine.directions is None
    assert machine.errors is not None
    assert machine.errors.date == UNDATED
    assert [edge[:2] for edge in machine.errors.two_qubit_by_edge] == LINE
    entries = backend.target[gate]
    assert machine.errors.two_qubit_by_edge[2][2] == min(entries[2, 3].error, entries[3, 2].error)
    assert machine.errors.measure_by_qubit[4] == (backend.target["measure"][4,].error,) * 2
    assert machine.durations is not None
    assert machine.durations.one_qubit == np.median([entry.duration for entry in backend.target["sx"].values()])
    times = [[getattr(qubit, time) for qubit in backend.target.qubit_properties] for time in ("t1", "t2")]
    seconds = machine.durations.two_qubit
    assert machine.errors.memory == pytest.approx(idling_error(seconds, *map(np.median, times)))


def test_backends_that_are_fully_connected() -> None:
    cx = assert_compiles(GenericBackendV2(7, seed=1))
    assert cx.coupling == tuple((a, b) for a in range(7) for b in range(a + 1, 7))
    cz = assert_compiles(GenericBackendV2(7, [*SUPERCONDUCTING, "cz"], seed=1))
    assert (cz.coupling, cz.family) == (None, "cz")
    assert cz.errors is not None
    assert cz.errors.two_qubit_by_edge == cz.errors.one_qubit_by_qubit == ()


def test_directed_edges() -> None:
    one_way = [(b, a) if a % 2 else (a, b) for a, b in LINE]
    for gate in ("ecr", "cx"):
        machine = assert_compiles(qiskit_target({gate: one_way}))
        assert machine.directions == tuple(sorted(one_way))
        assert machine.coupling == tuple(LINE)


def test_trapped_ions_of_qiskit() -> None:
    gates = (RZGate(Parameter("a")), RGate(Parameter("b"), Parameter("c")))
    everywhere = [(a, b) for a in range(8) for b in range(8) if a != b]
    for pairs in (everywhere, [(a, b) for a, b in everywhere if a < b], None):
        machine = assert_compiles(qiskit_target({"rzz": pairs}, gates))
        assert (machine.family, machine.coupling, machine.gates[:3]) == ("zzphase", None, ("PhasedX", "Rz", "ZZPhase"))
    on_a_line = assert_compiles(qiskit_target({"rzz": LINE}, gates))
    assert (on_a_line.family, on_a_line.coupling) == ("cz", tuple(LINE))


def test_the_gate_that_connects_the_most_qubits_is_chosen() -> None:
    assert find_target(qiskit_target({"cz": LINE[:3], "cx": both(LINE)})).gates[3] == "CX"
    assert find_target(qiskit_target({"cz": LINE, "cx": both(LINE)})).gates[3] == "CZ"
    assert find_target(qiskit_target({"ecr": both(LINE), "cx": both(LINE)})).gates[3] == "ECR"


def test_qubits_and_pairs_that_do_not_work() -> None:
    errors = {**{(qubit,): 0.001 for qubit in range(8)}, **dict.fromkeys(LINE, 0.01), (0, 1): 1.0}
    machine = assert_compiles(qiskit_target({"cz": LINE}, missing=[7], errors=errors))
    # Qubit 7 has no gates, and the pair (0, 1) always errs.
    assert machine.coupling == ((1, 2), (2, 3), (3, 4), (4, 5), (5, 6))
    assert machine.part == (1, 2, 3, 4, 5, 6)
    assert machine.errors is not None
    assert machine.errors.one_qubit_by_qubit[7] == 1.0
    assert machine.errors.one_qubit_by_qubit[:7] == (0.001,) * 7
    assert machine.notice == "of the 8 qubits of qiskit-target 2 cannot be reached, and are not used"
    dead = find_target(qiskit_target({"cz": LINE}, errors={**errors, (4,): 1.0}))
    assert dead.coupling == ((1, 2), (2, 3), (5, 6), (6, 7))


def test_faulty_qubits_of_a_fully_connected_machine() -> None:
    machine = assert_compiles(qiskit_target({"cx": None}, missing=[0, 5]))
    working = (1, 2, 3, 4, 6, 7)
    assert machine.part == working
    assert machine.coupling == tuple((a, b) for a in working for b in working if a < b)
    assert find_target(qiskit_target({"cz": None}, missing=[3])).connected == 7


def test_simulators() -> None:
    aer = pytest.importorskip("qiskit_aer")
    machine = assert_compiles(aer.AerSimulator())
    assert (machine.family, machine.coupling, machine.errors) == ("zzphase", None, None)
    unlimited = QiskitTarget()
    for gate in (RZGate(Parameter("t")), SXGate(), XGate(), CZGate(), Measure()):
        unlimited.add_instruction(gate, None)
    assert assert_compiles(unlimited).qubits is None


def test_a_machine_without_reset() -> None:
    machine = assert_compiles(qiskit_target({"cz": LINE}, reset=False))
    assert "Reset" not in machine.gates
    assert not machine.reset


def test_errors_that_are_only_partly_known_are_left_out() -> None:
    machine = find_target(qiskit_target({"cz": LINE}, errors=dict.fromkeys(LINE, 0.01)))
    assert machine.errors is None
    assert machine.notice is not None
    assert "says nothing of the errors of one-qubit gates and measurements" in machine.notice
    assert find_target(qiskit_target({"cz": LINE})).notice is None


def test_numbers_that_are_no_error_rates() -> None:
    odd = {(0,): float("nan"), (1,): -1.0, (2,): 0.002, (0, 1): float("nan"), (1, 2): 7.0, (2, 3): 0.03}
    machine = find_target(qiskit_target({"cz": LINE}, errors=odd))
    assert machine.coupling == tuple(pair for pair in LINE if pair != (1, 2))
    assert machine.errors is not None
    assert machine.errors.one_qubit_by_qubit == (0.002,) * 8
    assert {error for *_, error in machine.errors.two_qubit_by_edge} == {0.03}


def test_gates_whose_angle_is_fixed_or_bounded() -> None:
    ions = (RZGate(Parameter("a")), RGate(Parameter("b"), Parameter("c")))
    with pytest.raises(qsac.InvalidInputError, match="does not have the gates") as caught:
        find_target(qiskit_target({"rzz by 1/2": LINE}, ions))
    assert caught.value.found == "the gates measure, r, reset, rz, rzz"
    bounded = QiskitTarget(num_qubits=4)
    for gate in (*ions, Measure()):
        bounded.add_instruction(gate, {(qubit,): None for qubit in range(4)})
    if not hasattr(bounded, "gate_has_angle_bounds"):
        pytest.skip("this Qiskit has no bounds of angles")
    bounded.add_instruction(RZZGate(Parameter("d")), {(0, 1): None}, angle_bounds=[(0, np.pi / 2)])
    with pytest.raises(qsac.InvalidInputError, match="does not have the gates"):
        find_target(bounded)


def test_a_backend_that_fails() -> None:
    class Failing(GenericBackendV2):
        @property
        def target(self) -> QiskitTarget:
            raise ConnectionError("no route to the service")

    backend = GenericBackendV2(2, seed=1)
    backend.__class__ = Failing
    with pytest.raises(qsac.InvalidInputError, match="does not say what machine it is") as caught:
        find_target(backend)
    assert caught.value.found == "ConnectionError: no route to the service"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("h2", "h2-backend"),
        ("aer", "aer-backend"),
        ("Sim (v2)/β", "Sim-v2"),
        ("device.json", "device.json-backend"),
        ("\x1b[31m", "31m"),
        ("...", "qiskit-machine"),
        ("x" * 5000, None),
    ],
)
def test_names(name: str, expected: str | None) -> None:
    described = qiskit_target({"cz": LINE})
    described.description = name
    machine = find_target(described)
    assert machine.description.isprintable()
    assert machine.name == expected if expected else len(machine.name) < 130
    compiled = qsac.compile(MODEL, described, optimisation=0)
    assert qsac.run(compiled, described).target == machine.name
