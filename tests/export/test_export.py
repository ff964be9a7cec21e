"""OpenQASM and QIR, read back by Qiskit's importers and PyQIR: the same outcomes, to the last path of a shot."""

import functools
import re
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytket.circuit import Circuit, OpType
from pytket.qasm.qasm import circuit_from_qasm_str
from qiskit import QuantumCircuit, qasm2

import qsac
from qsac.errors import InvalidInputError
from qsac.export.cirq import to_cirq
from qsac.export.qasm import to_qasm2, to_qasm3
from qsac.export.qir import to_qir
from qsac.export.tket import to_tket
from qsac.families.qsa.metrics import closed_form
from qsac.native.circuit import GATES, KIND, BitReadout, GateType, NativeCircuit
from tests.cli.conftest import MODELS
from tests.export.outcomes import Path, cirq_paths, distribution, pennylane_paths, qir_paths, qiskit_paths

# A machine for each family and two-qubit gate: ZZPhase, CZ, ECR.
SMALLER = st.integers(0, 30)
TARGETS = ("h2", "ibm-fez", "ibm-brisbane")
READERS: dict[str, Callable[[NativeCircuit], list[Path]]] = {
    "qasm2": lambda circuit: qiskit_paths(_qasm2(to_qasm2(circuit))),
    "qasm3": lambda circuit: qiskit_paths(_qasm3(to_qasm3(circuit))),
    "qir": lambda circuit: qir_paths(to_qir(circuit)),
    "cirq": lambda circuit: cirq_paths(to_cirq(circuit)),
    "pennylane": pennylane_paths,
    "qir, early exit": lambda circuit: qir_paths(to_qir(circuit, early_exit=True)),
}


def _qasm3(text: str) -> QuantumCircuit:
    pytest.importorskip("qiskit_qasm3_import")
    from qiskit import qasm3

    return qasm3.loads(text)


def _label(circuit: NativeCircuit, bit: int) -> str:
    register, index = circuit.bits[bit]
    return f"{register}[{index}]"


def _zeros(circuit: NativeCircuit, paths: list[Path], bits: tuple[int, ...]) -> float:
    labels = [_label(circuit, bit) for bit in bits]
    return sum(path.probability for path in paths if not any(path.bits[label] for label in labels))


@functools.cache
def _compiled(model: str, target: str) -> qsac.Compiled:
    """Routed, not laid out: what is written does not depend on how the gates were found."""
    return qsac.compile(MODELS[model], target, optimisation=1 if target.startswith("ibm") else 2, verify=False)


@pytest.mark.parametrize("form", READERS)
@pytest.mark.parametrize(("model", "target"), [("complex", "h2"), *(("small", target) for target in TARGETS)])
def test_every_form_gives_the_closed_form(model: str, target: str, form: str) -> None:
    compiled = _compiled(model, target)
    (circuit,) = compiled.circuits
    paths = READERS[form](circuit)
    assert sum(path.probability for path in paths) == pytest.approx(1, abs=1e-9)
    assert all(set(path.bits) == {_label(circuit, bit) for bit in range(len(circuit.bits))} for path in paths)
    expected = closed_form(compiled.model)
    for readout in circuit.readouts:
        given = _zeros(circuit, paths, readout.given)
        assert given == pytest.approx(expected["success_probability"], abs=1e-9)
        both = _zeros(circuit, paths, (*readout.given, *readout.success))
        assert both / given == pytest.approx(expected[readout.metric], abs=1e-9)


@pytest.mark.parametrize("target", TARGETS)
def test_all_forms_have_the_same_outcomes(target: str) -> None:
    (circuit,) = _compiled("small", target).circuits
    first, *others = (distribution(READERS[form](circuit)) for form in ("qasm2", "qasm3", "qir", "cirq", "pennylane"))
    for other in others:
        assert {*first} == {*other}
        assert all(other[key] == pytest.approx(value, abs=1e-10) for key, value in first.items())


def test_a_shot_ends_at_the_first_given_bit_that_reads_one() -> None:
    (circuit,) = _compiled("complex", "h2").circuits
    whole, paths = qir_paths(to_qir(circuit)), qir_paths(to_qir(circuit, early_exit=True))
    given = {_label(circuit, bit) for bit in circuit.readouts[0].given}
    measured = np.flatnonzero(circuit.kind == KIND["Measure"]).tolist()
    order = [_label(circuit, circuit.second[place]) for place in measured]
    two_qubit = np.isin(circuit.kind, [KIND["ZZPhase"]])
    done = {_label(circuit, circuit.second[place]): int(two_qubit[:place].sum()) for place in measured}
    for path in paths:
        lost = [label for label in order if label in given and path.bits[label]]
        assert len(lost) <= 1
        assert path.gates == (done[lost[0]] if lost else circuit.two_qubit_gates)
        if lost:  # what comes after the bit was not measured
            assert not any(path.bits[label] for label in order[order.index(lost[0]) + 1 :])
    assert any(path.gates < circuit.two_qubit_gates for path in paths)

    def kept(found: list[Path]) -> dict[tuple[tuple[str, int], ...], float]:
        return distribution([path for path in found if not any(path.bits[label] for label in given)])

    assert kept(paths) == pytest.approx(kept(whole), abs=1e-12)


def test_a_bit_that_not_every_readout_is_given_ends_no_shot() -> None:
    (circuit,) = _compiled("small", "h2").circuits
    one = circuit.readouts[0].given[0]
    columns = {name: getattr(circuit, name) for name in ("kind", "first", "second", "angles")}
    readouts = (circuit.readouts[0], BitReadout("token_fidelity", (one,), ()))
    text = to_qir(NativeCircuit("", circuit.qubits, circuit.bits, **columns, readouts=readouts), early_exit=True)
    assert text.count("br i1") == 1
    alone = NativeCircuit("", circuit.qubits, circuit.bits, **columns, readouts=(BitReadout("fidelity", (), (one,)),))
    with pytest.raises(InvalidInputError, match="every shot of this circuit counts"):
        to_qir(alone, early_exit=True)


def _gate(gate: GateType) -> NativeCircuit:
    """The gate between rotations that tell it from others, and measurements."""
    names = ["PhasedX", "PhasedX", gate.name, "PhasedX", "PhasedX", "Measure", "Measure"]
    angles = [[0.3, 0.1], [0.7, -0.4], [0.123456789012345678, 0.25], [0.4, 0.2], [-0.6, 0.9], [0, 0], [0, 0]]
    second = [-1, -1, gate.qubits - 1 or -1, -1, -1, 0, 1]
    return NativeCircuit(
        "gate",
        (("q", 0), ("q", 1)),
        (("a", 0), ("b", 0)),
        np.array([KIND[name] for name in names], np.int8),
        np.array([0, 1, 0, 0, 1, 0, 1], np.int32),
        np.array(second, np.int32),
        np.array(angles),
        (BitReadout("fidelity", (0,), (1,)),),
    )


@pytest.mark.parametrize(
    "gate", [gate for gate in GATES if gate.name not in ("Measure", "Reset")], ids=lambda g: g.name
)
def test_every_gate_means_what_it_means_to_pytket(gate: GateType) -> None:
    circuit = _gate(gate)
    state = _without_measurements(circuit).get_statevector()
    expected = {("a[0]", place >> 1, "b[0]", place & 1): abs(share) ** 2 for place, share in enumerate(state)}
    for form in ("qasm2", "qasm3", "qir"):
        found = distribution(READERS[form](circuit))
        for (first, one, second, two), probability in expected.items():
            assert found.get(((first, one), (second, two)), 0.0) == pytest.approx(probability, abs=1e-12), form


def _without_measurements(circuit: NativeCircuit) -> Circuit:
    kept = circuit.kind != KIND["Measure"]
    columns = (circuit.kind[kept], circuit.first[kept], circuit.second[kept], circuit.angles[kept])
    return to_tket(NativeCircuit("", circuit.qubits, (), *columns))


def test_angles_are_exact() -> None:
    """Neither form may round an angle, not even next to a multiple of pi."""
    angles = [0.5 + 2.0**-40, 1 / 3, 1e-9, -0.25 + 1e-10, 2.0**-0.5, -1.786510106516e-10, 3e-17, -1 + 1e-12]
    count = len(angles)
    kinds = np.full(count, KIND["Rz"], np.int8)
    circuit = NativeCircuit(
        "",
        (("q", 0),),
        (("b", 0),),
        kinds,
        np.zeros(count, np.int32),
        np.full(count, -1),
        np.array([[a, 0] for a in angles]),
    )
    wanted = [angle * np.pi for angle in angles]
    read = _qasm3(to_qasm3(circuit))
    assert [one.operation.params[0] for one in read.data] == wanted
    pyqir = pytest.importorskip("pyqir")
    module = pyqir.Module.from_ir(pyqir.Context(), to_qir(circuit))
    calls = [one for one in module.functions[0].basic_blocks[0].instructions if isinstance(one, pyqir.Call)]
    assert [one.args[0].value for one in calls] == wanted


_QASM2_ANGLES = re.compile(r"(u3|rzz|rz)\((\S*)\*pi(?:,(\S*)\*pi-pi/2,pi/2-\((\S*)\*pi\))?\) ")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("model", ["small", "complex"])
def test_qasm2_holds_the_angles_of_the_artifact_to_the_last_bit(model: str, target: str) -> None:
    (circuit,) = _compiled(model, target).circuits
    _check_qasm2(circuit)
    assert max(np.abs(circuit.angles[circuit.kind == KIND["ZZPhase"], 0]), default=0) <= 0.5


@given(st.lists(st.floats(-4, 4, allow_subnormal=False), min_size=2, max_size=2), st.sampled_from([1, -1]), SMALLER)
def test_qasm2_keeps_angles_of_any_size(angles: list[float], sign: int, smaller: int) -> None:
    first, other = (sign * angle * 10.0**-smaller for angle in angles)
    _check_qasm2(_turned([("PhasedX", first, other), ("ZZPhase", first, 0.0), ("Rz", other, 0.0)]))


def _check_qasm2(circuit: NativeCircuit) -> None:
    """The text has the circuit's angles, and Qiskit reads them, gate by gate."""
    text = to_qasm2(circuit)
    turning = np.isin(circuit.kind, [KIND[name] for name in ("PhasedX", "Rz", "ZZPhase")])
    written = _QASM2_ANGLES.findall(text)
    assert len(written) == turning.sum()
    wanted = circuit.angles[turning].tolist()
    names = [GATES[kind].name for kind in circuit.kind[turning].tolist()]
    for (gate, first, other, again), (angle, phase), name in zip(written, wanted, names, strict=True):
        assert (gate, float(first)) == ({"PhasedX": "u3", "Rz": "rz", "ZZPhase": "rzz"}[name], angle)
        assert other == again
        assert name != "PhasedX" or float(other) == phase
    read = [one for one in _qasm2(text).data if one.operation.name in ("u3", "rz", "rzz")]
    for one, (angle, phase), name in zip(read, wanted, names, strict=True):
        theta, *others = one.operation.params
        assert theta == angle * np.pi
        if name == "PhasedX":
            assert others == [phase * np.pi - np.pi / 2, np.pi / 2 - phase * np.pi]


def _qasm2(text: str) -> QuantumCircuit:
    return qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)


def _turned(gates: list[tuple[str, float, float]]) -> NativeCircuit:
    """Gates on the first of two qubits, or on both, without measurements."""
    kinds = [KIND[name] for name, _, _ in gates]
    return NativeCircuit(
        "turned",
        (("q", 0), ("q", 1)),
        (("b", 0),),
        np.array(kinds, np.int8),
        np.zeros(len(gates), np.int32),
        np.array([GATES[kind].qubits - 1 or -1 for kind in kinds], np.int32),
        np.array([angles for _, *angles in gates]),
    )


@pytest.mark.parametrize("target", TARGETS)
def test_pytket_reads_qasm2_as_the_circuit(target: str) -> None:
    """Another reader than Qiskit's; pytket itself wraps angles into [0, 4)."""
    (circuit,) = _compiled("small", target).circuits
    read = circuit_from_qasm_str(to_qasm2(circuit))
    assert {(bit.reg_name, *bit.index) for bit in read.bits} == {*circuit.bits}
    assert read.n_2qb_gates() == circuit.two_qubit_gates
    turns = [one.op.params[0] for one in read.get_commands() if one.op.type == OpType.ZZPhase]
    given = circuit.angles[circuit.kind == KIND["ZZPhase"], 0] % 4
    assert sorted(turns) == pytest.approx(sorted(given), abs=1e-15)


def test_qubits_of_a_device_keep_their_places() -> None:
    (circuit,) = _compiled("small", "ibm-fez").circuits
    read = _qasm3(to_qasm3(circuit))
    used = {read.find_bit(qubit).registers[0][1] for one in read.data for qubit in one.qubits}
    assert used <= {index for _, index in circuit.qubits}
    assert {one.name for one in read.qregs} == {"node"}


def test_qir_is_the_same_text_every_time() -> None:
    (circuit,) = _compiled("complex", "h2").circuits
    assert to_qir(circuit, early_exit=True) == to_qir(circuit, early_exit=True)


def test_without_pyqir_one_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyqir", None)
    with pytest.raises(InvalidInputError) as caught:
        to_qir(_gate(GATES[0]))
    assert str(caught.value) == (
        "writing QIR needs a package that is not installed [package.missing]\n"
        "  wanted: the Python package pyqir\n"
        "  help:   pip install 'qsac[qir]'"
    )
