"""What is printed of the stages of a compilation."""

from __future__ import annotations

from pathlib import Path

import pytest

import qsac
from qsac.cli.main import run
from qsac.cli.stages import STAGES
from qsac.errors import InvalidInputError

Captured = pytest.CaptureFixture[str]


CIRCUITS = ("emit", "resynthesise-blocks")
"""Stages whose results are native circuits."""


def printed(arguments: list[str], capsys: Captured) -> list[tuple[str, str]]:
    """The stages that a command printed, each with its text."""
    capsys.readouterr()
    assert run([*arguments, "-q"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    stages = captured.err.split("// after ")[1:]
    return [(name, text) for name, _, text in (stage.partition("\n") for stage in stages)]


def test_named_stages_are_printed_in_the_order_in_which_they_run(folder: Path, capsys: Captured) -> None:
    every = printed(["compile", "complex.json", "--print-after-all"], capsys)
    names = ["merge-diagonals", "lower", "fold-unitaries", "emit"]
    some = printed(["compile", "complex.json", *(f"--print-after={name}" for name in names)], capsys)
    assert some == [stage for stage in every if stage[0] in names]
    assert [name for name, _ in some] == ["fold-unitaries", "lower", "merge-diagonals", "emit"]


def test_stages_that_changed_something_are_printed(folder: Path, capsys: Captured) -> None:
    every = printed(["compile", "complex.json", "--print-after-all"], capsys)
    some = printed(["compile", "complex.json", "--print-after-change"], capsys)
    before = [("", ""), *every]
    assert some == [stage for stage, (_, text) in zip(every, before, strict=False) if stage[1].strip() != text.strip()]
    assert {"build", "fold-unitaries", "lower", "merge-rotations", "emit"} <= {name for name, _ in some}
    assert len(some) < len(every) - 3
    more = printed(["compile", "complex.json", "--print-after-change", "--print-after", "drop-controls"], capsys)
    assert set(more) - set(some) == {stage for stage in every if stage[0] == "drop-controls"}


def test_shortened_tables_are_for_reading_only(folder: Path, capsys: Captured) -> None:
    ((name, text),) = printed(["compile", "complex.json", "--print-after=build", "--elide-tables"], capsys)
    ((_, whole),) = printed(["compile", "complex.json", "--print-after=build"], capsys)
    assert name == "build"
    assert len(text) < len(whole) - 1000
    assert len(text.splitlines()) == len(whole.splitlines())
    with pytest.raises(InvalidInputError, match="tables are shortened cannot be read"):
        qsac.ir.parse(text)
    assert run(["compile", "complex.json", "--emit", "ir", "--elide-tables", "-O1"]) == 0
    assert "complex numbers: " in capsys.readouterr().out


def test_templates_and_bindings_print_their_stages(folder: Path, capsys: Captured) -> None:
    arguments = ["compile", "complex.json", "--template", "--print-after=fold-unitaries"]
    assert [name for name, _ in printed(arguments, capsys)] == ["fold-unitaries"]
    arguments = ["bind", "complex.qsac-template.json", "--print-after=bind"]
    assert [name for name, _ in printed(arguments, capsys)] == ["bind"]


def test_a_stage_that_did_not_run_is_told(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "-q", "--print-after", "prune-loaders", "--print-after", "build"]) == 0
    said = capsys.readouterr().err
    assert "warning: nothing is printed after prune-loaders: no such stage ran\n" in said
    assert "// after build\n" in said


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_that_can_be_named_is_one(stage: str, folder: Path, capsys: Captured) -> None:
    compiling = ["compile", "small.json", "--target", "ibm-fez", "--no-verify"]
    if stage == "bind":
        assert run(["compile", "small.json", "--template", "-q"]) == 0
        compiling = ["bind", "small.qsac-template.json"]
    assert [name for name, _ in printed([*compiling, f"--print-after={stage}"], capsys)] == [stage]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--print-after", "fold-unitary"], "perhaps fold-unitaries"),
        (["--print-after", "lowering"], "perhaps lower"),
        (["--print-after", "zzzzzzzz"], "a pass, or one of build"),
        (["--elide-tables"], "--elide-tables is for printed programs"),
    ],
)
def test_what_cannot_be_printed_is_told(arguments: list[str], said: str, folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", *arguments]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert not (folder / "small.qsac.json").exists()


def test_each_stage_is_a_file(folder: Path, capsys: Captured) -> None:
    every = printed(["compile", "complex.json", "--print-after-all"], capsys)
    assert run(["compile", "complex.json", "--ir-dir", "stages", "-q"]) == 0
    files = sorted((folder / "stages").iterdir())
    assert [file.name for file in files] == [
        f"{number:03}-c1-{name}.{'qasm' if name in CIRCUITS else 'ir'}" for number, (name, _) in enumerate(every, 1)
    ]
    assert [name for name, _ in every][-len(CIRCUITS) :] == list(CIRCUITS)
    assert files[-1].read_text().count("rzz(") == qsac.compile("complex.json").stats["two_qubit_gates"]
    for file, (name, text) in zip(files, every, strict=True):
        if name in CIRCUITS:
            assert file.read_text().startswith("OPENQASM 2.0;\n")
        else:
            assert file.read_text().strip() == text.strip()
            qsac.ir.parse(file.read_text())
    assert capsys.readouterr().err == ""


def test_files_of_stages_overwrite_nothing(folder: Path, capsys: Captured) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "notes").write_text("mine")
    before = set(folder.rglob("*"))
    for place, code in (("mine", "folder-in-use"), ("small.json", "unwritable"), ("no/where", "no-folder")):
        assert run(["compile", "small.json", "--ir-dir", place]) == 2
        assert f"the stages cannot be written there [output.{code}]" in capsys.readouterr().err
    assert run(["compile", "small.json", "--ir-dir", ""]) == 2
    assert "--ir-dir takes the name of a folder [usage.invalid]" in capsys.readouterr().err
    assert set(folder.rglob("*")) == before
    (folder / "empty").mkdir()
    arguments = ["opt", "ir", "--passes", "drop-controls", "--ir-dir", "empty", "--elide-tables"]
    assert run(["compile", "complex.json", "--emit", "ir", "-O1", "-o", "ir", "-q"]) == 0
    assert run([*arguments[:3], "stage-degree", *arguments[4:], "-o", "out", "-q"]) == 0
    (file,) = (folder / "empty").iterdir()
    assert file.name == "001-c1-stage-degree.ir"
    assert "complex numbers: " in file.read_text()


def test_stages_of_several_circuits_bear_their_numbers(folder: Path) -> None:
    model = Path(__file__).parent.parent.parent / "docs" / "examples" / "gpt-grammar.json"
    assert run(["compile", str(model), "-O0", "--ir-dir", "stages", "--no-verify", "-q"]) == 0
    builds = sorted(file.name for file in (folder / "stages").glob("*-build.ir"))
    names = qsac.Compiled.load("gpt-grammar.qsac.json").names
    assert len(names) > 1
    assert [name.split("-", 1)[1] for name in builds] == [f"c{number}-build.ir" for number in range(1, len(names) + 1)]
