"""The attention of the first layer at a known position: no register for the query, one row of a table for each key of
each head, and one for the residual and the bias (docs/transformer.md, "A known position").

All lengths are in the amplitudes of the index, which is prepared and undone by the same row of square roots.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from qsac.families.transformer.affine import Affine
from qsac.families.transformer.construction.composing import ALIKE, Composition, Names
from qsac.families.transformer.construction.planned import Planned, qubits, shares, unit_rows
from qsac.families.transformer.construction.scores import Fixed, Kernel, Side, emit_rows
from qsac.families.transformer.lengths import Real, lengths_of, scale_of
from qsac.families.transformer.model import Layer, Model, turned, turned_by
from qsac.files.numbers import Numbers
from qsac.numerics.plan import plan


@dataclass(frozen=True, eq=False)
class Parts:
    """What the state of a position is the sum of, H heads and c keys.

    ``queries`` (H, e) and ``keys`` (H, c, e), filled up with zeros to one width. ``scale``: sigma over the number of
    keys, with the factor of the position. ``own`` (D,): what the residual and the bias add. ``maps``: (D, f) for each
    head, and ``values``: (c, f) what it is applied to.
    """

    queries: Numbers
    keys: Numbers
    scale: float
    own: Numbers
    maps: tuple[Numbers, ...]
    values: tuple[Numbers, ...]
    kernel: Kernel
    direct: bool
    origin: str

    @property
    def images(self) -> Numbers:
        """The values after their maps, (H, c, D)."""
        return np.stack([values @ one.T for one, values in zip(self.maps, self.values, strict=True)])


def parts_of(model: Model, position: int, target: Affine) -> Parts:
    """The parts of ``target`` of the first layer's attention at a position, from 0."""
    layer: Layer = model.layers[0]
    count = layer.seen(position + 1, model.tokens)
    seen, own = model.inputs[:count], model.inputs[position]
    width = max(len(head.query) for head in layer.heads)
    kinds = [model.inputs, *(matrix for head in layer.heads for matrix in (head.query, head.key))]
    queries: Numbers = np.zeros((len(layer.heads), width), dtype=np.result_type(*kinds))
    keys: Numbers = np.zeros((len(layer.heads), count, width), dtype=queries.dtype)
    for place, head in enumerate(layer.heads):
        size = len(head.query)
        query = (own @ head.query.T)[None]
        if model.rotary is not None:
            query = turned_by(query, model.rotary, np.array([position]))
        queries[place, :size] = query[0]
        keys[place, :, :size] = turned(seen @ head.key.T, model.rotary)
    factor = 1.0 if layer.factors is None else float(layer.factors[position])
    rho, sigma = layer.residual
    return Parts(
        queries=queries,
        keys=keys,
        scale=sigma * factor / (count if layer.scale == "mean" else 1),
        own=factor * rho * (_centred(layer, target) @ own) + target.bias,
        maps=_maps(layer, target),
        values=tuple(seen @ head.value.T for head in layer.heads),
        kernel=Kernel(layer.kernel, walked=layer.walked),
        direct=rho != 0 or bool(np.any(target.bias)),
        origin="/transformer/layers/0/attention",
    )


def attended_at(
    model: Model, composition: Composition, position: int, target: Affine, *, beside: bool = True
) -> Planned:
    """The state of ``target`` of the first layer's attention at a position, from 0; with its heads ``beside`` each
    other only where that is allowed."""
    parts = parts_of(model, position, target)
    turn = _turn(parts.maps, parts.kernel) if beside else None
    return _Rows(composition, parts).planned() if turn is None else _SideBySide(composition, parts, turn).planned()


def can_stand_beside(layer: Layer, target: Affine) -> bool:
    """Whether the heads of the first layer can stand beside each other in the state of ``target``."""
    return _turn(_maps(layer, target), Kernel(layer.kernel)) is not None


def _maps(layer: Layer, target: Affine) -> tuple[Numbers, ...]:
    """What ``target`` makes of the values of each head, (D, f)."""
    matrix = _centred(layer, target)
    return tuple(matrix @ head.output for head in layer.heads)


def _centred(layer: Layer, target: Affine) -> Numbers:
    """The matrix of ``target`` after the layer's norm."""
    return target.matrix - target.matrix.mean(axis=1, keepdims=True) if layer.centre else target.matrix


# Rows


class _Rows:
    """One row for each key of each head, and one for the residual and the bias, which comes after them.

    Keys of several heads stand in blocks of a power of two where that takes fewer gates: the head is then a register of
    its own, by which queries are undone, and the key another one. Where the state is gated one more row is added, at
    which nothing is done: the key is ``parked`` there, and no load has to be gated but the key's.
    """

    def __init__(self, composition: Composition, parts: Parts) -> None:
        self._composition, self._parts = composition, parts
        self._heads, self._count, _ = parts.keys.shape
        self._blocks = self._heads > 1 and _blocks_are_cheaper(parts)
        self._step = 1 << (self._count - 1).bit_length() if self._blocks else self._count
        self._places = (np.arange(self._heads)[:, None] * self._step + np.arange(self._count)).reshape(-1)
        used = int(self._places[-1]) + 1
        # Of several terms the query of what is not attended to has another length than those of the heads.
        self._first = self._heads * self._step if self._blocks and parts.kernel.several else used

    def planned(self) -> Planned:
        parts, places = self._parts, self._places
        values, lengths = unit_rows(parts.images.reshape(len(places), -1))
        queries, keys = lengths_of(parts.queries), lengths_of(parts.keys)
        rows = self._first + parts.direct
        weights = np.zeros(rows)
        gains = parts.scale * parts.kernel.gains(queries[:, None], keys).reshape(-1)
        weights[places] = np.abs(gains) * lengths
        table = np.zeros((rows, values.shape[1]), dtype=np.result_type(values, parts.own))
        table[places] = values * np.where(gains < 0, -1.0, 1.0)[:, None]
        score, amplitude = parts.kernel.own_score(float(queries.max()), float(keys.max()))
        if parts.direct:
            own, length = unit_rows(parts.own[None])
            table[-1] = own[0] * (-1.0 if amplitude < 0 else 1.0)
            weights[-1] = float(length[0]) / abs(amplitude)
        for gap in np.flatnonzero(~table.any(axis=1)):
            # Rows that do not occur are like the one before them, where a ladder turns nothing.
            table[gap] = table[gap - 1]
        emit = partial(self._emit, weights, table, score)
        return Planned(qubits(values.shape[1]), np.array([weights.sum()]), emit)

    def _emit(self, weights: Real, values: Numbers, score: float, out: Names, when: Names) -> None:
        composition, parts = self._composition, self._parts
        parked = bool(when) and (len(weights) > 1 or parts.kernel.walked)
        if parked:
            nothing: Numbers = np.zeros((1, values.shape[1]))
            nothing[0, 0] = 1.0
            values = np.concatenate([values, nothing])
        index, by_head = self._registers(len(values))
        keys, queries = self._scores(index, by_head, len(values))
        known = self._heads if self._blocks or self._heads == 1 else len(self._places)
        fixed = Fixed(self._first if parts.direct else None, score, len(values) - 1 if parked else None, known)
        key = Weights(composition, index, weights, when if parked else (), parts.origin)
        gate = () if parked else when
        key.load(gate)
        emit_rows(composition, parts.kernel, keys, queries, fixed, when, f"{parts.origin}/kernel")
        composition.load(out, index, "values", values, when=gate, origin="/tokens")
        key.undo(gate)

    def _registers(self, rows: int) -> tuple[Names, Names]:
        """The registers of a row, and those of them by which queries are undone."""
        size = (rows - 1).bit_length()
        low = (self._count - 1).bit_length() if self._blocks else size
        head = self._composition.register("head", size - low)
        key = self._composition.register("key", low)
        if self._heads == 1:
            return key, ()
        return (*head, *key), head if self._blocks else key

    def _scores(self, index: Names, by_head: Names, rows: int) -> tuple[Side, Side]:
        """Rows of keys and of queries, the last query for all that is not attended to."""
        parts = self._parts
        keys: Numbers = np.zeros((rows, parts.keys.shape[2]), dtype=parts.keys.dtype)
        keys[self._places] = parts.keys.reshape(len(self._places), -1)
        queries: Numbers = parts.queries if self._blocks else np.repeat(parts.queries, self._count, axis=0)
        if self._heads == 1:
            return Side(index, keys), Side((), parts.queries)
        last = (rows - 1) // self._step if self._blocks else rows - 1
        chosen = np.minimum(np.arange(last + 1), len(queries) - 1)
        if self._blocks and _queries_repeat(parts, rows):
            # Any query serves the rows after the heads: with the first one again fewer bits of the head matter.
            chosen[self._heads :] = 0
        return Side(index, keys), Side(by_head, queries[chosen])


class Weights:
    """The rows' weights as amplitudes of an index. Where ``by`` is not 1 it is parked, at the row after the last."""

    def __init__(self, composition: Composition, index: Names, weights: Real, by: Names, origin: str) -> None:
        self._composition, self._index, self._by, self._origin = composition, index, by, origin
        rows = shares(weights[None])
        if by:
            parked = np.zeros((2, len(weights) + 1))
            parked[0, -1] = 1.0
            parked[1, :-1] = rows[0]
            rows = parked
        self._rows = rows

    def load(self, when: Names) -> None:
        """Bring the index up."""
        self._composition.load(self._index, self._by, "weights", self._rows, when=when, origin=self._origin)

    def undo(self, when: Names) -> None:
        """Undo it, by the same amplitudes."""
        self._composition.load(
            self._index, self._by, "weights", self._rows, when=when, inverse=True, origin=self._origin
        )


def _queries_repeat(parts: Parts, rows: int) -> bool:
    """Whether all rows after those of heads in blocks are in one block, after a power of two of heads, and have no
    query of their own length."""
    heads, count, _ = parts.keys.shape
    alike = not (heads & (heads - 1) or count & (count - 1)) and not parts.kernel.several
    return alike and (rows - 1) // count == heads


def _blocks_are_cheaper(parts: Parts) -> bool:
    """Whether heads in blocks of a power of two take fewer gates than one after another."""
    heads, count, width = parts.keys.shape
    step = 1 << (count - 1).bit_length()
    real = not np.iscomplexobj(parts.keys) and not np.iscomplexobj(parts.own)

    def load(rows: int, columns: int) -> int:
        return sum(level.gates for level in plan(rows, columns, qubits(columns), real=real))

    def gates(rows: int, undone: int) -> int:
        copies = parts.kernel.degree * (load(rows, width) + load(undone, width))
        return 2 * load(1, rows) + copies + load(rows, len(parts.own))

    blocked = (heads - 1) * step + count + parts.direct
    undone = heads if _queries_repeat(parts, blocked) else (blocked - 1) // step + 1
    return gates(blocked, undone) <= gates(heads * count + parts.direct, heads * count)


# Heads side by side


class _Turn(NamedTuple):
    """A unitary that the maps of all heads side by side are, but for ``factor`` and ``sign``, that of the last column:
    the rows that it turns have it instead, so that it is a rotation where it is real."""

    unitary: Numbers
    factor: float
    sign: float


def _turn(maps: tuple[Numbers, ...], kernel: Kernel) -> _Turn | None:
    """The turn of some maps; None where there is none, or where blocks of the value register cannot hold the heads."""
    heads, (rows, size) = len(maps), maps[0].shape
    blocks = heads > 1 and size > 1 and not (heads & (heads - 1) or size & (size - 1)) and heads * size == rows
    if not blocks or any(one.shape[1] != size for one in maps) or kernel.several:
        return None
    whole: Numbers = np.concatenate(maps, axis=1)
    scale = float(scale_of(np.abs(whole).max()))
    factor = float(np.linalg.norm(whole / scale)) / np.sqrt(rows) * scale
    turn: Numbers = whole / (factor or 1.0)
    sign = -1.0 if not np.iscomplexobj(turn) and np.linalg.det(turn) < 0 else 1.0
    turn[:, -1] *= sign
    # Not what is not a number either: where the entries were too large.
    return _Turn(turn, factor, sign) if np.abs(turn.conj().T @ turn - np.eye(rows)).max() <= 100 * ALIKE else None


class _SideBySide:
    """The first qubits of the value are the head: one row for each key, with the values of all heads beside each other,
    and at the end one unitary on all of it. Gated it is parked as rows are."""

    def __init__(self, composition: Composition, parts: Parts, turn: _Turn) -> None:
        self._composition, self._parts = composition, parts
        self._turn, self._factor, self._sign = turn

    def planned(self) -> Planned:
        parts = self._parts
        # Rows of values by (key, head), (rows, H, f).
        values = np.stack(parts.values, axis=1)
        gains = parts.kernel.gains(lengths_of(parts.queries)[:, None], lengths_of(parts.keys))
        values = values * (parts.scale * self._factor * gains.T[:, :, None])
        values[:, -1, -1] *= self._sign
        if parts.direct:
            values = np.concatenate([values, self._before(parts.own)])
        scales = scale_of(np.abs(values).max(axis=(1, 2)))
        weights = np.linalg.norm(values / scales[:, None, None], axis=(1, 2)) * scales
        return Planned(qubits(len(self._turn)), np.array([weights.sum()]), partial(self._emit, weights, values))

    def _before(self, state: Numbers) -> Numbers:
        """What the unitary makes a state of, as a row of blocks."""
        blocks: Numbers = self._turn.conj().T @ state
        return blocks.reshape(1, len(self._parts.maps), -1)

    def _emit(self, weights: Real, values: Numbers, out: Names, when: Names) -> None:
        composition, parts = self._composition, self._parts
        parked = bool(when) and len(weights) > 1
        if parked:
            nothing = np.zeros(len(self._turn))
            nothing[0] = 1.0
            values = np.concatenate([values, self._before(nothing)])
        rows, heads, width = values.shape
        head, inner = composition.split(out, (heads - 1).bit_length(), qubits(width))
        index = composition.register("key", (rows - 1).bit_length())
        key = Weights(composition, index, weights, when if parked else (), parts.origin)
        gate = () if parked else when
        key.load(gate)
        blocks = unit_rows(lengths_of(values))[0]
        composition.load(head, index, "heads", blocks, when=gate, origin=parts.origin)
        scored = np.swapaxes(parts.keys, 0, 1)
        # A row that is not attended to has the score 1 with the query of every head.
        scored = np.concatenate([scored, *[parts.queries[None]] * (rows - len(scored))]).reshape(rows * heads, -1)
        emit_rows(
            composition,
            parts.kernel,
            Side((*index, *head), scored),
            Side(head, parts.queries),
            Fixed(None, 1.0, None, heads),
            gate,
            f"{parts.origin}/kernel",
        )
        composition.load(
            inner, (*index, *head), "values", unit_rows(values)[0].reshape(-1, width), when=gate, origin="/tokens"
        )
        key.undo(gate)
        composition.unitary(out, self._turn, when=gate, origin=parts.origin)
