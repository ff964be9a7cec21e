"""One exit code for one kind of failure, whichever command meets it: docs/command-line.md says which."""

import errno
import os
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from qsac.cli.main import COMMANDS, module_of, run
from qsac.error_codes import CODES
from qsac.errors import BackendError, CheckFailedError, DoesNotFitError, ExtensionError, InvalidInputError
from tests.error_codes import made

Captured = pytest.CaptureFixture[str]
Breaks = Callable[[], None]

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
WEIGHTS = str(EXAMPLES / "gpt2-markov.safetensors")
COPY = str(EXAMPLES / "gpt-copy.json")

FILE = "FILE"
"""What is replaced by the name of a file, which is of one kind wherever a command takes it."""

READERS = {
    "bind": [["bind", FILE], ["bind", "small.qsac-template.json", "--parameters", FILE]],
    "check": [["check", FILE]],
    "compile": [["compile", FILE], ["compile", "small.json", "--target", f"./{FILE}"]],
    "diff": [["diff", FILE, "small.qsac.json"]],
    "estimate": [["estimate", FILE], ["estimate", "small.json", "--target", f"./{FILE}"]],
    "evaluate": [["evaluate", FILE]],
    "features": [
        ["features", FILE, "--format", "csv", "-o", "o.npz"],
        ["features", "small.json", "--format", "txt", "--fitted", FILE, "-o", "o.npz"],
    ],
    "generate": [["generate", FILE, "--prompt", "0", "--steps", "1"]],
    "import": [["import", WEIGHTS, "--heads", "1", "--sequence", "1,0,1", "--names", f"./{FILE}"]],
    "interpret": [["interpret", FILE, "counts.json"], ["interpret", "small.qsac.json", FILE]],
    "opt": [["opt", FILE]],
    "plot": [["plot", "scaling", FILE]],
    "roll-out": [["roll-out", FILE]],
    "run": [["run", FILE], ["run", "small.json", "--target", f"./{FILE}"]],
    "sweep": [["sweep", FILE]],
    "targets": [["targets", f"./{FILE}"]],
    "train": [["train", FILE]],
    "verify": [["verify", FILE], ["verify", "small.qsac.json", "--model", FILE]],
    "view": [["view", FILE]],
}

NO_READERS = {"cache", "completion", "doctor", "explain", "init", "jobs", "passes", "results", "schema"}


def _missing(_place: Path) -> None:
    pass


def _not_text(place: Path) -> None:
    place.write_bytes(b"\xff\xfe" * 9)


def _broken(place: Path) -> None:
    place.write_text('{"qsac": 1,')


def _loop(place: Path) -> None:
    place.symlink_to(place.name)


KINDS_OF_FILES = {
    "missing": _missing,
    "not text": _not_text,
    "broken": _broken,
    "a folder": Path.mkdir,
    "a link to itself": _loop,
}


@pytest.fixture
def written(folder: Path) -> Path:
    assert run(["compile", "small.json", "-q"]) == 0
    assert run(["compile", "small.json", "--template", "-q"]) == 0
    (folder / "counts.json").write_text("{}")
    return folder


def test_every_command_is_looked_at() -> None:
    assert READERS.keys() | NO_READERS == COMMANDS.keys()


@pytest.mark.parametrize("kind", KINDS_OF_FILES)
def test_files(kind: str, written: Path, capsys: Captured) -> None:
    KINDS_OF_FILES[kind](written / FILE)
    files = sorted(written.iterdir())
    for line in (line for lines in READERS.values() for line in lines):
        capsys.readouterr()
        assert run(line) == 2, line
        said = capsys.readouterr()
        assert said.err.startswith("error: "), line
        assert "usage." not in said.err, line
        assert said.out == ""
    assert sorted(written.iterdir()) == files


@pytest.mark.parametrize("command", COMMANDS)
def test_usage(command: str, folder: Path, capsys: Captured) -> None:
    assert run([command, "--no-such-option"]) == 2
    assert "[usage.unknown-option]" in capsys.readouterr().err
    assert run([command, *["too-many"] * 9]) == 2
    assert "[usage.invalid]" in capsys.readouterr().err


def _raises(error: BaseException) -> Breaks:
    def fail(**_: object) -> None:
        raise error

    return fail


FAILURES: dict[str, tuple[BaseException, int]] = {
    "a check": (CheckFailedError("it differs"), 1),
    "an input": (InvalidInputError("it is wrong"), 2),
    "a capacity": (DoesNotFitError("it is too large"), 3),
    "memory": (MemoryError(), 3),
    "a vendor": (BackendError("it is away"), 4),
    "a package": (ExtensionError("it failed", package="acme 1.0"), 4),
    "a full disk": (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), 2),
    "a locked folder": (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "x"), 2),
    "Ctrl-C": (KeyboardInterrupt(), 130),
    "the reader is gone": (BrokenPipeError(), 141),
    "a bug": (ZeroDivisionError("division by zero"), 70),
    "a bug in a system call": (OSError(errno.EINVAL, os.strerror(errno.EINVAL)), 70),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_failures_inside(failure: str, monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: Captured) -> None:
    error, code = FAILURES[failure]
    monkeypatch.setattr("qsac.cli.main.discard_output", lambda: None)
    for name in COMMANDS:
        command = import_module(module_of(name)).command
        monkeypatch.setattr(command, "callback", _raises(error))
        monkeypatch.setattr(command, "params", [])
        assert run([name]) == code, name
        assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["compile", "small.json", "--qubits", "2"], "capacity.too-many-qubits"),
        (["compile", "small.json", "--template", "--qubits", "2"], "capacity.too-many-qubits"),
        (["estimate", "small.json", "--context", "1e30"], "estimate.invalid-size"),
        (["run", "small.json", "--shots", "1e30"], "usage.invalid"),
        (["interpret", "small.qsac.json", "many.json"], None),
        (["results", "7"], "journal.unknown-job"),
        (["targets", "h3"], "target.unknown"),
        (["compile", "small.json", "--target", "h3"], "target.unknown"),
        (["run", "small.json", "--target", "h3"], "target.unknown"),
        (["generate", COPY, "--prompt", "0", "--steps", "1", "--target", "h3"], "target.unknown"),
        (["estimate", "small.json", "--target", "h3"], "target.unknown"),
        (["compile", "small.json", "--passes", "no-pass"], "pass.unknown"),
        (["opt", "small.ir", "--passes", "no-pass"], "pass.unknown"),
    ],
)
def test_the_same_mistake_has_the_same_code_everywhere(
    arguments: list[str], code: str | None, written: Path, capsys: Captured
) -> None:
    assert run(["compile", "small.json", "--emit", "ir", "-o", "small.ir", "-q"]) == 0
    (written / "many.json").write_text('{"0": -1}')
    capsys.readouterr()
    found = run(arguments)
    said = re.search(r"\[([a-z-]+\.[a-z-]+)\]", capsys.readouterr().err)
    assert said is not None
    assert code in (None, said[1])
    assert found == (3 if said[1].startswith("capacity.") else 2)


# What the name of a code says, its exit code says too.

_TOO_LARGE = re.compile(r"capacity\..*|.*\.(.*-)?too-(large|wide|many|long|high|expensive)(-.*)?")

OF_THE_DOCUMENT = {
    "json.too-many-digits": "no number has so many: it is not JSON that anybody writes",
    "field.too-many": "the format has fewer",
    "output.name-too-long": "another name does it",
    "head.shift-too-large": "the model contradicts itself",
    "circuit.registers-too-large": "an index without the bits below it: no circuit that qsac wrote has one",
    "plot.too-many": "a plot shows fewer",
    "generate.too-long": "the model's own tables end there",
    "import.sequence-too-long": "the weights' own tables end there",
}
"""What is called too large and is a mistake in what was given, not more than fits."""

OF_THE_SURROUNDINGS = {"simulator", "backend", "extension", "vendor", "journal"}

OF_WHAT_WAS_ASKED = {
    "journal.unknown-job",
    "journal.invalid-counts",
    "vendor.unknown",
    "vendor.unsupported-target",
    "vendor.unknown-machine",
    "vendor.invalid-machine",
    "vendor.machine-changed",
}
"""Codes of these areas that say that something was named wrongly, or is to be compiled again."""


def _exit_codes() -> dict[str, int]:
    return {code: error.exit_code for error in made() for code in error.codes or ()}


def test_codes_that_say_too_large_have_that_exit_code() -> None:
    found = {code for code, number in _exit_codes().items() if number == 3}
    named = {code for code in CODES if _TOO_LARGE.fullmatch(code)} - OF_THE_DOCUMENT.keys()
    others = {code for code in found - named if code not in ("target.no-reset", "job.no-ceiling")}
    assert named - found - {"capacity.exceeded"} == set()
    assert others == set()


def test_codes_of_the_surroundings_have_that_exit_code() -> None:
    for code, number in _exit_codes().items():
        area = code.partition(".")[0]
        if area in OF_THE_SURROUNDINGS and not _TOO_LARGE.fullmatch(code):
            assert number == (2 if code in OF_WHAT_WAS_ASKED else 4), code
        if area == "check":
            assert number == 1, code
        if area in ("usage", "option", "json", "field", "number"):
            assert number == 2, code
