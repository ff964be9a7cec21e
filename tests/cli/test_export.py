"""`qsac compile --emit`: what is written in place of an artifact."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from pytket.circuit import Circuit
from qiskit import QuantumCircuit, qasm2
from qiskit.circuit.library import CXGate
from qiskit.quantum_info import Statevector

import qsac
from qsac.cli.main import run
from qsac.families.qsa.metrics import closed_form
from qsac.families.reading import load
from qsac.ir.parser import parse_program
from tests.cli.conftest import MODELS, SMALL

Captured = pytest.CaptureFixture[str]


def _files(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()} - {f"{name}.json" for name in MODELS}


def test_ir_parses_back(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "complex.json", "--emit", "ir", "-q"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert parse_program(captured.out) == qsac.compile("complex.json").program
    assert _files(folder) == set()


def test_tket_reads_what_is_written_for_it(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "complex.json", "--emit", "tket", "-q", "-o", "circuit.json"]) == 0
    circuit = Circuit.from_dict(json.loads((folder / "circuit.json").read_text()))
    compiled = qsac.compile("complex.json")
    assert {command.op.type.name for command in circuit.get_commands()} == {"PhasedX", "ZZPhase", "Measure", "Reset"}
    assert circuit.n_2qb_gates() == compiled.stats["two_qubit_gates"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("target", ["h1", "ibm-fez"])
def test_qasm2_means_the_same_to_qiskit(target: str, folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--emit", "qasm2", "-q", "--target", target]) == 0
    read = qasm2.loads(capsys.readouterr().out, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    state, bits = _purified(read)

    def zeros(*registers: str) -> float:
        return float(state.probabilities([place for name, place in bits if name in registers])[0])

    expected = closed_form(load(SMALL))
    given = zeros("score_0", "key")
    assert given == pytest.approx(expected["zeta"], abs=1e-9)
    assert zeros("score_0", "key", "value") / given == pytest.approx(expected["token_fidelity"], abs=1e-9)
    assert zeros("score_0", "key", "value", "query") / given == pytest.approx(expected["fidelity"], abs=1e-9)


def _purified(read: QuantumCircuit) -> tuple[Statevector, list[tuple[str, int]]]:
    """The final state where measurements are copied to qubits of their own and resets bring new qubits, and the
    register and qubit of each measured bit. Of a device only the qubits in use are kept."""
    places: dict[Any, int] = {}
    steps: list[tuple[Any, list[int]]] = []
    bits: list[tuple[str, int]] = []
    count = 0
    for one in read.data:
        for qubit in one.qubits:
            if qubit not in places:
                places[qubit], count = count, count + 1
        if one.operation.name == "reset":
            places[one.qubits[0]], count = count, count + 1
        elif one.operation.name == "measure":
            steps.append((CXGate(), [places[one.qubits[0]], count]))
            bits.append((read.find_bit(one.clbits[0]).registers[0][0].name, count))
            count += 1
        elif one.operation.name != "barrier":
            steps.append((one.operation, [places[qubit] for qubit in one.qubits]))
    circuit = QuantumCircuit(count)
    for operation, qubits in steps:
        circuit.append(operation, qubits)
    return Statevector(circuit), bits


@pytest.mark.parametrize("options", [[], ["--early-exit"]])
def test_qir_is_read_by_pyqir(options: list[str], folder: Path, capsys: Captured) -> None:
    pyqir = pytest.importorskip("pyqir")
    assert run(["compile", "small.json", "--emit", "qir", *options, "-q"]) == 0
    captured = capsys.readouterr()
    module = pyqir.Module.from_ir(pyqir.Context(), captured.out)
    assert module.verify() is None
    assert (len(module.functions[0].basic_blocks) > 2) == bool(options)
    assert _files(folder) == set()


def test_qasm3_is_written(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--emit", "qasm3", "-q", "-o", "small.qasm"]) == 0
    assert (folder / "small.qasm").read_text().startswith("OPENQASM 3.0;\n")
    assert capsys.readouterr().out == ""


def test_hugr_says_what_to_install(folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "guppylang", None)
    assert run(["compile", "small.json", "--emit", "hugr", "-q"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: writing HUGR needs a package")
    assert "pip install" in captured.err
    assert captured.out == ""
    assert _files(folder) == set()


@pytest.mark.parametrize("form", ["artifact", "qasm3", "tket"])
def test_an_early_exit_needs_branches(form: str, folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--emit", form, "--early-exit"]) == 2
    assert capsys.readouterr().err.startswith(
        "error: --early-exit is for --emit qir: the other forms have no branches [usage.invalid]\n"
    )
    assert _files(folder) == set()


@pytest.mark.parametrize("form", ["ir", "tket", "qasm2", "qasm3", "qir"])
def test_a_circuit_is_chosen_by_its_name(form: str, folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--emit", form, "-q"]) == 0
    alone = capsys.readouterr().out
    assert run(["compile", "small.json", "--emit", form, "--circuit", "loss", "-q"]) == 0
    assert capsys.readouterr().out == alone
    assert run(["compile", "small.json", "--emit", form, "--circuit", "overlaps", "-q"]) == 2
    assert (
        capsys.readouterr().err
        == 'error: there is no circuit "overlaps" [artifact.unknown-circuit]\n  wanted: one of loss\n'
    )
    assert _files(folder) == set()


def test_an_artifact_has_all_circuits(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--circuit", "loss"]) == 2
    assert capsys.readouterr().err.startswith(
        "error: --circuit is for other forms: an artifact has all circuits [usage.invalid]\n"
    )
    assert _files(folder) == set()
