"""Counts that were taken elsewhere, from Python: the tools' own objects, and whether they can be the circuit's."""

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from pytket.extensions.qiskit import AerBackend
from qiskit import QuantumCircuit, qasm2
from qiskit_aer import AerSimulator
from qiskit_aer.primitives import SamplerV2

import qsac
from qsac.artifact.sealing import digest_of
from qsac.errors import InvalidInputError
from qsac.export.qasm import to_qasm2
from qsac.families.outcomes import Index, Outcomes
from qsac.runtime.counts import Order
from tests.cases import some

SHOTS = 20_000
IDENTITY = {"type": "identity"}
ATTENTION = {"type": "overlap", "kernel": {"type": "monomial", "degree": 1}, "value": IDENTITY, "score": IDENTITY}
TOKENS = [[1, 0.3, 0.2, 1], [1, 1, 0, -1], [0.5, 2, 1, 1], [1, 3, 2, -0.5]]


def _model(readout: dict[str, Any], tokens: list[list[float]] = TOKENS, degree: int = 1) -> dict[str, Any]:
    return {
        "qsac": 1,
        "name": "elsewhere",
        "tokens": {"type": "inline", "values": tokens},
        "attention": ATTENTION | {"kernel": {"type": "monomial", "degree": degree}},
        "readout": readout,
    }


LOSS = _model({"type": "loss"}, degree=2)
SINGLE_BITS = _model({"type": "loss"}, [[1, 2], [3, -1], [1, 0.2]])


@pytest.fixture(scope="module")
def compiled() -> qsac.Compiled:
    return qsac.compile(LOSS, "h1", verify=False)


def _assert_exact(compiled: qsac.Compiled, found: qsac.Result) -> None:
    exact = qsac.run(compiled, "statevector").metrics
    assert found.seed is None
    assert found.warnings == ()
    for name in ("fidelity", "token_fidelity", "success_probability"):
        value, wanted, error = found.metrics[name], exact[name], found.standard_errors[name]
        assert value is not None
        assert wanted is not None
        assert error is not None
        assert abs(value - wanted) < 5 * error, name


def test_results_of_qiskits_sampler(compiled: qsac.Compiled) -> None:
    result = SamplerV2(seed=5).run([compiled.to_qiskit()], shots=SHOTS).result()
    joined = result[0].join_data()
    found = qsac.interpret(compiled, joined.get_counts(), order="qiskit")
    assert found.shots == SHOTS
    _assert_exact(compiled, found)
    data = result[0].data
    as_lists = {name: bits.to_bool_array(order="little").astype(int) for name, bits in data.items()}
    same: list[object] = [result, result[0], data, joined, joined.get_int_counts(), dict(data.items()), as_lists]
    same += [{name: bits.get_bitstrings() for name, bits in data.items()}]
    for other in same:
        assert qsac.interpret(compiled, other) == found, type(other)
    with pytest.raises(InvalidInputError, match="do not say in which order") as caught:
        qsac.interpret(compiled, joined.get_counts())
    assert 'qsac.interpret(compiled, counts, order="qiskit")' in str(caught.value.help)
    with pytest.raises(InvalidInputError, match="fell together"):
        qsac.interpret(compiled, {name: bits.get_counts() for name, bits in data.items()})
    with pytest.raises(InvalidInputError, match="of several circuits"):
        qsac.interpret(compiled, SamplerV2().run([compiled.to_qiskit()] * 2, shots=3).result())


def test_results_of_qiskits_simulator(compiled: qsac.Compiled) -> None:
    result = AerSimulator(seed_simulator=3).run(compiled.to_qiskit(), shots=SHOTS).result()
    found = qsac.interpret(compiled, result)
    _assert_exact(compiled, found)
    for other in (result.get_counts(), dict(result.get_counts()), result.data()["counts"]):
        assert qsac.interpret(compiled, other) == found
    spaceless = {key.replace(" ", ""): count for key, count in result.get_counts().items()}
    assert qsac.interpret(compiled, spaceless, order="qiskit") == found
    assert qsac.interpret(compiled, {"order": "qiskit", "counts": spaceless}) == found


def test_results_of_pytket(compiled: qsac.Compiled) -> None:
    circuit = compiled.to_tket()
    circuit.add_bit(type(circuit.bits[0])("another", 0))
    result = AerBackend().run_circuit(circuit, n_shots=SHOTS, seed=3)
    found = qsac.interpret(compiled, result)
    _assert_exact(compiled, found)
    assert qsac.interpret(compiled, result.get_counts(cbits=compiled.to_tket().bits)) == found
    with pytest.raises(InvalidInputError, match="lacks bits of the circuit"):
        qsac.interpret(compiled, AerBackend().run_circuit(type(circuit)(1, 1).measure_all(), n_shots=3))


def test_counts_of_brakets_name_no_order(compiled: qsac.Compiled) -> None:
    bits = len(compiled.circuits[0].bits)

    class GateModelQuantumTaskResult:
        def __init__(self) -> None:
            self.measurement_counts = Counter({"0" * (bits - 1) + "1": 3, "0" * bits: 4})

    GateModelQuantumTaskResult.__module__ = "braket.tasks.gate_model_quantum_task_result"
    task = GateModelQuantumTaskResult()
    for counts in (task, task.measurement_counts):
        with pytest.raises(InvalidInputError, match="do not say in which order"):
            qsac.interpret(compiled, counts)
        # The bit that is 1 is value's in pytket's order, and one of the given key's in Qiskit's.
        assert qsac.interpret(compiled, counts, order="pytket").success_probability == 1
        assert qsac.interpret(compiled, counts, order="qiskit").success_probability == pytest.approx(4 / 7)


def test_classes_of_qiskit_say_the_order_of_single_bits_too() -> None:
    compiled = qsac.compile(SINGLE_BITS, "h1", verify=False)
    assert {len(register) for register in compiled.to_qiskit().cregs} == {1}
    counts = AerSimulator(seed_simulator=3).run(compiled.to_qiskit(), shots=SHOTS).result().get_counts()
    _assert_exact(compiled, qsac.interpret(compiled, counts))
    with pytest.raises(InvalidInputError, match="do not say in which order"):
        qsac.interpret(compiled, dict(counts))
    _assert_exact(compiled, qsac.interpret(compiled, dict(counts), order="qiskit"))


@pytest.mark.parametrize(
    ("spelled", "unasked"),
    [
        ("{}{}{}{}", None),
        ("{} {} {} {}", None),
        ("{}, {}, {}, {}", None),
        ("({}, {}, {}, {})", 0.75),
        ("[{} {} {} {}]", 0.75),
    ],
)
def test_single_bits(spelled: str, unasked: float | None) -> None:
    compiled = qsac.compile(SINGLE_BITS, "h1", verify=False)
    counts = {spelled.format(*key): count for key, count in {"0000": 50, "0001": 20, "1000": 30, "0100": 10}.items()}
    wanted: dict[Order, float] = {"pytket": 0.75, "qiskit": 0.625}
    for order, value in wanted.items():
        assert qsac.interpret(compiled, counts, order).metrics["token_fidelity"] == value
        assert qsac.interpret(compiled, {"order": order, "counts": counts}).metrics["token_fidelity"] == value
    if unasked is None:
        with pytest.raises(InvalidInputError, match="do not say in which order"):
            qsac.interpret(compiled, counts)
    else:
        assert qsac.interpret(compiled, counts).metrics["token_fidelity"] == unasked
    with pytest.raises(InvalidInputError, match="said to be in two orders"):
        qsac.interpret(compiled, {"order": "qiskit", "counts": counts}, "pytket")


@pytest.mark.parametrize("counts", [None, 7, "0101", ["0101"], [("0101", 3)], np.zeros(3), object(), QuantumCircuit(1)])
def test_what_is_not_a_mapping(counts: object, compiled: qsac.Compiled) -> None:
    with pytest.raises(InvalidInputError, match="the counts are not a mapping"):
        qsac.interpret(compiled, counts)


@pytest.mark.parametrize("order", ["Qiskit", "little", "", 1, ["qiskit"]])
def test_orders_that_do_not_exist(order: Any, compiled: qsac.Compiled) -> None:
    with pytest.raises(InvalidInputError, match="no such order"):
        qsac.interpret(compiled, {"0": 1}, order)


READOUTS: dict[str, dict[str, Any]] = {
    "loss": {"type": "loss"},
    "basis": {"type": "predict"},
    "tokens": {"type": "predict", "states": "tokens"},
    "complex": {"type": "overlaps"},
    "abs2": {"type": "overlaps", "part": "abs2"},
}


def _noisy(counts: dict[str, int], share: float, misread: float) -> dict[str, int]:
    """Counts of which a share is replaced by bits at random, and whose bits are then misread with a probability."""
    generator = np.random.default_rng(4)
    bits = np.array([list(map(int, key)) for key, count in counts.items() for _ in range(count)])
    lost = generator.random(len(bits)) < share
    bits[lost] = generator.integers(0, 2, (int(lost.sum()), bits.shape[1]))
    bits ^= generator.random(bits.shape) < misread
    return Counter("".join(map(str, row)) for row in bits.tolist())


@pytest.mark.parametrize("readout", some(READOUTS, 2))
def test_a_wrong_order_is_noticed_and_noise_is_not_taken_for_one(readout: str) -> None:
    compiled = qsac.compile(_model(READOUTS[readout]), "h1", verify=False)
    counts = AerSimulator(seed_simulator=2).run(compiled.to_qiskit(), shots=SHOTS).result().get_counts()
    exact = {key.replace(" ", "")[::-1]: count for key, count in counts.items()}
    assert qsac.interpret(compiled, exact, "pytket").warnings == ()
    for noise in ((0.0, 0.0), (0.02, 0.01), (0.2, 0.02)):
        taken = _noisy(exact, *noise)
        (said,) = [text for text in qsac.interpret(compiled, taken, "qiskit").warnings if "far better" in text]
        assert "in the order pytket than in the order qiskit" in said
        backwards = {key[::-1]: count for key, count in taken.items()}
        (said,) = [text for text in qsac.interpret(compiled, backwards, "pytket").warnings if "far better" in text]
        assert "in the order qiskit than in the order pytket" in said
    for noise in ((0.02, 0.01), (0.2, 0.02), (0.6, 0.1), (1.0, 0.0), (0.0, 0.3)):
        warnings = qsac.interpret(compiled, _noisy(exact, *noise), "pytket").warnings
        assert not any("far better" in text for text in warnings), (noise, warnings)


def test_an_acceptance_that_noise_has_moved_is_told(compiled: qsac.Compiled) -> None:
    exact = qsac.run(compiled, "statevector").success_probability
    assert exact is not None
    bits = len(compiled.circuits[0].bits)
    passed, lost = "0" * bits, "1" * bits

    def warnings(shots: int, errors: float) -> tuple[str, ...]:
        error = (exact * (1 - exact) / shots) ** 0.5
        number = round(shots * (exact + errors * error))
        found = qsac.interpret(compiled, {passed: number, lost: shots - number})
        return tuple(text for text in found.warnings if "but without noise it would be" in text)

    for errors in (-4, 0, 4):
        assert warnings(100_000, errors) == ()
    for errors in (-8, 8):
        (said,) = warnings(100_000, errors)
        assert f"it would be {exact:.3g}: noise of the machine can do that" in said
    # Few shots say little: one of three that pass is no miracle.
    assert qsac.interpret(compiled, {passed: 1, lost: 2}).warnings == ()


def test_what_is_expected_is_not_what_the_artifact_says_of_itself(compiled: qsac.Compiled) -> None:
    document = json.loads(compiled.to_json())
    document["stats"]["forecast"] |= {"success_probability": 1.0, "shots": 1}
    document["digest"] = digest_of(document)
    forged = qsac.Compiled.parse(json.dumps(document).encode(), "forged")
    bits = len(compiled.circuits[0].bits)
    (said,) = qsac.interpret(forged, {"0" * bits: 5000}).warnings
    assert "without noise it would be" in said


@pytest.mark.parametrize("part", ["complex", "abs2"])
def test_overlaps_outside_the_mask_are_null_whatever_fell_there(part: str) -> None:
    compiled = qsac.compile(_model({"type": "overlaps", "part": part}), "h1", verify=False)
    bits = [register for register, _ in compiled.circuits[0].bits]
    units = {unit: place for place, unit in enumerate(compiled.circuits[0].bits)}
    (readout,) = compiled.circuits[0].readouts

    def outcome(j: int, i: int) -> tuple[int, ...]:
        values = [0] * len(bits)
        for bit, value in zip(readout.index_bits[-4:], f"{j:02b}{i:02b}", strict=True):
            values[bit] = int(value)
        return tuple(values)

    assert set(readout.index_bits) <= set(units.values())
    inside = {outcome(j, i): 100 for j in range(3) for i in range(j + 1)}
    outside = {outcome(0, 1): 3, outcome(1, 2): 4, outcome(3, 3): 5}
    found = qsac.interpret(compiled, inside | outside)
    name = "re" if part == "complex" else "abs2"
    for content in (found.values["overlaps"][name], found.value_errors["overlaps"][name]):
        assert [[entry is None for entry in row] for row in content] == [
            [False, True, True],
            [False, False, True],
            [False, False, False],
        ]
    assert (
        "12 of 612 shots that count fell on pairs outside the mask, as none does without noise: they are left out"
        in (found.warnings)
    )
    assert not any("outside the mask" in text for text in qsac.interpret(compiled, inside).warnings)


def test_simulated_noise_leaves_the_entries_outside_the_mask_null() -> None:
    compiled = qsac.compile(_model({"type": "overlaps"}), "h1", verify=False)
    found = qsac.run(compiled, noise=True, shots=4_000, seed=2)
    assert [row[place + 1 :] for place, row in enumerate(found.values["overlaps"]["im"])] == [[None, None], [None], []]
    (said,) = found.warnings
    assert "of 4,000 shots that count fell on pairs outside the mask" in said
    assert 0 < int(said.split()[0]) < 400


def test_states_and_words_that_do_not_exist() -> None:
    three = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1]]
    compiled = qsac.compile(_model({"type": "predict", "states": three}), "h1", verify=False)
    (readout,) = compiled.circuits[0].readouts
    counts = {}
    for value in range(4):
        bits = [0] * len(compiled.circuits[0].bits)
        for bit, digit in zip(readout.index_bits, f"{value:02b}", strict=True):
            bits[bit] = int(digit)
        counts[tuple(bits)] = 10 + value
    found = qsac.interpret(compiled, counts)
    assert found.values["predictions"]["probabilities"] == [1, 1, 1]
    assert found.warnings[0].startswith("13 of 46 shots that count fell on values that stand for no state")


def test_which_values_of_an_index_never_occur() -> None:
    def impossible(readout: dict[str, Any], tokens: list[list[float]]) -> list[bool]:
        """For each value of the index, whether a result of shots on it says that no exact circuit reads it."""
        model = qsac.load(_model(readout, tokens))
        ((name, exact),) = model.readout.expected(model).items()
        assert exact.index is not None
        found = []
        for weights in np.eye(len(exact.index.joint)):
            shot = Outcomes(1, 1, {name: 1}, Index(weights, weights))
            said = [text for text in model.readout.result(model, {name: shot}).warnings if "fell on" in text]
            assert all(text.startswith("1 of 1 shot that count") for text in said)
            found.append(bool(said))
        return found

    flat = [[1, 0], [1, 1], [0, 1]]
    words = [[1, 0], [0, 0.6], [0, 0.8]]
    assert impossible({"type": "predict"}, flat) == [False, False]
    assert impossible({"type": "predict", "vocabulary": words}, flat) == [False, False, False, True]
    assert impossible({"type": "predict", "states": words}, flat) == [False, False, False, True]
    # Tokens of three entries have a fourth, padding: what W and V move there is read as none of the words.
    solid = [[1, 0, 0], [1, 1, 0], [0, 1, 1]]
    assert impossible({"type": "predict", "vocabulary": np.eye(3).tolist()}, solid) == [False] * 4
    assert impossible({"type": "overlaps", "part": "abs2"}, flat) == [False, True, False, False]


def test_every_outcome_once(compiled: qsac.Compiled) -> None:
    bits = len(compiled.circuits[0].bits)
    found = qsac.interpret(compiled, {format(number, f"0{bits}b"): 1 for number in range(1 << bits)}, "pytket")
    assert found.shots == 1 << bits
    first, second = compiled.circuits[0].readouts
    assert found.success_probability == 0.5 ** len(first.given)
    assert found.metrics["fidelity"] == 0.5 ** len(first.success)
    assert found.metrics["token_fidelity"] == 0.5 ** len(second.success)


def test_exports_keep_the_order_of_the_registers(compiled: qsac.Compiled) -> None:
    """Qiskit reads the registers in the artifact's order: counts of what it has read are interpreted as they are."""
    read = qasm2.loads(to_qasm2(compiled.circuits[0]), custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    assert [register.name for register in read.cregs] == list(compiled.circuits[0].registers)


def test_results_of_cirqs_simulator() -> None:
    """Bits by their keys, whatever else was measured: registers that share qubits among them."""
    cirq = pytest.importorskip("cirq")
    compiled = qsac.compile(SINGLE_BITS, "h1", verify=False)
    result = cirq.Simulator(seed=3).run(compiled.to_cirq(), repetitions=1_500)
    _assert_exact(compiled, qsac.interpret(compiled, result))
    records = {key: value for key, value in result.records.items() if key != "key[0]"}
    with pytest.raises(InvalidInputError) as error:
        qsac.interpret(compiled, cirq.ResultDict(records=records))
    assert error.value.code == "counts.missing-bits"
    assert "key[0]" in str(error.value)


def test_counts_of_pennylanes_device(compiled: qsac.Compiled) -> None:
    qml = pytest.importorskip("pennylane")

    @qml.set_shots(SHOTS)
    @qml.qnode(qml.device("default.qubit", seed=4), mcm_method="tree-traversal")
    def program() -> object:
        return qml.counts(compiled.to_pennylane())

    _assert_exact(compiled, qsac.interpret(compiled, program(), order="pytket"))
