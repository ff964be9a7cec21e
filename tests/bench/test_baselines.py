"""What a competent user writes, part by part, and where the page says a gain is from."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector

from qsac.pipeline.registry import pass_names
from tests.bench import gains, own_parts
from tests.bench.cases import Case
from tests.bench.counts import Row
from tests.bench.diagonals import MULTIPLEXERS, loader
from tests.bench.measure import Outcome
from tests.bench.optimisers import two_qubit_gates, unrolled


@pytest.mark.parametrize("library", MULTIPLEXERS)
@pytest.mark.parametrize(("index", "data"), [(0, 2), (1, 1), (2, 2), (1, 3)])
def test_a_loader_up_to_diagonals(library, index, data):
    generator = np.random.default_rng([index, data])
    rows = generator.normal(size=(1 << index, 1 << data)) + 1j * generator.normal(size=(1 << index, 1 << data))
    rows[-1, ::2] = 0
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    made = loader(rows, MULTIPLEXERS[library])
    circuit = QuantumCircuit(index + data)
    if index:
        circuit.h(range(data, index + data))
    circuit.compose(made.part, inplace=True)
    found = Statevector(circuit).data.reshape(rows.shape) * 2 ** (index / 2)
    np.testing.assert_allclose(found * np.exp(1j * made.phases)[:, None], rows, atol=1e-12)
    # 2^k - 1 for each gate with k controls (Bergholm et al., quant-ph/0410066).
    assert two_qubit_gates(unrolled(circuit)) <= sum((1 << (index + level)) - 1 for level in range(data))


@pytest.mark.parametrize("context", [2, 3, 4, 5, 8])
def test_the_index_state_by_itself(context):
    circuit = own_parts.index_state_in_cx(context)
    size = (context - 1).bit_length()
    found = np.abs(Statevector(circuit).data.reshape(1 << size, 1 << size)) ** 2
    query, key = np.indices(found.shape)
    inside = (key <= query) & (query < context)
    np.testing.assert_allclose(found, inside / inside.sum(), atol=1e-9)


@pytest.mark.parametrize("numbers", ["real", "complex"])
def test_a_state_by_itself(numbers):
    generator = np.random.default_rng(0)
    wanted = generator.normal(size=8) + (1j * generator.normal(size=8) if numbers == "complex" else 0)
    wanted = wanted / np.linalg.norm(wanted)
    assert abs(np.vdot(wanted, Statevector(own_parts.state(wanted)).data)) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("wanted", [[1, 0, 0, 1, 0, 0, 0, 1], [0, 1, 1, 0, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 1j]])
def test_phases_left_by_emission_are_found(wanted):
    """GHZ, W and another sparse state, whose amplitudes fix few of the phases."""
    state = np.array(wanted) / np.linalg.norm(wanted)
    circuit = QuantumCircuit(3)
    circuit.prepare_state(state)
    circuit.rz(0.3, 0)
    circuit.rz(-1.1, 1)
    circuit.rz(2.9, 2)
    turned = own_parts._turned(circuit, state)
    assert abs(np.vdot(state, Statevector(turned).data)) == pytest.approx(1, abs=1e-12)
    with pytest.raises(RuntimeError):
        own_parts._turned(circuit, np.roll(state, 1))


@pytest.mark.parametrize("case", [Case(8, 4), Case(8, 4, complex=True)], ids=lambda case: case.numbers)
def test_the_steps_of_a_gain_add_up(case):
    gates = {"multiplexed": 286, "fused": 245, "diagonal": 139, "indexed": 112}
    if not case.complex:
        del gates["diagonal"]
    passes = {"compress-tokens": [110, 104], "fold-unitaries": [104, 102], "merge-diagonals": [102, 100]}
    rows = [Row(case, ("qsac", "2"), Outcome({"gates": 99, "passes": passes}))]
    rows += [Row(case, (name, "qiskit-3"), Outcome({"gates": number})) for name, number in gates.items()]
    rows += [Row(case, (name, "tket-2"), Outcome({"gates": number + 5})) for name, number in gates.items()]
    cells = gains.line(rows)
    steps = [int(cell.replace("−", "-")) for cell in cells[2:7] if cell]
    assert int(cells[1]) + sum(steps) == int(cells[7]) == 99
    assert steps[-2:] == [110 - 112 + 104 - 110, 99 - 112 + 8]
    assert cells[8] == ("139" if case.complex else "245")


def test_passes_of_loaders_exist():
    assert set(gains.LOADERS) <= set(pass_names())
