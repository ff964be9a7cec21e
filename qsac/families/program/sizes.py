"""Programs of other sizes, for estimates: models like a given one with drawn numbers, and which circuits are alike."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from qsac.families.contract import CircuitStep, Extent, Plan, Sizes
from qsac.families.program.binding import SEED, made_of
from qsac.families.program.feed_forward.network import FeedForward
from qsac.families.program.feed_forward.readout import Echo, echoes
from qsac.families.program.feed_forward.training import Pass, passes
from qsac.families.program.layers.networks import network_echoes
from qsac.families.program.layers.readout import Setting, settings
from qsac.families.program.layers.stack import Layers
from qsac.families.program.search.rows import Search
from qsac.families.program.search.top import TopSearch
from qsac.families.program.search.verification import checks
from qsac.families.program.search.walks import searched
from qsac.files.numbers import as_lists
from qsac.ir.attention import LoadTokens, LoadWhole
from qsac.ir.shaped_table import shaped_like

if TYPE_CHECKING:
    from qsac.families.program.model import Model
    from qsac.ir.program import Program

TOKENS, DIMENSION, INPUTS = 1 << 11, 1 << 10, 1 << 14
"""Most tokens, numbers of a token or an input, and inputs of a network that are estimated for."""

OUTLINED = 1 << 12
"""Entries from which on a table of several rows has no numbers in an estimate."""


def sizes_of(model: Model) -> dict[str, Extent]:
    """``context``, the tokens or the inputs of a network, and ``dimension``, their numbers; of linearised training
    none: its matrices are worked out from the loss."""
    system = model.system
    if isinstance(system, Search | TopSearch):
        context, dimension = np.shape(model.fields["tokens"]["values"])[:2]
        return {"context": Extent(context, 2, TOKENS), "dimension": Extent(dimension, 2, DIMENSION)}
    if isinstance(system, Layers):
        context, dimension = system.rows.shape
        return {"context": Extent(context, 2, TOKENS), "dimension": Extent(dimension, 2, DIMENSION)}
    if isinstance(system, FeedForward):
        context, dimension = system.inputs.shape
        return {"context": Extent(context, 1, INPUTS), "dimension": Extent(dimension, 1, DIMENSION)}
    return {}


def sized(model: Model, sizes: Sizes) -> Model:
    """The model with generic numbers, the same ones each time, of these sizes; of its own as it is."""
    own = {name: extent.own for name, extent in sizes_of(model).items()}
    return model if own == dict(sizes) else _drawn(model, tuple(sorted(sizes.items())))


@lru_cache(maxsize=8)
def _drawn(model: Model, sizes: tuple[tuple[str, int], ...]) -> Model:
    asked, fields = dict(sizes), copy.deepcopy(model.canonical)
    rng, program = np.random.default_rng(SEED), fields["program"]
    context, dimension = asked["context"], asked["dimension"]
    if isinstance(model.system, FeedForward):
        program["inputs"] = as_lists(rng.normal(size=(context, dimension)))
        program["layers"][0]["weights"] = _rows(rng, program["layers"][0]["weights"], columns=dimension)
        return made_of(fields)
    tokens = rng.normal(size=(context, dimension))
    if np.ndim(fields["tokens"]["values"]) == 3:
        tokens = tokens + 1j * rng.normal(size=(context, dimension))
    fields["tokens"] = {"type": "inline", "values": as_lists(tokens), "normalise": True}
    if isinstance(model.system, Search | TopSearch):
        _resize_unitaries(rng, program, dimension)
        if program["rows"] != "all":
            program["rows"] = [row for row in program["rows"] if row < context] or [context - 1]
    if isinstance(model.system, Layers):
        fields["tokens"]["normalise"] = False
        for layer in program["layers"]:
            _resize_unitaries(rng, layer["attention"], dimension)
            network = layer.get("feed_forward")
            if network:
                network[0]["weights"] = _rows(rng, network[0]["weights"], columns=dimension)
                network[-1]["weights"] = _rows(rng, network[-1]["weights"], rows=dimension)
                network[-1]["bias"] = rng.normal(size=dimension).tolist()
    return made_of(fields)


def _rows(rng: np.random.Generator, given: Any, *, rows: int | None = None, columns: int | None = None) -> Any:
    """A matrix like a given one with as many rows and columns as are wanted."""
    own = np.shape(given)
    return as_lists(rng.normal(size=(rows or own[0], columns or own[1])))


def _resize_unitaries(rng: np.random.Generator, fields: dict[str, Any], dimension: int) -> None:
    for name in ("score", "value"):
        given = fields[name]
        if given["type"] == "matrix":
            numbers = rng.normal(size=(dimension, dimension))
            if np.ndim(given["entries"]) == 3:
                numbers = numbers + 1j * rng.normal(size=(dimension, dimension))
            fields[name] = {"type": "matrix", "entries": as_lists(np.linalg.qr(numbers)[0])}


def generic(model: Model) -> Plan:
    """The circuits of a model, said which are alike, their large tables without numbers."""
    steps = model.plan.circuits
    kinds: Sequence[tuple[int, ...] | None] = list(_kinds(model)) or [None] * len(steps)
    return Plan(
        tuple(
            CircuitStep(step.name, partial(_outlined, step), step.reads, step.index, step.after, kind)
            for step, kind in zip(steps, kinds, strict=True)
        )
    )


def _kinds(model: Model) -> Iterator[tuple[int, ...]]:
    """What circuits of one structure have in common, circuit by circuit; nothing where that is not known."""
    system = model.system
    if isinstance(system, Search):
        yield from ((len(one.rows), one.keys, one.number) for one in searched(system))
        yield from ((one.order,) for one in checks(system))
    elif isinstance(system, TopSearch):
        yield from ((one.own.keys, one.own.number) for one in system.circuits)
    elif isinstance(system, FeedForward):
        networks = [system]
        if system.training is not None:
            trained = passes(system, system.training, system.outcomes)
            networks = [one.network for one in trained if isinstance(one, Pass)]
        for network in networks:
            yield from (_kind_of(one, network) for one in echoes(network))
    elif isinstance(system, Layers):
        for place in range(len(system.layers)):
            yield from (_kind_of_setting(one, system) for one in settings(system, place))
            # Echoes of networks have nothing in common with settings of any layer.
            yield from ((-1, *_kind_of(one.echo, system.network(place))) for one in network_echoes(system, place))


def _kind_of(one: Echo, network: FeedForward) -> tuple[int, ...]:
    return len(network.layers[one.layer].weights[0]), one.order


def _kind_of_setting(one: Setting, system: Layers) -> tuple[int, ...]:
    turned = 1 + system.state_qubits if one.reference else 0 if one.qubit is None else 1 + one.qubit
    return one.layer, turned, system.seen(system.layers[one.layer], one.row)


def _outlined(step: CircuitStep) -> Program:
    program = step.build()
    loads = [op for op in program.ops if isinstance(op, LoadTokens | LoadWhole)]
    large = {
        op.table
        for op in loads
        if program.tables[op.table].shape[0] > 1 and program.tables[op.table].values.size > OUTLINED
    }
    if large:  # passes compare loads of several tables: all of them have numbers, or none
        large |= {op.table for op in loads if isinstance(op, LoadTokens)}
    tables = {name: shaped_like(name, table) if name in large else table for name, table in program.tables.items()}
    return replace(program, tables=tables)
