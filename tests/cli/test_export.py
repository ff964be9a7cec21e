"""`qsac compile --emit`: what is written for other programs than pytket."""

from pathlib import Path

import pytest

from qsac.cli.main import run
from tests.cli.conftest import MODELS

Captured = pytest.CaptureFixture[str]


def _files(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()} - {f"{name}.json" for name in MODELS}


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


@pytest.mark.parametrize("form", ["artifact", "qasm3", "tket"])
def test_an_early_exit_needs_branches(form: str, folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--emit", form, "--early-exit"]) == 2
    assert capsys.readouterr().err.startswith(
        "error: --early-exit is for --emit qir: the other forms have no branches\n"
    )
    assert _files(folder) == set()


@pytest.mark.parametrize("form", ["ir", "tket", "qasm2", "qasm3", "qir"])
def test_a_circuit_is_chosen_by_its_name(form: str, folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--emit", form, "-q"]) == 0
    alone = capsys.readouterr().out
    assert run(["compile", "small.json", "--emit", form, "--circuit", "loss", "-q"]) == 0
    assert capsys.readouterr().out == alone
    assert run(["compile", "small.json", "--emit", form, "--circuit", "overlaps", "-q"]) == 2
    assert capsys.readouterr().err == 'error: there is no circuit "overlaps"\n  wanted: one of loss\n'
    assert _files(folder) == set()


def test_an_artifact_has_all_circuits(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--circuit", "loss"]) == 2
    assert capsys.readouterr().err.startswith("error: --circuit is for other forms: an artifact has all circuits\n")
    assert _files(folder) == set()
