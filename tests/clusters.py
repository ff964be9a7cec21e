"""A cluster of Dask on this machine: two workers, each a process that a nanny starts again when it is lost."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def local_cluster() -> Iterator[Any]:
    """The cluster, with what nannies say of workers that are killed left out."""
    import distributed

    logger = logging.getLogger("distributed")
    before, logger.level = logger.level, logging.CRITICAL
    alone = {"n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": ":0"}
    try:
        with distributed.LocalCluster(**alone) as cluster:
            yield cluster
    finally:
        logger.level = before
