"""What diagnostics know of a training configuration."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel

from qsac.files.diagnosis import Contract, Location
from qsac.training import schema
from qsac.training.data.making import kinds as kinds_of_data
from qsac.training.optimisers.making import kinds as kinds_of_optimisers

SCHEMA = "qsac schema --of train"

_EXAMPLES = {
    "model": '"model": {"attention": {"type": "overlap", "kernel": {"type": "monomial", "degree": 3}}}',
    "data": '"data": {"type": "ising", "sites": 4, "context": 32, "dt": 0.35}',
    "objective": '"objective": "loss"',
    "optimiser": '"optimiser": {"type": "adam", "rate": 0.02}',
    "gradient": '"gradient": {"type": "parameter-shift", "target": "h2", "shots": 1000}',
    "epochs": '"epochs": 120',
    "batch": '"batch": 32',
    "seeds": '"seeds": 8',
    "validation": '"validation": {"share": 0.1, "patience": 20}',
    "share": '"share": 0.1',
    "patience": '"patience": 20',
    "checkpoint": '"checkpoint": {"every": 10}',
    "every": '"every": 10',
    "rate": '"rate": 0.02',
    "warm_up": '"warm_up": 0.05',
    "clip": '"clip": 1.0',
    "shots": '"shots": 1000',
    "success_weight": '"success_weight": 0.1',
    "roll_out": '"roll_out": {"steps": 4, "weight": 0.2, "after": 0.75}',
    "steps": '"steps": 4',
    "after": '"after": 0.75',
    "discriminator": '"discriminator": {"hidden": [32]}',
    "hidden": '"hidden": [32]',
    "compare": '"compare": ["twin", "softmax"]',
    "name": '"name": "ising"',
    "path": '"path": "text.txt"',
    "train": '"train": 256',
    "test": '"test": 128',
    "seed": '"seed": 0',
    "type": '"type": "..."',
}

_CLASSES: dict[Location, type[BaseModel]] = {
    (): schema.TrainingFile,
    ("validation",): schema.ValidationFields,
    ("checkpoint",): schema.CheckpointFields,
}

OBJECTIVE = Contract(
    '"objective"',
    {
        (): schema.ObjectiveFields,
        ("roll_out",): schema.RollOutFields,
        ("discriminator",): schema.DiscriminatorFields,
    },
    _EXAMPLES,
    SCHEMA,
)
CONTRACT = Contract("the configuration", _CLASSES, _EXAMPLES, SCHEMA)
SEEDS = Contract("the configuration", {(): schema.SeedList}, _EXAMPLES, SCHEMA)


def part(name: str, fields: type[BaseModel]) -> Contract:
    """The contract of an object that is validated by itself: the field ``name``."""
    return Contract(f'"{name}"', {(): fields}, _EXAMPLES, SCHEMA)


@cache
def data() -> Contract:
    """The contract of the field ``data``: the kinds that are found."""
    classes: dict[Location, type[BaseModel]] = {}
    examples = dict(_EXAMPLES)
    for name, kind in kinds_of_data().items():
        below: Mapping[Location, type[BaseModel]] = getattr(kind, "classes", {})
        classes |= {(name,): kind.fields, **{(name, *place): cls for place, cls in below.items()}}
        examples |= getattr(kind, "examples", {})
    return Contract('"data"', classes, examples, SCHEMA)


@cache
def optimiser() -> Contract:
    """The contract of the field ``optimiser``, likewise."""
    classes: dict[Location, type[BaseModel]] = {(name,): kind.fields for name, kind in kinds_of_optimisers().items()}
    return Contract('"optimiser"', classes, _EXAMPLES, SCHEMA)
