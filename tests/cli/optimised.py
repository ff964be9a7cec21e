"""Run by `test_main.py` under `python -O`: one of so many cases of `tests/diagnostics` and those of `tests/hostile`, in
this process.

Prints how many there were, and those whose exit code is another than it should be.
"""

import contextlib
import io
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from qsac.cli.main import run

TESTS = Path(__file__).resolve().parent.parent


def outcome(arguments: list[str], folder: Path) -> tuple[int, str]:
    """Exit code and stderr of a command in a copy of a folder."""
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(folder, place, symlinks=True, dirs_exist_ok=True)
        os.chdir(place)
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            code = run(arguments)
        os.chdir(TESTS)
    return code, said.getvalue()


def main() -> int:
    """Compare every case; 1 where one differs."""
    if __debug__:
        print("asserts are on")
        return 1
    count, wrong = 0, []
    for folder in sorted((TESTS / "diagnostics" / "cases").iterdir())[:: int(sys.argv[1])]:
        command = folder / "command.txt"
        arguments = shlex.split(command.read_text()) if command.exists() else ["check", "model.json"]
        code, said = outcome(arguments, folder)
        count += 1
        if f"exit {code}\n{said}" != (folder / "expected.txt").read_text(encoding="utf-8"):
            wrong.append(f"{folder.name}: {code} {said}")
    for line in (TESTS / "hostile" / "commands.txt").read_text(encoding="utf-8").splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        expected, *arguments = words
        code, said = outcome(arguments, TESTS / "hostile")
        count += 1
        if str(code) != expected or "Traceback" in said or (code and "error: " not in said):
            wrong.append(f"{line}: {code} {said}")
    print(f"asserts are off, {count} cases", *wrong, sep="\n")
    return bool(wrong)


sys.exit(main())
