"""Completion in shells, and the examples that `--help` shows."""

import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from qsac.cli.completing import OPTIONS
from qsac.cli.examples import EXAMPLES
from qsac.cli.main import COMMANDS, main, module_of, run
from qsac.machine.registry import target_names
from qsac.pipeline.registry import pass_names

Captured = pytest.CaptureFixture[str]


def completed(words: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> list[str]:
    """What bash is told for the last of the words."""
    parts = words.split(" ")
    monkeypatch.setenv("_QSAC_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(parts) - 1))
    capsys.readouterr()
    assert run([]) == 0
    return [line for line in capsys.readouterr().out.splitlines() if line]


def test_commands_options_targets_and_passes_are_completed(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    def found_for(words: str) -> list[str]:
        return completed(words, monkeypatch, capsys)

    assert found_for("qsac comp") == ["plain,compile", "plain,completion"]
    assert set(found_for("qsac ")) == {f"plain,{name}" for name in COMMANDS}
    assert "plain,--target" in found_for("qsac compile --tar")
    found = found_for("qsac compile m.json --target ibm-")
    assert found == [f"plain,{name}" for name in target_names() if name.startswith("ibm-")]
    assert len(found) > 3
    assert found_for("qsac targets h") == [f"plain,{name}" for name in target_names() if name[0] == "h"]
    assert found_for("qsac compile --passes default,-fold-u") == ["plain,default,-fold-unitaries"]
    assert set(found_for("qsac opt --passes ")) == {f"plain,{name}" for name in pass_names()}
    assert found_for("qsac compile mod") == ["file,mod"]
    assert found_for("qsac compile --target ./m") == ["file,./m"]
    assert found_for("qsac run a.json -o") == []
    assert "plain,fidelity" in found_for("qsac explain fid")
    assert found_for("qsac plot sc") == ["plain,scaling"]
    assert found_for("qsac nonsense ") == []


def test_every_completed_option_is_one_of_a_command() -> None:
    names = {parameter.name for name in COMMANDS for parameter in import_module(module_of(name)).command.params}
    assert set(OPTIONS) <= names


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one(shell: str, capsys: Captured) -> None:
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"_QSAC_COMPLETE={shell}_complete" in script
    assert "%(" not in script
    program = shutil.which(shell)
    if program is not None:
        subprocess.run([program, "-n"], input=script, text=True, check=True)


def test_unknown_shells_are_refused(capsys: Captured) -> None:
    assert run(["completion", "tcsh"]) == 2
    assert "[usage.invalid]" in capsys.readouterr().err


def test_completion_of_commands_imports_none() -> None:
    code = (
        "import os, sys\n"
        "os.environ.update(_QSAC_COMPLETE='bash_complete', COMP_WORDS='qsac c', COMP_CWORD='1')\n"
        "from qsac.cli.main import run; run([])\n"
        "sys.exit(' '.join(name for name in sys.modules if name in ('numpy', 'pydantic', 'qsac.cli.compile')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
    assert "plain,compile" in done.stdout


def test_every_command_has_examples() -> None:
    assert set(EXAMPLES) == set(COMMANDS)
    assert all(EXAMPLES.values())
    assert max(len(line) for lines in EXAMPLES.values() for line in lines) <= 78


@pytest.mark.parametrize(("name", "line"), [(name, line) for name, lines in EXAMPLES.items() for line in lines])
def test_examples_parse(name: str, line: str) -> None:
    program, command, *arguments = shlex.split(line)
    assert (program, command) == ("qsac", name)
    with click.Context(main, info_name="qsac") as parent:
        found = main.get_command(parent, name)
        assert found is not None
        with found.make_context(name, arguments, parent=parent) as context:
            assert context.params
            assert not context.args


RUNNING = [
    line
    for name in ("targets", "passes", "explain", "schema", "completion", "jobs", "cache")
    for line in EXAMPLES[name]
]


@pytest.mark.parametrize("line", RUNNING)
def test_examples_that_need_no_file_run(line: str, capsys: Captured) -> None:
    assert run(shlex.split(line)[1:]) == 0


@pytest.mark.parametrize("name", ["check", "estimate", "compile"])
def test_examples_of_a_model_run(name: str, folder: Path, capsys: Captured) -> None:
    shutil.copy("small.json", "model.json")
    assert run(shlex.split(EXAMPLES[name][0])[1:]) == 0


def test_help_shows_examples_whole(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    for name, lines in EXAMPLES.items():
        assert run([name, "--help"]) == 0
        out = capsys.readouterr().out
        assert [f"    {line}" for line in lines] == re.findall("^    qsac .*$", out, re.MULTILINE), name
        assert max(map(len, out.splitlines())) <= 80, name
