"""One thread a process: what is computed is as small as sequences of a batch, and several seeds train at once."""

from __future__ import annotations

import os

_XLA = "--xla_cpu_multi_thread_eigen=false"
_VARIABLES = ("PJRT_NPROC", "NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""The first two are JAX's: the number of threads that it computes with."""


def one_thread() -> None:
    """Have JAX and BLAS use one thread, and JAX the CPU unless ``JAX_PLATFORMS`` says otherwise.

    For a process of qsac's own, before JAX is imported; never for somebody else's, whose settings these are."""
    flags = os.environ.get("XLA_FLAGS", "")
    if _XLA.partition("=")[0] not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {_XLA}".strip()
    for name in _VARIABLES:
        os.environ.setdefault(name, "1")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
