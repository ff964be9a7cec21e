"""Stand-ins for transformers of another shape: models of drawn numbers, and programs of tables without numbers.

What is kept of a model is everything but its numbers, and of these whether they are real, whether a bias is there, and
which matrices are unitary: that decides what circuits look like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator

from qsac.families.contract import CircuitStep, Fact, Plan
from qsac.families.transformer.lengths import scale_of
from qsac.families.transformer.model import Gated, Model
from qsac.families.transformer.plan_size import check_drawn
from qsac.families.transformer.reading import read
from qsac.families.transformer.schema import ModelFile
from qsac.files.numbers import Numbers, as_lists
from qsac.files.pointer import counted
from qsac.ir.attention import ApplyUnitary, LoadTokens, LoadWhole, PhaseSignal
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.shaped_table import shaped_like

CONTEXT_LIMIT = 1 << 16
DIMENSION_LIMIT = 1 << 12
"""Largest shape that is estimated, if no limit of :mod:`~qsac.families.transformer.plan_size` is below."""

OUTLINED = 1 << 14
"""Tables of more entries are counted by their shape alone."""

SYNTHESISED = 1 << 12
"""Matrices of more entries too: their gates are then only about right. One of 64 x 64 takes a third of a second."""

SEED = 2403
UNITARY = 1e-9
"""How far a matrix may be from one whose rows are orthonormal up to a factor."""


@dataclass(frozen=True)
class Shape:
    """What an estimate is of: N tokens of d entries, layers, heads and the kernel's degree in the largest layer, the
    kinds of feed-forwards, the readout and its circuits, and whether the tokens are real."""

    tokens: int
    dimension: int
    layers: int
    heads: int
    degree: int
    feed_forward: str
    readout: str
    circuits: int
    real: bool


class Size(NamedTuple):
    """N and d."""

    context: int
    dimension: int


def size_of(model: Model) -> Size:
    """The model's own."""
    return Size(model.tokens, model.dimension)


def shape_of(model: Model, size: Size) -> Shape:
    """The shape of a model of that size."""
    kinds = [
        "none" if layer.feed_forward is None else "gated" if isinstance(layer.feed_forward, Gated) else "polynomial"
        for layer in model.layers
    ]
    circuits = len(getattr(model.readout, "positions", (1,)))
    if model.fields["readout"].get("positions") == "targets":
        circuits = size.context - 1
    return Shape(
        tokens=size.context,
        dimension=size.dimension,
        layers=len(model.layers),
        heads=max(len(layer.heads) for layer in model.layers),
        degree=max(len(layer.kernel) - 1 for layer in model.layers),
        feed_forward=", ".join(dict.fromkeys(kinds)),
        readout=model.readout.type,
        circuits=circuits,
        real=not np.iscomplexobj(model.inputs),
    )


def shape_facts(shape: Mapping[str, Any]) -> list[Fact]:
    """The same for people."""
    kind = "real" if shape["real"] else "complex"
    layers = counted(shape["layers"], "layer")
    heads = f"up to {counted(shape['heads'], 'head')}, kernels of degree {shape['degree']} at most"
    return [
        ("shape", f"{shape['tokens']:,} {kind} tokens of dimension {shape['dimension']:,}"),
        ("layers", f"{layers}, {heads}; feed-forward: {shape['feed_forward']}"),
        ("readout", f"{shape['readout']}, {counted(shape['circuits'], 'circuit')}"),
    ]


# Drawn models


def drawn(model: Model, size: Size | None = None) -> Model:
    """A model like this one with generic numbers; the same ones each time. Raises
    :class:`~qsac.errors.DoesNotFitError` for one that is too large."""
    size = size_of(model) if size is None else size
    check_drawn(model, *size)
    given = _Drawing(model, size).fields()
    return read(ModelFile.model_validate(given), given, Path())


class _Drawing:
    """The canonical fields of a model with other numbers: equal matrices stay equal, and unitary ones unitary."""

    def __init__(self, model: Model, size: Size) -> None:
        self._model, self._own, self._size = model, size_of(model), size
        self._rng: Generator = np.random.default_rng(SEED)
        self._known: dict[tuple[bytes, tuple[int, ...]], Numbers] = {}

    def fields(self) -> dict[str, Any]:
        model, canonical = self._model, self._model.fields
        tokens, dimension = self._size
        rows = model.given_tokens
        found: dict[str, Any] = {"qsac": 1, "name": model.name}
        if model.sequence is None:
            found["tokens"] = {"type": "inline", "values": as_lists(self._matrix(rows, (tokens, dimension)))}
        else:
            drawn_rows = self._matrix(rows, (len(rows), dimension))
            sequence = np.resize(model.sequence, tokens).tolist()
            found["tokens"] = {"type": "words", "embedding": as_lists(drawn_rows), "sequence": sequence}
        given = canonical["transformer"]
        position = dict(given["position"])
        if position["type"] == "add":
            values = _array(position["values"])
            count = len(values) if tokens <= len(values) else tokens
            position["values"] = as_lists(self._matrix(values, (count, dimension)))
        found["transformer"] = {
            **given,
            "position": position,
            "layers": [self._layer(layer) for layer in given["layers"]],
        }
        found["readout"] = self._readout(canonical["readout"])
        return found

    def _layer(self, given: dict[str, Any]) -> dict[str, Any]:
        layer = dict(given)
        heads = given["attention"]["heads"]
        outputs = self._outputs(heads)
        layer["attention"] = {
            **given["attention"],
            "heads": [self._head(head, output) for head, output in zip(heads, outputs, strict=True)],
        }
        if isinstance(given["norm"], dict):
            layer["norm"] = {"scale": self._rng.uniform(0.5, 1.5, self._size.context).tolist()}
        if given.get("feed_forward") is not None:
            layer["feed_forward"] = self._feed_forward(given["feed_forward"])
        return layer

    def _head(self, given: dict[str, Any], output: Numbers | None) -> dict[str, Any]:
        head = {}
        for name, rows in given.items():
            values = _array(rows)
            shape = (self._inner(len(values), whole=_stands_alone(name, given)), self._size.dimension)
            head[name] = as_lists(output if name == "output" and output is not None else self._matrix(values, shape))
        return head

    def _outputs(self, heads: list[dict[str, Any]]) -> list[Numbers | None]:
        """The heads' output matrices, drawn together where they are a unitary side by side."""
        given = [_array(head["output"]) if "output" in head else None for head in heads]
        shapes = [
            None if one is None else (self._size.dimension, self._inner(one.shape[1], whole="value" not in head))
            for one, head in zip(given, heads, strict=True)
        ]
        known = [one for one in given if one is not None]
        if len(known) == len(given) > 1:
            whole = np.concatenate(known, axis=1)
            widths = [shape[1] for shape in shapes if shape is not None]
            if (
                whole.shape[0] == whole.shape[1]
                and _rows_are_orthonormal(whole)
                and sum(widths) == self._size.dimension
            ):
                turned = self._matrix(whole, (self._size.dimension, self._size.dimension))
                return list(np.split(turned, np.cumsum(widths)[:-1], axis=1))
        return [
            None if one is None or shape is None else self._matrix(one, shape)
            for one, shape in zip(given, shapes, strict=True)
        ]

    def _feed_forward(self, given: dict[str, Any]) -> dict[str, Any]:
        found = dict(given)
        dimension = self._size.dimension
        whole = "output" not in given or not given.keys() & {"input", "factors"}
        for name in ("input", "output"):
            if name in given:
                values = _array(given[name])
                wide = self._inner(values.shape[name == "output"], whole=whole)
                found[name] = as_lists(
                    self._matrix(values, (wide, dimension) if name == "input" else (dimension, wide))
                )
        if "bias" in given:
            found["bias"] = as_lists(self._vector(given["bias"], whole=whole))
        if "factors" in given:
            found["factors"] = [self._factor(factor, whole=whole) for factor in given["factors"]]
        return found

    def _factor(self, given: dict[str, Any], *, whole: bool) -> dict[str, Any]:
        values = _array(given["matrix"])
        shape = (self._inner(len(values), whole=whole), self._size.dimension)
        found = {"matrix": as_lists(self._matrix(values, shape))}
        return found | ({"bias": as_lists(self._vector(given["bias"], whole=whole))} if "bias" in given else {})

    def _readout(self, given: dict[str, Any]) -> dict[str, Any]:
        found = dict(given)
        if given["type"] == "state-fidelity":
            found["targets"] = as_lists(self._matrix(_array(given["targets"]), tuple(self._size)))
            return found
        vocabulary = _array(given["vocabulary"])
        found["vocabulary"] = as_lists(self._matrix(vocabulary, (len(vocabulary), self._size.dimension)))
        if not isinstance(given["positions"], str):
            kept = [position for position in given["positions"] if position <= self._size.context]
            found["positions"] = kept or [self._size.context]
            if "targets" in given:
                found["targets"] = (given["targets"] * len(found["positions"]))[: len(found["positions"])]
        return found

    def _inner(self, width: int, *, whole: bool = False) -> int:
        """A width of the model for another dimension: in proportion, and even where it was. ``whole``: the dimension
        itself, since a matrix beside it is left out and the identity."""
        if whole:
            return self._size.dimension
        if self._size.dimension == self._own.dimension:
            return width
        scaled = max(1, round(width * self._size.dimension / self._own.dimension))
        return scaled if width % 2 else scaled + scaled % 2

    def _vector(self, given: list[Any], *, whole: bool) -> Numbers:
        values = np.array(given, dtype=np.float64)
        row: Numbers = values.view(np.complex128)[:, 0][None] if values.ndim == 2 else values[None]
        vector: Numbers = self._matrix(row, (1, self._inner(row.shape[1], whole=whole)))[0]
        return vector

    def _matrix(self, given: Numbers, shape: tuple[int, ...]) -> Numbers:
        """Generic numbers for a matrix; zeros, identities and orthonormal rows or columns stay what they are."""
        key = (given.tobytes() + str(given.shape).encode(), shape)
        if key not in self._known:
            self._known[key] = self._new(given, shape)
        return self._known[key]

    def _new(self, given: Numbers, shape: tuple[int, ...]) -> Numbers:
        if not given.any():
            return np.zeros(shape)
        if given.shape[0] == given.shape[1] and shape[0] == shape[1] and np.array_equal(given, np.eye(len(given))):
            return np.eye(shape[0])
        values: Numbers = self._rng.normal(size=shape)
        if np.iscomplexobj(given):
            values = values + 1j * self._rng.normal(size=shape)
        if min(given.shape) > 1 and _rows_are_orthonormal(given) and shape[0] <= shape[1]:
            return _orthonormal(values.conj().T).conj().T
        if min(given.shape) > 1 and _rows_are_orthonormal(given.conj().T) and shape[1] <= shape[0]:
            return _orthonormal(values)
        return np.asarray(values / np.sqrt(shape[1]))


def _stands_alone(name: str, head: Mapping[str, Any]) -> bool:
    """Whether a head's matrix has as many rows as the tokens have entries: it scores by itself, or the one beside it is
    left out."""
    other = {"query": "key", "key": "query", "value": "output"}.get(name)
    return name == "score" or (other is not None and other not in head)


def _array(given: list[Any]) -> Numbers:
    """The matrix of a canonical field."""
    values = np.array(given, dtype=np.float64)
    matrix: Numbers = values if values.ndim == 2 else np.ascontiguousarray(values).view(np.complex128)[..., 0]
    return matrix


def _orthonormal(values: Numbers) -> Numbers:
    """Orthonormal columns that span what the columns of ``values`` do."""
    columns: Numbers = np.linalg.qr(values)[0]
    return columns


def _rows_are_orthonormal(given: Numbers) -> bool:
    """Whether the rows are orthonormal up to one factor."""
    rows = given / scale_of(np.abs(given).max())
    product = rows @ rows.conj().T
    scale = abs(product[0, 0])
    return bool(scale) and bool(np.abs(product - scale * np.eye(len(given))).max() < UNITARY * scale)


# Programs


def outlined(plan: Plan) -> Plan:
    """A plan whose large tables have no numbers."""
    return Plan(tuple(_outlined_step(step) if isinstance(step, CircuitStep) else step for step in plan.steps))


def _outlined_step(step: CircuitStep) -> CircuitStep:
    return CircuitStep(step.name, partial(_outline, step), step.reads, step.index)


def _outline(step: CircuitStep) -> Program:
    program = step.program
    most = {op.table: OUTLINED for op in program.ops if isinstance(op, LoadTokens | LoadWhole)}
    most |= {op.table: SYNTHESISED for op in program.ops if isinstance(op, ApplyUnitary) and op.form == "matrix"}
    # One row, such as what keys are weighed by, keeps its numbers: passes work with them.
    tables = {
        name: shaped_like(name, table) if table.shape[0] > 1 and table.values.size > most.get(name, inf) else table
        for name, table in program.tables.items()
    }
    return replace(program, tables=tables)


def same_circuits(plan: Plan, other: Plan) -> bool:
    """Whether one template serves the circuits of both plans: they have the same ops on tables of the same shapes. What
    ``plan`` has complex numbers for may be real in the other one."""
    if len(plan.circuits) != len(other.circuits):
        return False
    return all(map(_alike, (step.program for step in plan.circuits), (step.program for step in other.circuits)))


def _alike(program: Program, other: Program) -> bool:
    one, two = ((each.registers, tuple(map(_without_angles, each.ops)), each.readouts) for each in (program, other))
    if one != two:
        return False
    if program.tables.keys() != other.tables.keys():
        return False
    pairs = [(table, other.tables[name]) for name, table in program.tables.items()]
    return all(mine.shape == its.shape and (its.real or not mine.real) for mine, its in pairs)


def _without_angles(op: Op) -> Op:
    """The op without the angles of a walk, which follow from lengths as tables do."""
    return replace(op, angles=(0.0,) * len(op.angles)) if isinstance(op, PhaseSignal) else op
