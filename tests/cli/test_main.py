"""What holds for every command: few imports before work begins, no traceback, plain text where nobody looks."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from qsac.cli.main import COMMANDS, run
from qsac.cli.messages import note, say, warn
from qsac.cli.tables import Table
from qsac.errors import printable
from tests.cases import ALL, some

Captured = pytest.CaptureFixture[str]
HEAVY = {"numpy", "pydantic", "pytket", "qiskit", "rich", "scipy", "networkx"}


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["compile", "--help"], ["opt", "--help"], ["run", "--help"], ["interpret", "-h"]],
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        f"import sys; from qsac.cli.main import run; run({arguments!r})\n"
        f"sys.exit(' '.join(sorted({HEAVY!r} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize("command", ["compile", "opt", "run", "check", "interpret"])
@pytest.mark.parametrize("argument", [".", "none.json", "empty.json", "list.json", "null.json", "binary.json"])
def test_no_argument_makes_a_traceback(command: str, argument: str, folder: Path, capsys: Captured) -> None:
    (folder / "empty.json").touch()
    (folder / "list.json").write_text("[]")
    (folder / "null.json").write_text("null")
    (folder / "binary.json").write_bytes(bytes(range(256)))
    arguments = [argument, argument] if command == "interpret" else [argument]
    assert run([command, *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert "Traceback" not in captured.err
    assert "bug of qsac" not in captured.err


@pytest.mark.parametrize("no_colour", ["", "1"])
def test_no_colour_and_no_progress_in_files(no_colour: str, folder: Path) -> None:
    script = "import sys; from qsac.cli.main import run; sys.exit(run())"
    done = subprocess.run(
        [sys.executable, "-c", script, "compile", "small.json"],
        env={**os.environ, "NO_COLOR": no_colour},
        capture_output=True,
        check=True,
    )
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"simulating" not in done.stderr


def test_usage_errors_look_like_all_others(capsys: Captured) -> None:
    assert run(["compile", "--emitt", "ir", "x.json"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["error: no such option: --emitt [usage.unknown-option]", "  help:   did you mean --emit?"]
    assert run(["compile", "--zzzzzz", "ir", "x.json"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "error: no such option: --zzzzzz [usage.unknown-option]",
        "  help:   qsac compile --help explains the options",
    ]
    assert run(["interpret", "x"]) == 2
    assert capsys.readouterr().err.startswith("error: missing argument 'COUNTS' [usage.invalid]\n")


def test_qsac_alone_lists_its_commands(capsys: Captured) -> None:
    assert run(["--help"]) == 0
    wanted = capsys.readouterr().out
    assert run([]) == 0
    assert capsys.readouterr().out == wanted
    listed = {line.split()[0] for line in wanted.partition("Commands:")[2].splitlines() if line.strip()}
    assert set(COMMANDS) <= listed


def test_the_package_is_the_command(folder: Path) -> None:
    done = [
        subprocess.run([sys.executable, "-m", module, "check", "small.json"], capture_output=True, check=False)
        for module in ("qsac", "qsac.cli.main")
    ]
    assert done[0].returncode == 0
    assert done[0].stdout == done[1].stdout
    assert done[0].stdout.startswith(b"small one: a valid model\n")
    done = [subprocess.run([sys.executable, "-m", "qsac", "targets", "h3"], capture_output=True, check=False)]
    assert done[0].returncode == 2


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["Compile", "small.json"], "compile"),
        (["cmopiel", "small.json"], "compile"),
        (["estimat"], "estimate"),
        (["rnu"], "run"),
        (["compile", "small.json", "--target", "H2"], "h2"),
        (["compile", "small.json", "--target", "hh2"], "h2"),
        (["compile", "small.json", "--target", "IBM_Fez"], "ibm-fez"),
        (["targets", "ibm-ffzz"], "ibm-fez"),
        (["compile", "small.json", "--passes", "Fold_Unitaries"], "fold-unitaries"),
        (["compile", "small.json", "--passes", "route{attempst=2}"], "attempts"),
        (["compile", "small.json", "--Targte", "h2"], "--target"),
        (["compile", "small.json", "--emit", "QASM2"], "qasm2"),
        (["schema", "--of", "modle"], "model"),
    ],
)
def test_near_names_are_told(arguments: list[str], meant: str, folder: Path, capsys: Captured) -> None:
    assert run(arguments) == 2
    (said,) = [line for line in capsys.readouterr().err.splitlines() if "did you mean" in line or "perhaps" in line]
    assert meant in re.split(r"[ ?]+", said.strip())


@pytest.mark.parametrize("name", ["zzzz", "quantum", "x" * 100_000, ""])
def test_far_names_are_not_told(name: str, folder: Path, capsys: Captured) -> None:
    assert run([name]) == 2
    assert "did you mean" not in capsys.readouterr().err
    assert run(["compile", "small.json", "--target", name]) == 2
    assert "perhaps" not in capsys.readouterr().err


def test_exit_codes_of_a_process(folder: Path) -> None:
    script = "import sys; from qsac.cli.main import run; sys.exit(run())"
    (folder / "broken.json").write_text(json.dumps({"qsac": 1}))
    for arguments, code in ((["check", "small.json"], 0), (["check", "broken.json"], 2), (["run", "none.json"], 2)):
        done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, check=False)
        assert done.returncode == code
        assert b"Traceback" not in done.stderr


# Standard streams that the shell closed.


def _shell(arguments: str) -> subprocess.CompletedProcess[str]:
    """What a shell makes of `qsac` with arguments and redirections."""
    script = "import sys; from qsac.cli.main import run; sys.exit(run())"
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(script)} {arguments}"
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    some(
        [
            ("compile small.json --target h2 -q -o a.qsac.json >&-", 0, ""),
            ("compile small.json --target h2 -o a.qsac.json >&-", 2, "standard output is closed"),
            ("compile small.json --target h2 -q -o a.qsac.json >&- 2>&- <&-", 0, ""),
            ("check small.json >&-", 2, "standard output is closed"),
            ("targets >&-", 2, "standard output is closed"),
            ("--help >&-", 2, "standard output is closed"),
            ("check - <&-", 2, "a closed stream"),
            ("run - <&-", 2, "a closed stream"),
            ("check small.json <&- >/dev/null", 0, ""),
            ("check none.json 2>&-", 2, ""),
            ("check small.json 2>&- >/dev/null", 0, ""),
            ("check none.json 2>&- >&-", 2, ""),
        ],
        2,
    ),
)
def test_closed_streams(arguments: str, code: int, said: str, folder: Path) -> None:
    done = _shell(arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert ("error: " in done.stderr) == bool(said)
    assert "bug" not in done.stderr
    assert "Exception ignored" not in done.stderr
    if " -o " in arguments:
        assert json.loads((folder / "a.qsac.json").read_text())["qsac_artifact"] == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
def test_a_full_disk_behind_standard_output(folder: Path) -> None:
    done = _shell("check small.json >/dev/full")
    assert done.returncode == 2
    assert done.stderr == "error: writing the output: no space left on device [file.refused-by-system]\n"


def test_names_that_are_too_long(folder: Path, capsys: Captured) -> None:
    for arguments in (["run", "x" * 300], ["check", "x" * 5000], ["compile", "small.json", "-o", "x" * 300]):
        assert run(arguments) == 2
        assert "bug" not in capsys.readouterr().err


# What files say is printed as visible text.


EVIL = "\x1b]0;title\x07\x1b[2J\u202e\n"


@pytest.mark.parametrize("command", ["check", "compile", "run", "estimate", "targets", "interpret"])
def test_names_of_files_cannot_steer_the_terminal(command: str, folder: Path, capsys: Captured) -> None:
    arguments = [EVIL + ".json"] * (2 if command == "interpret" else 1)
    assert run([command, *arguments]) == 2
    assert all(line.isprintable() for line in capsys.readouterr().err.splitlines())


def test_artifacts_cannot_steer_the_terminal(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--target", "h2", "-q", "-o", "a.qsac.json"]) == 0
    document = json.loads((folder / "a.qsac.json").read_text())
    document["target"]["name"] = EVIL
    document["target"]["notice"] = EVIL
    (folder / "a.qsac.json").write_text(json.dumps(document))
    run(["run", "a.qsac.json"])
    captured = capsys.readouterr()
    assert captured.out + captured.err
    assert all(line.isprintable() for line in (captured.out + captured.err).splitlines())


def test_tables_lines_and_messages_are_printable(capsys: Captured) -> None:
    table = Table(EVIL, "b", numbers=(EVIL,))
    table.add(EVIL, "данные")
    table.show()
    say(EVIL, "данные")
    warn(EVIL)
    note(EVIL)
    captured = capsys.readouterr()
    shown = printable(EVIL)
    assert captured.out.count(shown) == 3
    assert captured.out.count("данные") == 2
    assert captured.err == f"warning: {shown}\nnote: {shown}\n"
    assert all(line.isprintable() for line in captured.out.splitlines())


def test_warnings_about_input_are_messages(folder: Path, capsys: Captured) -> None:
    (folder / "t.csv").write_text("0,1,2\n1,0,0\n0.5,1,1\n")
    model = json.loads((folder / "small.json").read_text()) | {"tokens": {"type": "file", "path": "t.csv"}}
    (folder / "m.json").write_text(json.dumps(model))
    for _ in range(2):  # each time
        assert run(["check", "m.json"]) == 0
        assert capsys.readouterr().err.startswith("warning: the first row of t.csv is 0, 1, 2, and is read as numbers")


# Asserts are no checks.


def test_without_asserts(folder: Path) -> None:
    """What is wrong is found under `python -O` too: every diagnostics case, in `make test` every other one,
    and hostile files, in one process."""
    script = Path(__file__).with_name("optimised.py")
    one_of = "1" if ALL else "2"
    done = subprocess.run(
        [sys.executable, "-O", str(script), one_of], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("asserts are off, ")
    assert int(done.stdout.split()[3]) > 150
