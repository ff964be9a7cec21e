"""One side of a replay: runs qsac's commands in this process as it is told on standard input, one JSON object a line.

It is started as a program, not as a part of `tests`, so that it imports nothing but `qsac` of the folder in PYTHONPATH;
and of that nothing but the command line, which both sides have however their modules are arranged.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import traceback
from pathlib import Path
from typing import Any, TextIO

_OUT, _ERROR = "stdout.txt", "stderr.txt"


def main(scratch: Path) -> None:
    """Answer every job with a line of JSON until standard input ends; ``scratch`` is where files may be written."""
    orders = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    import qsac
    from qsac.cli.main import run

    _answer(answers, {"qsac": str(qsac.__file__)})
    for line in orders:
        job = json.loads(line)
        folder = scratch / "work"
        folder.mkdir()
        os.chdir(folder)
        for name, text in job["files"].items():
            Path(name).write_text(text, encoding="utf-8")
        _answer(answers, {"answers": [_perform(run, step, scratch) for step in job["steps"]]})
        os.chdir(scratch)
        shutil.rmtree(folder)


def _answer(stream: TextIO, answer: dict[str, Any]) -> None:
    stream.write(json.dumps(answer) + "\n")
    stream.flush()


def _perform(run: Any, step: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Run a command: exit code, the file it was to write (or its standard output), standard error."""
    kept = [os.dup(1), os.dup(2)]
    for place, name in ((1, _OUT), (2, _ERROR)):
        handle = os.open(scratch / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, place)
        os.close(handle)
    try:
        code = run(step["arguments"])
    except BaseException:
        code = -1
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for place, handle in enumerate(kept, start=1):
            os.dup2(handle, place)
            os.close(handle)
    wrote = Path(step["file"]) if step["file"] else scratch / _OUT
    text = wrote.read_bytes().decode("utf-8", "backslashreplace") if wrote.exists() else None
    error = (scratch / _ERROR).read_bytes().decode("utf-8", "backslashreplace")
    return {"code": code, "text": text, "error": error}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
