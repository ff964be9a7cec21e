"""Ctrl-C at any time: while modules are imported, while Python calls what cannot raise, and when all is done."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qsac.cli import process
from qsac.errors import EXIT_INTERRUPTED

START = "import sys; from qsac.cli.process import start; sys.exit(start())"

PRESS_AT_IMPORT = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            {press}
sys.meta_path.insert(0, Finder())
"""

PRESS = "os.kill(os.getpid(), signal.SIGINT)"

PRESS_WHERE_NOTHING_CAN_BE_RAISED = """
            import weakref
            class Gone: pass
            gone = Gone()
            kept = weakref.ref(gone, lambda _: os.kill(os.getpid(), signal.SIGINT))
            del gone
"""

PRESS_IN_C = """
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt as error:
                raise ImportError("multiarray failed to import") from error
"""


def _end(before: str, *arguments: str, start: str = START) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", before + start, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    done.stderr = done.stderr.removeprefix("\n")  # click begins a new line behind the terminal's ^C
    return done


@pytest.mark.parametrize(
    ("module", "press", "arguments"),
    [
        ("qsac.cli.main", PRESS, ["--help"]),
        ("click", PRESS_WHERE_NOTHING_CAN_BE_RAISED, ["--help"]),
        ("numpy", PRESS, ["check", "small.json"]),
        ("qsac.families.registry", PRESS_WHERE_NOTHING_CAN_BE_RAISED, ["check", "small.json"]),
        ("qsac.compiler.compilation", PRESS, ["compile", "small.json", "-o", "out.qsac.json"]),
    ],
)
def test_while_a_module_is_imported(module: str, press: str, arguments: list[str], folder: Path) -> None:
    files = set(folder.iterdir())
    done = _end(PRESS_AT_IMPORT.format(module=module, press=press), *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (EXIT_INTERRUPTED, "", "interrupted\n")
    assert set(folder.iterdir()) == files


def test_in_an_import_that_tells_it_as_a_failure(folder: Path) -> None:
    before = PRESS_AT_IMPORT.format(module="qsac.families.registry", press=PRESS_IN_C)
    done = _end(before, "check", "small.json")
    assert (done.returncode, done.stderr) == (EXIT_INTERRUPTED, "interrupted\n")
    failed = PRESS_IN_C.replace(PRESS, "int('one')").replace("KeyboardInterrupt", "ValueError")
    done = _end(PRESS_AT_IMPORT.format(module="qsac.families.registry", press=failed), "check", "small.json")
    assert done.returncode == 70


@pytest.mark.parametrize(("arguments", "code"), [(["check", "small.json"], 0), (["check", "none.json"], 2)])
def test_when_all_is_done(arguments: list[str], code: int, folder: Path) -> None:
    late = "import atexit, os, signal; atexit.register(os.kill, os.getpid(), signal.SIGINT)\n"
    done = _end(late, *arguments)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "interrupted" not in done.stderr
    # Modules go when Python has put its own handlers back.
    last = "import os, signal\nclass Last:\n    def __del__(self): os.kill(os.getpid(), signal.SIGINT)\nlast = Last()\n"
    done = _end(last, *arguments)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    alone = subprocess.run([sys.executable, "-c", last], capture_output=True, check=False)
    assert alone.returncode == -signal.SIGINT  # what it would be without


def test_ctrl_c_that_is_ignored_stays_so(folder: Path) -> None:
    ignored = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    before = ignored + PRESS_AT_IMPORT.format(module="numpy", press=PRESS)
    assert _end(before, "check", "small.json").returncode == 0


def test_the_command_of_the_package_is_guarded() -> None:
    import tomllib

    scripts = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"qsac": f"{process.__name__}:{process.start.__name__}"}
    assert process.EXIT_INTERRUPTED == EXIT_INTERRUPTED
    code = "import sys; before = set(sys.modules); import qsac.cli.process; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    allowed = {"__future__", "atexit", "contextlib", "qsac", "qsac.cli", "qsac.cli.process", "signal"}
    assert set(done.stdout.split()) <= allowed


@pytest.mark.parametrize("module", ["qsac", "qsac.cli.main"])
def test_the_package_as_a_command_is_guarded(module: str, folder: Path) -> None:
    start = f"import runpy; sys.argv[0] = 'qsac'; runpy.run_module({module!r}, run_name='__main__')"
    done = _end(PRESS_AT_IMPORT.format(module="numpy", press=PRESS), "check", "small.json", start=start)
    assert (done.returncode, done.stderr) == (EXIT_INTERRUPTED, "interrupted\n")
