"""The baselines' circuits by their names, each with the parts of the library that optimises it."""

from __future__ import annotations

from functools import partial

import numpy as np

from qsac.families.qsa.model import Model
from tests.bench import diagonals
from tests.bench.multiplexed import multiplexed, multiplexed_fused, separate
from tests.bench.published import published
from tests.bench.registers import Peer

NAMES = {
    "published": "(a) as published",
    "multiplexed": "(b) multiplexors",
    "fused": "(c) with fused readout",
    "diagonal": "(d) up to diagonals",
    "indexed": "(e) with qsac's index state",
}
COMPLEX_ONLY = ("diagonal",)
"""What is the construction before it where tokens are real."""


def built(name: str, model: Model, optimiser: str) -> Peer:
    """The circuits of a construction for a model, as the optimiser's user writes them."""
    library = "tket" if optimiser.startswith("tket") else "qiskit"
    loading = partial(diagonals.loader, multiplexer=diagonals.MULTIPLEXERS[library])
    if name == "published":
        return published(model)
    if name == "multiplexed":
        return multiplexed(model)
    if name == "fused":
        return multiplexed_fused(model)
    if name == "diagonal":
        return multiplexed_fused(model, loading)
    if name == "indexed":
        return multiplexed_fused(model, loading if np.iscomplexobj(model.tokens) else separate, own_index=True)
    raise ValueError(f"no construction is called {name}")
