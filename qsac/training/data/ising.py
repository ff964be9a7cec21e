"""Data: trajectories of transverse-field Ising chains, each with its own coupling, field and initial state.

H = -J sum_bonds Z Z - h sum_sites X, hbar = 1, as the model file's ``tfim`` tokens have it; J and h are drawn evenly
for each trajectory. With the defaults this is the set-up of arXiv 2602.06699.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from qsac.families.schema import Bounded, Count, TfimTokens
from qsac.families.tokens.tfim import bonds, initial_state, tfim_states
from qsac.files import limits
from qsac.files.pointer import counted
from qsac.training.data.contract import Data
from qsac.training.data.drawing import DrawnFields, Range, Split, generator, uniform
from qsac.training.data.trajectories import States, data_of_trajectories, observables, product_states

_STARTS = {
    "haar": "Haar-random states",
    "product": "random product states",
    "zero": "the state |0..0>",
    "plus": "the state |+..+>",
}


class IsingFields(DrawnFields):
    """States of transverse-field Ising chains at the times 0, dt, .., T dt. ``coupling`` J and ``field`` h are numbers,
    or ranges [least, greatest] from which each trajectory draws its own."""

    type: Literal["ising"]
    sites: Count = 4
    context: Count = 32
    dt: Bounded = 0.35
    coupling: Range = [0.2, 2.0]  # noqa: RUF012  # pydantic copies it
    field: Range = [0.2, 2.0]  # noqa: RUF012
    boundary: Literal["open", "periodic"] = "open"
    initial: Literal["haar", "product", "zero", "plus"] = "haar"


fields = IsingFields


def make(fields: IsingFields, seed: int, folder: Path) -> Data:
    """Exact trajectories."""
    limits.check_tfim(fields.sites, fields.context, "/data")
    dimension = 2**fields.sites
    limits.check_sequences(fields.total(), fields.context + 1, dimension, "/data")
    limits.check_diagonalisations(fields.total(), dimension, "/data")
    return data_of_trajectories(
        f"transverse-field Ising chains of {counted(fields.sites, 'site')} from {_STARTS[fields.initial]}",
        fields.numbers(),
        (fields.context + 1, dimension),
        lambda split, number: (tfim_states(*chain) for chain in chains(fields, seed, split, number)),
        observables(fields.sites, bonds(fields.sites, fields.boundary)),
    )


def chains(fields: IsingFields, seed: int, split: Split, number: int) -> Iterator[tuple[TfimTokens, States]]:
    """What the trajectories of one part are: the ``tfim`` tokens of a model file, and the initial state (2^n,), which
    is that of the tokens unless it is a random product. A Haar-random state has a seed of its own."""
    couplings = uniform(fields.coupling, "/data/coupling", generator(seed, split, 0), number)
    strengths = uniform(fields.field, "/data/field", generator(seed, split, 1), number)
    seeds = generator(seed, split, 2).integers(2**53, size=number).tolist()
    products = None
    if fields.initial == "product":
        products = product_states(generator(seed, split, 3), number, fields.sites)
    for place in range(number):
        tokens = TfimTokens(
            type="tfim",
            sites=fields.sites,
            context=fields.context,
            dt=fields.dt,
            coupling=couplings[place],
            field=strengths[place],
            boundary=fields.boundary,
            initial="zero" if fields.initial == "product" else fields.initial,
            seed=seeds[place],
        )
        yield tokens, initial_state(tokens.initial, fields.sites, tokens.seed) if products is None else products[place]
