"""Machines as Qiskit and pytket describe them: what targets they give, and circuits that run on them."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pytest
from pytket.architecture import Architecture, FullyConnected
from pytket.backends.backendinfo import BackendInfo
from pytket.circuit import Node, OpType
from qiskit.circuit import Measure, Parameter, Reset
from qiskit.circuit.library import CXGate, CZGate, ECRGate, RGate, RZGate, RZZGate, SXGate, UGate, XGate
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import InstructionProperties
from qiskit.transpiler import Target as QiskitTarget

import qsac
from qsac.machine.backend import UNDATED
from qsac.machine.read import find_target
from qsac.model import closed_form
from qsac.pipeline import Target, idling_error
from qsac.registry import target

MODEL: dict[str, Any] = {
    "qsac": 1,
    "tokens": {"type": "inline", "values": np.random.default_rng(5).normal(size=(4, 4)).tolist()},
    "attention": {
        "type": "overlap",
        "kernel": {"type": "monomial", "degree": 1},
        "value": {"type": "identity"},
        "score": {"type": "identity"},
    },
}

SMALL = {**MODEL, "tokens": {"type": "inline", "values": [[1, 2], [2, 1], [1, -1]]}}

LINE = [(place, place + 1) for place in range(7)]
TWO_QUBIT: dict[str, Any] = {
    "cz": CZGate(),
    "cx": CXGate(),
    "ecr": ECRGate(),
    "rzz": RZZGate(Parameter("d")),
    "rzz by 1/2": RZZGate(0.5),
}
SUPERCONDUCTING = ("rz", "sx", "x")


def both(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    return [pair for a, b in pairs for pair in ((a, b), (b, a))]


def qiskit_target(
    two_qubit: Mapping[str, Iterable[tuple[int, int]] | None],
    one_qubit: Iterable[Any] = (RZGate(Parameter("t")), SXGate(), XGate()),
    qubits: int = 8,
    *,
    missing: Iterable[int] = (),
    reset: bool = True,
    errors: Mapping[tuple[int, ...], float] | None = None,
) -> QiskitTarget:
    """A target of Qiskit's with given two-qubit gates; the gates on ``missing`` qubits are left out."""
    made = QiskitTarget(num_qubits=qubits)
    here = [qubit for qubit in range(qubits) if qubit not in set(missing)]
    for gate in (*one_qubit, Measure(), *([Reset()] if reset else [])):
        made.add_instruction(
            gate, {(qubit,): InstructionProperties(error=(errors or {}).get((qubit,))) for qubit in here}
        )
    for name, pairs in two_qubit.items():
        gate = TWO_QUBIT[name]
        if pairs is None:
            made.add_instruction(gate, None)
        else:
            made.add_instruction(gate, {pair: InstructionProperties(error=(errors or {}).get(pair)) for pair in pairs})
    return made


def pytket_info(
    architecture: Any, gates: Iterable[OpType] = (OpType.SX, OpType.X, OpType.Rz, OpType.CZ), **fields: Any
) -> BackendInfo:
    given = {"supports_reset": True, "supports_midcircuit_measurement": True, **fields}
    return BackendInfo("SomeBackend", "some-device", "1.0", architecture, {*gates, OpType.Measure}, **given)


def assert_respects(compiled: qsac.Compiled, machine: Target) -> None:
    """Whether every gate is one of the machine's, on a pair that it has, in a direction that it has."""
    circuit = compiled.to_tket()
    assert circuit.n_gates > 0
    directions = set(machine.directions or ())
    nodes = [index for _, index in compiled.circuits[0].qubits]
    seen = 0
    for command in circuit.get_commands():
        assert command.op.type.name in machine.gates
        if len(command.qubits) == 2:
            seen += 1
            # Circuits for pytket name the qubits by their place among those that are used.
            a, b = (qubit.index[0] if qubit.reg_name == "node" else nodes[qubit.index[0]] for qubit in command.qubits)
            if machine.coupling is not None:
                assert (min(a, b), max(a, b)) in machine.coupling
            if directions:
                assert (a, b) in directions
    assert seen == compiled.stats["two_qubit_gates"] > 0


def assert_compiles(given: Any, model: dict[str, Any] = MODEL) -> Target:
    """Compile and verify a small model for a machine; its target."""
    machine = find_target(given)
    compiled = qsac.compile(model, given, optimization_level=1, verify=True)
    assert compiled.verified
    assert_respects(compiled, machine)
    assert compiled.target["name"] == machine.name
    again = qsac.compile(model, given, optimization_level=1)
    assert again.to_json() == compiled.to_json() == qsac.compile(model, machine, optimisation=1).to_json()
    result = qsac.run(compiled, given)
    assert result.target == machine.name
    assert result.metrics["loss"] == pytest.approx(closed_form(compiled.model).values["loss"], abs=1e-9)
    return machine


# Qiskit


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


# pytket


def test_pytket_with_a_coupling_graph() -> None:
    nodes = [Node(place) for place in range(8)]
    node_errors = {node: {OpType.SX: 0.001 * (node.index[0] + 1), OpType.Rz: 0.0} for node in nodes}
    edge_errors = {(nodes[a], nodes[b]): {OpType.CZ: 0.01 * (a + 1)} for a, b in LINE}
    readout = {node: [[0.99, 0.01], [0.03, 0.97]] for node in nodes}
    machine = assert_compiles(
        pytket_info(
            Architecture(LINE),
            all_node_gate_errors=node_errors,
            all_edge_gate_errors=edge_errors,
            all_readout_errors=readout,
            supports_fast_feedforward=True,
        )
    )
    assert (machine.name, machine.vendor, machine.qubits) == ("some-device", "pytket", 8)
    assert (machine.coupling, machine.directions, machine.family) == (tuple(LINE), None, "cz")
    assert machine.reset
    assert machine.feed_forward
    assert machine.errors is not None
    assert machine.errors.one_qubit_by_qubit == tuple(0.001 * (place + 1) for place in range(8))
    assert machine.errors.two_qubit_by_edge == tuple((a, b, 0.01 * (a + 1)) for a, b in LINE)
    assert machine.errors.measure_by_qubit[3] == pytest.approx((0.01, 0.03))
    assert machine.errors.two_qubit == pytest.approx(0.04)


def test_pytket_by_averages_with_a_dead_edge() -> None:
    nodes = [Node(place) for place in range(8)]
    machine = assert_compiles(
        pytket_info(
            Architecture(LINE),
            averaged_node_gate_errors=dict.fromkeys(nodes, 0.002),
            averaged_edge_gate_errors={(nodes[a], nodes[b]): 1.0 if a == 6 else 0.02 for a, b in LINE},
            averaged_readout_errors=dict.fromkeys(nodes, 0.03),
        )
    )
    assert machine.coupling == tuple(LINE[:6])
    assert machine.errors is not None
    assert (machine.errors.one_qubit, machine.errors.two_qubit) == (0.002, 0.02)
    assert machine.errors.measure_by_qubit == ((0.03, 0.03),) * 8


def test_pytket_with_directed_edges() -> None:
    one_way = [(1, 0), (1, 2), (3, 2), (3, 4), (4, 5), (5, 6)]
    for gate in (OpType.ECR, OpType.CX):
        machine = assert_compiles(pytket_info(Architecture(one_way), {OpType.SX, OpType.X, OpType.Rz, gate}))
        assert machine.directions == tuple(sorted(one_way))


def test_pytket_with_nodes_that_are_not_counted_from_zero() -> None:
    gaps = Architecture(
        [(Node(2), Node(3)), (Node(3), Node(5)), (Node(5), Node(6)), (Node(6), Node(7)), (Node(7), Node(8))]
    )
    machine = assert_compiles(pytket_info(gaps))
    # Their numbers are kept, so that circuits name them as the machine does.
    assert machine.part == (2, 3, 5, 6, 7, 8)
    assert machine.qubits == 9
    grid = [Node("grid", row, column) for row in range(2) for column in range(4)]
    beside = [(grid[place], grid[place + 1]) for place in (0, 1, 2, 4, 5, 6)]
    below = [(grid[place], grid[place + 4]) for place in range(4)]
    machine = assert_compiles(pytket_info(Architecture(beside + below)))
    assert machine.coupling == tuple(sorted([(p, p + 1) for p in (0, 1, 2, 4, 5, 6)] + [(p, p + 4) for p in range(4)]))


def test_pytket_all_to_all() -> None:
    ions = {OpType.PhasedX, OpType.Rz, OpType.ZZPhase, OpType.ZZMax, OpType.TK2}
    for graph in (FullyConnected(9), None):
        machine = assert_compiles(pytket_info(graph, ions))
        assert (machine.family, machine.coupling) == ("zzphase", None)
        assert machine.qubits == (9 if graph else None)
    no_mid_circuit = pytket_info(FullyConnected(9), ions, supports_midcircuit_measurement=False, supports_reset=False)
    assert not assert_compiles(no_mid_circuit).mid_circuit_measurement


def test_backends_of_pytket() -> None:
    extension = pytest.importorskip("pytket.extensions.qiskit")
    backend = extension.AerBackend()
    machine = assert_compiles(backend)
    assert machine == find_target(backend.backend_info)
    assert machine.family == "zzphase"


def test_a_quantinuum_backend_is_its_target() -> None:
    module = pytest.importorskip("pytket.extensions.quantinuum.backends.api_wrappers")
    from pytket.extensions.quantinuum import QuantinuumBackend

    backend = QuantinuumBackend("H1-1", api_handler=module.QuantinuumAPIOffline())
    found, known = assert_compiles(backend), target("h1")
    for field in ("qubits", "family", "gates", "coupling", "mid_circuit_measurement", "reset", "feed_forward"):
        assert getattr(found, field) == getattr(known, field), field


# Everywhere that a target is taken


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
