"""`qsac compile`: what is written where, every form and option, and what happens when something goes wrong."""

import dataclasses
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.cli.main import run
from qsac.families.reading import load
from qsac.ir.blocks import Multiplexor
from qsac.ir.parser import parse_program
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.native.circuit import NativeCircuit
from qsac.passes.synthesis.drop_controls import DropControls
from tests.cli.conftest import MODELS, SMALL

Captured = pytest.CaptureFixture[str]
GivesInput = Callable[[bytes], None]
MODEL_FILES = {f"{name}.json" for name in MODELS}


def _files(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()} - MODEL_FILES


def test_the_artifact_is_called_after_the_model_file(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json"]) == 0
    assert _files(folder) == {"small.qsac.json"}
    captured = capsys.readouterr()
    assert captured.out.startswith("small one: compiled, verified against the closed form\n")
    assert captured.out.endswith("artifact written to small.qsac.json\n")
    assert captured.err == ""
    assert run(["compile", "small.json", "--target", "h1"]) == 0
    assert capsys.readouterr().err.startswith("note: H1-1 is no longer sold")
    assert run(["compile", "small.json"]) == 0
    assert qsac.Compiled.load("small.qsac.json").model == load(SMALL)


def test_models_elsewhere_are_compiled_into_the_working_directory(folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "small.json").rename(folder / "deep" / "v1.2.json")
    assert run(["compile", "deep/v1.2.json", "-q"]) == 0
    assert _files(folder) - {"deep"} == {"v1.2.qsac.json"}


def test_output_to_a_file_and_to_standard_output(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "-o", "out.json"]) == 0
    capsys.readouterr()
    assert run(["compile", "small.json", "-o", "-"]) == 0
    captured = capsys.readouterr()
    assert captured.out == (folder / "out.json").read_text()
    assert captured.err.startswith("small one: compiled, ")
    assert _files(folder) == {"out.json"}


def test_a_link_and_a_pipe_are_written_through(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "link.json").symlink_to(folder / "real" / "out.json")
    assert run(["compile", "small.json", "-q", "-o", "link.json"]) == 0
    assert (folder / "link.json").is_symlink()
    expected = (folder / "real" / "out.json").read_text()

    os.mkfifo(folder / "pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append((folder / "pipe").read_text()), daemon=True)
    reader.start()
    assert run(["compile", "small.json", "-q", "-o", "pipe"]) == 0
    reader.join(timeout=30)
    assert read == [expected]
    assert (folder / "pipe").is_fifo()


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("nowhere/out.json", "the output folder does not exist"),
        (".", "the output is a folder"),
        ("", "-o has no file name"),
        ("small.json", "the output would replace the model file"),
        ("./small.json", "the output would replace the model file"),
    ],
)
def test_outputs_that_cannot_be(output: str, message: str, folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "-o", output]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[0].startswith(f"error: {message}")
    assert _files(folder) == set()
    assert json.loads((folder / "small.json").read_text()) == SMALL


def test_a_folder_without_permission(folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("qsac.files.writing._Unpublished.__init__", refuse)
    assert run(["compile", "small.json"]) == 2
    assert (
        "error: the output cannot be written [output.unwritable]\n"
        "  where:  small.qsac.json\n  found:  permission denied" in (capsys.readouterr().err)
    )


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_levels(level: int, folder: Path) -> None:
    assert run(["compile", "complex.json", f"-O{level}", "-q"]) == 0
    compiled = qsac.Compiled.load("complex.qsac.json")
    assert compiled.options["optimisation"] == level
    assert bool(compiled.options["passes"]) == (level > 0)
    if level == 2:
        run(["compile", "complex.json", "-O", "0", "-q", "-o", "plain.json"])
        assert compiled.stats["two_qubit_gates"] < qsac.Compiled.load("plain.json").stats["two_qubit_gates"]


def test_named_passes_take_the_place_of_the_levels(folder: Path, capsys: Captured) -> None:
    pipeline = "merge-rotations{window=5},drop-controls"
    assert run(["compile", "small.json", "--passes", pipeline, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["options"]["passes"] == pipeline
    assert [step["name"] for step in facts["stats"]["passes"]] == ["merge-rotations", "drop-controls"]
    assert run(["compile", "small.json", "--passes", "", "-q"]) == 0
    assert qsac.Compiled.load("small.qsac.json").stats["passes"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--passes", "no-such-pass"],
        ["--passes", "merge-rotations{window=wide}"],
        ["--passes", "merge-rotations{width=3}"],
        ["--passes", "merge-rotations{window=3"],
        ["--target", "h9"],
        ["--seed", "-1"],
        ["--error-budget", "nan"],
        ["--error-budget", "1"],
        ["-O", "4"],
        ["-O", "fast"],
        ["--emit", "pdf"],
        ["--jsn"],
        ["other.json"],
        ["-o", "-", "--json"],
        ["--emit", "ir", "--json"],
    ],
)
def test_options_that_cannot_be(arguments: list[str], folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert "Traceback" not in captured.err
    assert _files(folder) == set()


def test_every_stage_is_printed(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--target", "ibm-fez", "-q", "--print-after-all"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    stages = captured.err.split("// after ")[1:]
    names = [stage.split("\n")[0] for stage in stages]
    pipeline = qsac.Compiled.load("small.qsac.json").options["passes"].split(",")
    assert [name for name in names if name in pipeline] == pipeline
    assert [name for name in names if name not in pipeline] == ["build", "lower", "emit", "arrange", "route"]
    for stage in stages:
        if "qsac-ir 2" in stage:
            parse_program(stage.split("\n", 1)[1])
        else:
            assert " native gates (" in stage


def test_times_are_printed_and_never_written(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--timing", "-q"]) == 0
    captured = capsys.readouterr()
    rows = [line.split() for line in captured.err.splitlines()]
    assert {"load", "build", "lower", "emit", "verify", "all"} <= {row[0] for row in rows}
    assert all(row[2] == "ms" and float(row[1].replace(",", "")) >= 0 for row in rows)
    written = (folder / "small.qsac.json").read_text()
    assert "timing" not in written
    assert "seconds" not in written


def test_json(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--json", "--no-verify", "--seed", "7"]) == 0
    captured = capsys.readouterr()
    facts = json.loads(captured.out)
    compiled = qsac.Compiled.load("small.qsac.json")
    assert (facts["name"], facts["target"], facts["output"]) == ("small one", "h2", "small.qsac.json")
    assert facts["verified"] is None
    assert facts["sha256"] == compiled.model.sha256
    assert facts["options"] == compiled.options
    assert facts["options"]["seed"] == 7
    assert facts["stats"] == compiled.stats
    assert set(facts["timings"]) >= {"load", "emit"}
    assert facts["stats"].keys() >= {
        "qubits",
        "two_qubit_gates",
        "one_qubit_gates",
        "depth",
        "two_qubit_depth",
        "passes",
        "allocation",
        "lam",
        "pairs",
        "error_free_probability",
        "cost",
    }


def test_quiet_and_verbose(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert run(["compile", "small.json", "-v"]) == 0
    text = capsys.readouterr().out
    assert "  query " in text
    (row,) = re.findall(r"^├─ preparation of query and key \[0\] +([0-9]+) +[0-9]+ % +([0-9]+)$", text, re.MULTILINE)
    stats = qsac.compile("small.json").stats
    columns = zip(*re.findall(r"─ .* \[[0-9 ]+\] +([0-9]+) +[0-9]+ % +([0-9]+)$", text, re.MULTILINE), strict=True)
    assert [sum(map(int, column)) for column in columns] == [stats["two_qubit_gates"], stats["one_qubit_gates"]]
    assert 0 < int(row[0]) < stats["two_qubit_gates"]


def _table(text: str) -> list[tuple[str, int, int]]:
    """The rows of the table of passes: name, gates before and after."""
    rows = [line.split() for line in text.partition("─\n")[2].splitlines()]
    return [(row[0], int(row[2]), int(row[3])) for row in rows if len(row) == 4 and row[1] in LEVELS]


LEVELS = ("attention", "block", "circuit")


@pytest.mark.parametrize("name", ["small", "complex"])
def test_the_table_holds_the_passes_that_changed_the_gates(name: str, folder: Path, capsys: Captured) -> None:
    shown = []
    for options in ([], ["-v"]):
        assert run(["compile", f"{name}.json", *options]) == 0
        shown.append(_table(capsys.readouterr().out))
    brief, every = shown
    compiled = qsac.Compiled.load(f"{name}.qsac.json")
    assert every == [(step["name"], *step["two_qubit_gates"]) for step in compiled.stats["passes"]]
    assert brief == [row for row in every if row[1] != row[2]]
    assert len(brief) < len(every)
    assert bool(brief) == (name == "complex")


def test_no_table_without_a_pass_that_changed_the_gates(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--passes", "merge-rotations"]) == 0
    assert "two-qubit gates before" not in capsys.readouterr().out


def test_an_untouched_budget_is_said(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--error-budget", "0.01", "--passes", "drop-controls"]) == 0
    assert "the error budget is unused" in capsys.readouterr().err


def test_verification_can_be_asked_for_and_left_out(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["compile", "small.json", "--no-verify"]) == 0
    assert capsys.readouterr().out.startswith("small one: compiled, not verified\n")
    monkeypatch.setattr("qsac.simulation.verification.AUTOMATIC_WIDTH", 2)
    assert run(["compile", "small.json"]) == 0
    assert capsys.readouterr().out.startswith(
        "small one: compiled, not verified (too wide to verify by default: --verify)\n"
    )
    assert run(["compile", "small.json", "--verify"]) == 0
    assert capsys.readouterr().out.startswith("small one: compiled, verified against the closed form\n")


def _break_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: object, program: Program, _context: object) -> Program:
        ops = list(program.ops)
        place = next(index for index, op in enumerate(ops) if isinstance(op, Multiplexor))
        op = ops[place]
        assert isinstance(op, Multiplexor)
        ops[place] = dataclasses.replace(op, angles=Table(op.angles.values + 1e-3))
        return program.with_ops(ops)

    monkeypatch.setattr(DropControls, "apply", broken)


@pytest.mark.parametrize("emit", ["artifact", "ir", "qasm2"])
def test_a_circuit_that_disagrees_is_refused(
    emit: str, folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break_a_pass(monkeypatch)
    old = '{"qsac_artifact": 1, "model": "the old one"}'
    (folder / "small.qsac.json").write_text(old)
    assert run(["compile", "small.json", "--emit", emit]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(
        "error: the compiled circuit disagrees with the model: the pass drop-controls changed the meaning "
        "[check.circuit-disagrees]\n"
    )
    assert "nothing was written" in captured.err
    assert (folder / "small.qsac.json").read_text() == old
    assert _files(folder) == {"small.qsac.json"}


def test_a_pass_that_breaks_a_rule_is_a_bug(folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        DropControls, "apply", lambda _self, program, _context: program.with_ops((*program.ops, program.ops[0]))
    )
    assert run(["compile", "small.json"]) == 70
    error = capsys.readouterr().err
    assert error.startswith("error: this is a bug of qsac: RuntimeError: drop-controls returned a program that breaks")
    assert "Traceback" not in error
    assert _files(folder) == set()


@pytest.mark.parametrize("where", ["qsac.compiler.circuit_compilation.emit", "qsac.files.writing._Unpublished.publish"])
def test_an_interruption_leaves_no_file(
    where: str, folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> NativeCircuit:
        raise KeyboardInterrupt

    monkeypatch.setattr(where, interrupt)
    assert run(["compile", "small.json"]) == 130
    # After a line of its own: terminals show ^C where the cursor is.
    assert capsys.readouterr() == ("", "\ninterrupted\n")
    assert _files(folder) == set()


def test_a_model_that_does_not_fit(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "long.json", "--target", "h1"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "error: the model does not fit h1: 2 qubits too many [capacity.too-many-qubits]",
        "  found:  22 qubits (query 8, key 8, score 6, value 6, sharing qubits where one ends in time)",
        "  wanted: at most 20 qubits",
        *(line for line in captured.err.splitlines() if line.startswith("  help:   large enough are h2, ")),
    ]
    assert "a shorter context saves two qubits each time it halves" in captured.err
    assert _files(folder) == set()


def _compiled_by_a_process(folder: Path, model: str, hash_seed: str) -> bytes:
    output = folder / f"{hash_seed}.qsac.json"
    command = "import sys; from qsac.cli.main import run; sys.exit(run())"
    arguments = ["compile", model, "-q", "-o", str(output)]
    environment: dict[str, Any] = {**os.environ, "PYTHONHASHSEED": hash_seed}
    subprocess.run([sys.executable, "-c", command, *arguments], env=environment, check=True)
    return output.read_bytes()


def test_artifacts_are_equal_byte_for_byte(folder: Path) -> None:
    first, second = (_compiled_by_a_process(folder, "complex.json", seed) for seed in ("1", "4242"))
    assert first == second
    assert first == qsac.compile("complex.json").to_json().encode()
