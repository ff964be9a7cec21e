"""Tasks as JSON text, and their keys: what a task is called follows from what it says, and from the code that does it.

A task is an object: ``action``, the ``model`` as its file has it, the ``target`` (a name, or what its file holds), the
``options``, and the number of its repetition. Its seed, where none is given, is taken from the digest of the rest, so
that it depends neither on the order of tasks nor on the code. The key is a digest of the task with its seed, of the
target's data, and of the code (:mod:`qsac.artifact.fingerprint`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from qsac.artifact.cache import key_of
from qsac.artifact.fingerprint import fingerprint
from qsac.machine.read import find_target, parse_target
from qsac.machine.target import Target, describe

KEY = re.compile(r"[0-9a-f]{64}")
SEED_DIGITS = 13
"""Hexadecimal digits of a seed that follows from a task: every program reads numbers below 2^52 exactly."""


def text_of(value: Any) -> str:
    """The one text of a JSON value: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def task_of(
    action: str, model: Mapping[str, Any], target: str | Mapping[str, Any], options: Mapping[str, Any], repeat: int
) -> dict[str, Any]:
    """A task, with the seed that follows from it where it takes one and has none."""
    task = {"action": action, "model": model, "target": target, "options": dict(options), "repeat": repeat}
    if action != "estimate" and "seed" not in options:
        task["options"] = {**options, "seed": int(key_of(**task)[:SEED_DIGITS], 16)}
    return task


def task_key(task: Mapping[str, Any]) -> str:
    """The key of a task: SHA-256 in hexadecimal."""
    return key_of(task=task, target=describe(target_of(task["target"])), code=fingerprint())


def target_of(given: str | Mapping[str, Any]) -> Target:
    """The target of a task. Raises :class:`~qsac.errors.QsacError` for one that there is not, or is not valid."""
    return _named(given) if isinstance(given, str) else parse_target(text_of(given).encode(), "the task's target")


@lru_cache(maxsize=256)
def _named(name: str) -> Target:
    return find_target(name)


def shard_of(key: str, shards: int) -> int:
    """Which of ``shards`` a task falls to, from 1 on."""
    return int(key[:16], 16) % shards + 1
