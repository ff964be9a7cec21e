"""What a worker does: one function from text to text, which any executor can be given."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qsac.errors import BackendError, DoesNotFitError, QsacError, printable

if TYPE_CHECKING:
    from qsac.sweeps.records import Record


def work(text: str) -> str:
    """Do a task, and return its record (:class:`~qsac.sweeps.records.Record`) as text.

    ``text`` is an object with the ``task``, its ``key``, and the folder of the ``spool`` or null: the record is also
    left there, whole or not at all, so that it survives whoever asked for it. A worker whose code or libraries are not
    those that the key was made with does nothing: the record has the state ``failed`` and the code sweep.other-code.
    """
    from qsac.sweeps.tasks import task_key

    asked = json.loads(text)
    key, spool = asked["key"], asked["spool"]
    record = recorded(asked["task"], key, task_key, _done)
    if spool is not None and record.state != "failed":
        with suppress(OSError):  # the driver has the record from the executor as well
            leave(Path(spool), key, record.text)
    return record.text


def recorded(
    task: dict[str, Any],
    key: str,
    key_of: Callable[[dict[str, Any]], str],
    done: Callable[[dict[str, Any]], dict[str, Any]],
    most_bytes: int | None = None,
) -> Record:
    """The record of a task: what ``done`` makes of it, or why it does not. ``key_of`` makes its key of it here;
    ``most_bytes`` is the most that a record may have, None for as many as a sweep keeps."""
    from qsac.sweeps.records import RECORD_BYTES, Record, refusal

    most = RECORD_BYTES if most_bytes is None else most_bytes
    try:
        if key_of(task) != key:
            raise BackendError(
                "a worker has another qsac than the driver, or other libraries below it",
                code="sweep.other-code",
                wanted="the same versions of qsac, Python and its libraries everywhere",
            )
        record = Record(key, "done", done(task))
        if len(record.text) > most:
            raise DoesNotFitError(
                "the result of a task is too large to be kept",
                code="sweep.result-too-large",
                found=f"{len(record.text):,} bytes",
                wanted=f"at most {most:,} bytes",
            )
        return record
    except QsacError as error:
        return refusal(key, error)
    except MemoryError:
        memory = DoesNotFitError("there is not enough memory for a task", code="capacity.out-of-memory")
        return refusal(key, memory)
    except Exception as bug:
        return refusal(
            key,
            BackendError(
                "a task ended with an error that nobody foresaw",
                code="sweep.task-failed",
                found=printable(f"{type(bug).__name__}: {bug}")[:300],
                help="this is a bug of qsac: please report it",
            ),
        )


def leave(spool: Path, key: str, text: str) -> None:
    """Put a record into the spool."""
    from qsac.files.writing import write_file

    write_file(spool / f"{key}.json", [text.encode("ascii"), b"\n"])


def _done(task: dict[str, Any]) -> dict[str, Any]:
    """The result of a task, as JSON has it."""
    result: dict[str, Any] = json.loads(json.dumps(_ACTIONS[task["action"]](task), allow_nan=False))
    return result


def _compiled(task: dict[str, Any], options: dict[str, Any]) -> Any:
    from qsac.compiler.compilation import compile as compile_model
    from qsac.families.reading import load
    from qsac.sweeps.tasks import target_of

    return compile_model(load(task["model"]), target_of(task["target"]), verify=False, **options)


def _compile(task: dict[str, Any]) -> Any:
    return _compiled(task, task["options"]).stats


def _estimate(task: dict[str, Any]) -> Any:
    from qsac.compiler.estimation import estimate
    from qsac.families.reading import load
    from qsac.sweeps.tasks import target_of

    return estimate(load(task["model"]), target_of(task["target"]), **task["options"]).to_json()


_OF_A_RUN = ("shots", "noise", "mitigate", "precision")


def _run(task: dict[str, Any]) -> Any:
    from qsac.runtime.run import run

    options = task["options"]
    compiled = _compiled(task, {name: value for name, value in options.items() if name not in _OF_A_RUN})
    asked = {name: options[name] for name in (*_OF_A_RUN, "seed") if name in options}
    return run(compiled, **asked).to_dict()


_ACTIONS = {"compile": _compile, "estimate": _estimate, "run": _run}
