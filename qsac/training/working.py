"""What a worker does of training: one function from text to text, which any executor can be given."""

from __future__ import annotations

import base64
import json
import sys
from collections import OrderedDict
from collections.abc import Callable
from multiprocessing import parent_process
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qsac.training.configuration import Config
    from qsac.training.functions import Shared

KEPT = 4
"""Configurations that a worker keeps, with what was compiled for them."""

_known: OrderedDict[str, tuple[Config, Shared]] = OrderedDict()
_one_at_a_time = Lock()
"""What is compiled for a configuration, and its data, are not made for several threads."""


def work(text: str) -> str:
    """Train a part of a seed, and return its record (:class:`~qsac.sweeps.records.Record`) as text.

    ``text`` is an object with the ``task`` and its ``key``. A worker whose code or libraries are not those that the key
    was made with does nothing. A process that was started for work alone computes with one thread, as the command does:
    with more threads JAX rounds otherwise.
    """
    if parent_process() is not None and "jax" not in sys.modules:
        from qsac.sweeps.threads import one_thread

        one_thread()
    from qsac.sweeps.working import recorded
    from qsac.training.tasks import PART_BYTES, task_key

    asked = json.loads(text)
    with _one_at_a_time:
        return recorded(asked["task"], asked["key"], task_key, _done, PART_BYTES).text


def _done(task: dict[str, Any]) -> dict[str, Any]:
    from qsac.training import checkpoints
    from qsac.training.loop import train_part

    config, shared = _configured(task["config"], task["folder"])
    data, source = base64.b64decode(task["checkpoint"]), task["source"] or "the checkpoint"
    kept = checkpoints.decoded(data, source) if data else None
    pause = _after(task["seconds"])
    part = train_part(config, task["seed"], kept, begin=task["begin"], pause=pause, shared=shared, source=source)
    beginning = part.beginning
    return {
        "beginning": None if beginning is None else [beginning.facts, beginning.warnings, beginning.epochs],
        "checkpoint": base64.b64encode(b"".join(checkpoints.encoded(part.checkpoint))).decode("ascii"),
        "model": part.model,
    }


def _after(seconds: float) -> Callable[[], bool]:
    """Whether so much time has passed since now."""
    until = monotonic() + seconds
    return lambda: monotonic() >= until


def _configured(document: dict[str, Any], folder: str) -> tuple[Config, Shared]:
    """The configuration of a document, and what was compiled for it before."""
    from qsac.sweeps.tasks import text_of
    from qsac.training.reading import of_document

    name = text_of([document, folder])
    if name not in _known:
        _known[name] = of_document(document, Path(folder)), {}
        if len(_known) > KEPT:
            _known.popitem(last=False)
    _known.move_to_end(name)
    return _known[name]
