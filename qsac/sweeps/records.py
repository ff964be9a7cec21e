"""What became of a task, as JSON text with a digest: in the spool, in the journal, and on its way from a worker."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast, get_args

from qsac.errors import BackendError, CheckFailedError, DoesNotFitError, InvalidInputError, QsacError
from qsac.files.strict_json import parse
from qsac.sweeps.tasks import KEY

State: TypeAlias = Literal["done", "refused", "failed"]
"""``refused``: it would be refused again, and is never tried again; ``failed``: it may succeed another time."""

RECORD_BYTES = 16 * 2**20
"""The largest record that is kept or read."""

_FIELDS = {"qsac_result", "key", "state", "body", "sha256"}


@dataclass(frozen=True)
class Record:
    """What became of the task ``key``: ``body`` is its result, or its error as :func:`error_fields` has it."""

    key: str
    state: State
    body: dict[str, Any]

    @property
    def text(self) -> str:
        """The record as one line of JSON."""
        fields = {"qsac_result": 1, "key": self.key, "state": self.state, "body": self.body}
        return json.dumps({**fields, "sha256": _digest(self)}, separators=(",", ":"), allow_nan=False)

    @classmethod
    def read(cls, text: str | bytes, key: str, most_bytes: int = RECORD_BYTES) -> Record | None:
        """The record of the task ``key`` in a text from anywhere; None for a text that is none, damaged or too long."""
        if not isinstance(text, str | bytes):
            return None
        try:
            data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
            if len(data) > most_bytes:
                return None
            found = parse(data, "record")
            if not isinstance(found, dict) or set(found) != _FIELDS or found["qsac_result"] != 1:
                return None
            state, body = found["state"], found["body"]
            if found["key"] != key or not KEY.fullmatch(key) or not isinstance(body, dict):
                return None
            if state not in get_args(State) or (state != "done" and not _is_error(body)):
                return None
            record = cls(key, cast(State, state), body)
            return record if found["sha256"] == _digest(record) else None
        except (QsacError, ValueError, RecursionError, TypeError):
            return None


def _digest(record: Record) -> str:
    fields = [record.key, record.state, record.body]
    return hashlib.sha256(json.dumps(fields, separators=(",", ":"), allow_nan=False).encode("ascii")).hexdigest()


_ERROR = ("title", "code", "pointer", "source", "found", "wanted", "help")


def error_fields(error: QsacError) -> dict[str, Any]:
    """An error as a record has it."""
    return {**{name: getattr(error, name) for name in _ERROR}, "exit_code": error.exit_code}


def _is_error(body: dict[str, Any]) -> bool:
    texts = all(isinstance(body.get(name), str | None) for name in _ERROR)
    said = isinstance(body.get("title"), str) and isinstance(body.get("code"), str)
    return texts and said and type(body.get("exit_code")) is int and 0 < body["exit_code"] < 128


def refusal(key: str, error: QsacError) -> Record:
    """The record of a task that raised an error: refused for good unless a simulator or service failed."""
    again = error.exit_code not in (1, 2, 3) or error.code == "capacity.out-of-memory"
    return Record(key, "failed" if again else "refused", error_fields(error))


_CLASSES = {kind.exit_code: kind for kind in (CheckFailedError, InvalidInputError, DoesNotFitError, BackendError)}


def error_of(body: dict[str, Any]) -> QsacError:
    """The error that :func:`error_fields` was made of, of the class that its exit code tells."""
    kind = _CLASSES.get(body["exit_code"], QsacError)
    error = kind.__new__(kind, body["title"])
    error.__dict__.update({name: body.get(name) for name in (*_ERROR, "exit_code")})
    return error
