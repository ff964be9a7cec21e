"""Dask's scheduler as an executor: named by its address, or by the file in which it says where it is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

from qsac.errors import BackendError, printable
from qsac.optional import optional_package

SECONDS = 10
"""How long a scheduler may take to answer."""


@contextmanager
def executor_at(place: str) -> Iterator[Executor]:
    """The executor of the scheduler at ``place``: its address (``tcp://node:8786``), or the path of the file that
    ``dask scheduler --scheduler-file`` writes.

    Raises :class:`~qsac.errors.InvalidInputError` where Dask is not installed, and
    :class:`~qsac.errors.BackendError` where no scheduler answers.
    """
    distributed = optional_package("distributed", "working on Dask", "pip install 'qsac[dask]'")
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # that connections are tried again, and were lost
    asked = {"address": place} if "://" in place or not Path(place).exists() else {"scheduler_file": place}
    try:
        client = distributed.Client(**asked, timeout=SECONDS, set_as_default=False, name="qsac")
    except Exception as error:  # of many kinds, according to what does not answer
        raise BackendError(
            "no scheduler answers",
            code="sweep.no-scheduler",
            source=place,
            found=printable(f"{type(error).__name__}: {error}")[:300],
            wanted="the address of a Dask scheduler, such as tcp://node:8786, or its scheduler file",
        ) from None
    try:
        yield client.get_executor(pure=False)
    finally:
        client.close()
