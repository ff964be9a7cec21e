"""Machines as pytket describes them: what targets they give, and circuits that run on them."""

import pytest
from pytket.architecture import Architecture, FullyConnected
from pytket.circuit import Node, OpType

from qsac.machine.read import find_target
from qsac.machine.registry import target
from tests.machine.devices import LINE, assert_compiles, pytket_info

pytestmark = pytest.mark.usefixtures("short_search")


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
