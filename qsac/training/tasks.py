"""The keys of tasks of training: as those of sweeps, with the libraries that learning computes with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qsac.artifact.cache import key_of
from qsac.artifact.fingerprint import fingerprint, library_version

LIBRARIES = ("jax", "jaxlib", "numpy", "optax")
"""What training computes with beyond qsac's own packages."""

PART_BYTES = 6 * 2**30
"""The most bytes of a part's record: of the largest checkpoint, as text."""


def task_key(task: Mapping[str, Any]) -> str:
    """The key of a task: a digest of what it says, of qsac's code and of the libraries below, in hexadecimal."""
    return key_of(task=task, code=fingerprint(), libraries=[library_version(name) for name in LIBRARIES])
