"""`qsac opt`: text in, text out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

import qsac
from qsac.cli.main import run
from qsac.ir.program import Program
from tests.passes.test_registry_wide import assert_same_meaning
from tests.strategies import attention_programs, block_programs

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def program(folder: Path, capsys: Captured) -> str:
    """The attention program of a model as it is built, which is also in program.ir."""
    assert run(["compile", "complex.json", "-O", "0", "--emit", "ir", "-o", "program.ir", "-q"]) == 0
    capsys.readouterr()
    return (folder / "program.ir").read_text(encoding="utf-8")


def said(arguments: list[str], capsys: Captured) -> tuple[str, str]:
    assert run(["opt", "program.ir", *arguments]) == 0
    captured = capsys.readouterr()
    return captured.out, captured.err


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(attention_programs() | block_programs())
def test_without_passes_the_text_is_what_it_was(folder: Path, capsys: Captured, drawn: Program) -> None:
    text = qsac.ir.print(drawn)
    (folder / "program.ir").write_text(text, encoding="utf-8")
    assert said([], capsys) == (text, "")


def test_standard_input_and_another_way_to_write_it(
    program: str, standard_input: Callable[[bytes], None], capsys: Captured
) -> None:
    for written in (program, program.replace("\n", "\r\n"), "\ufeff" + program, program.replace("\n", "\n\n")):
        standard_input(written.encode())
        assert run(["opt", "-"]) == 0
        assert capsys.readouterr() == (program, "")


def test_passes_levels_and_lowering(program: str, capsys: Captured) -> None:
    before = qsac.ir.parse(program)
    folded, _ = said(["--passes", "fold-unitaries"], capsys)
    assert folded != program
    whole, _ = said(["-O", "2"], capsys)
    assert whole not in (folded, program)
    assert said(["--passes", "default"], capsys)[0] == whole
    assert said(["--passes", "default,-fold-unitaries,+fold-unitaries"], capsys)[0] == whole
    without, _ = said(["--passes", "default,-fold-unitaries"], capsys)
    assert without not in (whole, program)
    blocks, _ = said(["--lower"], capsys)
    optimised, _ = said(["--lower", "-O2"], capsys)
    assert blocks != optimised
    for text, level in ((whole, "attention"), (without, "attention"), (blocks, "block"), (optimised, "block")):
        after = qsac.ir.parse(text)
        assert after.level == level
        assert_same_meaning(before, after)


def test_blocks_are_taken_and_their_passes_run(program: str, folder: Path, capsys: Captured) -> None:
    blocks, _ = said(["--lower"], capsys)
    (folder / "program.ir").write_text(blocks, encoding="utf-8")
    once, _ = said(["-O2"], capsys)
    assert once != blocks
    (folder / "program.ir").write_text(once, encoding="utf-8")
    assert said(["-O2"], capsys)[0] == once


@pytest.mark.parametrize("form", [["--passes=default,-merge-rotations"], ["--passes", "default,-merge-rotations"]])
def test_an_edit_reaches_the_pipeline(form: list[str], program: str, capsys: Captured) -> None:
    _, err = said(["--lower", "-v", *form], capsys)
    ran = err.splitlines()[0].removeprefix("passes: ").split(",")
    assert "merge-diagonals" in ran
    assert "merge-rotations" not in ran
    for text in ("-merge-rotations", "--passes"):
        assert run(["opt", "program.ir", "--passes", text]) == 2
        assert "no such option" not in capsys.readouterr().err


def test_the_output_is_written_whole_and_never_in_place_of_the_input(
    program: str, folder: Path, capsys: Captured
) -> None:
    assert said(["-O2", "-o", "after.ir"], capsys) == ("", "")
    assert (folder / "after.ir").read_text(encoding="utf-8") == said(["-O2"], capsys)[0]
    assert run(["opt", "program.ir", "-O2", "-o", "program.ir"]) == 2
    assert "would replace the IR file" in capsys.readouterr().err
    assert (folder / "program.ir").read_text(encoding="utf-8") == program


def test_stages_are_printed_on_stderr(program: str, capsys: Captured) -> None:
    out, err = said(["-O2", "--print-after-change"], capsys)
    stages = err.split("// after ")[1:]
    assert [stage.partition("\n")[0] for stage in stages][-1] in qsac.compile("complex.json").options["passes"]
    assert stages[-1].partition("\n")[2].rstrip() == out.rstrip()
    assert 0 < len(stages) < 6
    for stage in stages:
        assert qsac.ir.print(qsac.ir.parse(stage.partition("\n")[2])) != program
    short, err = said(["-O2", "--print-after", "fold-unitaries", "--elide-tables"], capsys)
    assert short.splitlines()[0] == err.splitlines()[1] == "qsac-ir 2, tables shortened"
    assert len(short) < len(out)


def test_what_is_spent_is_told(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "long.json", "-O0", "--emit", "ir", "-o", "program.ir", "-q"]) == 0
    capsys.readouterr()
    out, err = said(["--passes", "truncate-tokens", "--error-budget", "0.1"], capsys)
    assert "note: spent of the error budget: an infidelity of at most " in err
    assert "by truncate-tokens\n" in err
    assert said(["--passes", "truncate-tokens"], capsys)[1] == ""
    assert said(["--passes", "truncate-tokens", "--error-budget", "0.1", "-q"], capsys) == (out, "")


def test_the_same_text_options_and_seed_give_the_same_bytes(program: str, capsys: Captured) -> None:
    arguments = ["-O3", "--error-budget", "0.01", "--lower", "--seed", "3"]
    assert said(arguments, capsys) == said(arguments, capsys)
