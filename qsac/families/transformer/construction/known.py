"""The attention of the first layer at a known position: no register for the query, one row of a table for each key of
each head, and one for the residual and the bias (docs/transformer.md, "A known position").

All lengths are in the amplitudes of the index, which is prepared and undone by the same row of square roots.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from qsac.families.transformer.construction.affine import Affine, Planned, Real, qubits, shares, unit_rows
from qsac.families.transformer.construction.composing import ALIKE, Composition, Names
from qsac.families.transformer.construction.scores import Kernel, Side, emit_rows
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
    matrix = target.matrix - target.matrix.mean(axis=1, keepdims=True) if layer.centre else target.matrix
    rho, sigma = layer.residual
    return Parts(
        queries=queries,
        keys=keys,
        scale=sigma * factor / (count if layer.scale == "mean" else 1),
        own=factor * rho * (matrix @ own) + target.bias,
        maps=tuple(matrix @ head.output for head in layer.heads),
        values=tuple(seen @ head.value.T for head in layer.heads),
        kernel=Kernel(layer.kernel),
        direct=rho != 0 or bool(np.any(target.bias)),
        origin="/transformer/layers/0/attention",
    )


def attended_at(
    model: Model, composition: Composition, position: int, target: Affine, *, beside: bool = True
) -> Planned:
    """The state of ``target`` of the first layer's attention at a position, from 0; with its heads ``beside`` each
    other only where that is allowed."""
    parts = parts_of(model, position, target)
    turn = _turn(parts) if beside else None
    return _Rows(composition, parts).planned() if turn is None else _SideBySide(composition, parts, *turn).planned()


def can_stand_beside(model: Model, position: int, target: Affine) -> bool:
    """Whether the heads of the first layer can stand beside each other in the state of ``target``."""
    return _turn(parts_of(model, position, target)) is not None


# Rows


class _Rows:
    """One row for each key of each head, and one for the residual and the bias, which is the last.

    Keys of several heads stand in blocks of a power of two where that takes fewer gates: the head is then a register of
    its own, by which queries are undone, and the key another one.
    """

    def __init__(self, composition: Composition, parts: Parts) -> None:
        self._composition, self._parts = composition, parts
        heads, count, _ = parts.keys.shape
        self._blocks = heads > 1 and _blocks_are_cheaper(parts)
        step = 1 << (count - 1).bit_length() if self._blocks else count
        places = (np.arange(heads)[:, None] * step + np.arange(count)).reshape(-1)
        rows = int(places[-1]) + 1
        if self._blocks and parts.direct and parts.kernel.several:
            # A block of its own: its query has another length than those of a head.
            rows = heads * step
        self._own = rows
        if parts.direct:
            rows += 1
        self._places, self._rows = places, rows
        size = (rows - 1).bit_length()
        low = (count - 1).bit_length() if self._blocks else size
        self._head = composition.register("head", size - low)
        self._key = composition.register("key", low)

    def planned(self) -> Planned:
        parts = self._parts
        heads, count, _ = parts.keys.shape
        values, lengths = unit_rows(parts.images.reshape(heads * count, -1))
        sizes = np.linalg.norm(parts.queries, axis=1).repeat(count), np.linalg.norm(parts.keys, axis=2).reshape(-1)
        weights = np.zeros(self._rows)
        gains = parts.scale * parts.kernel.gains(*sizes)
        weights[self._places] = np.abs(gains) * lengths
        table = np.zeros((self._rows, values.shape[1]), dtype=np.result_type(values, parts.own))
        table[:, 0] = 1.0
        table[self._places] = values * np.where(gains < 0, -1.0, 1.0)[:, None]
        score, amplitude = parts.kernel.own_score(*(float(one.max()) for one in sizes))
        if parts.direct:
            own, length = unit_rows(parts.own[None])
            table[self._own] = own[0] * (-1.0 if amplitude < 0 else 1.0)
            weights[self._own] = float(length[0]) / abs(amplitude)
        for gap in np.flatnonzero(weights == 0):
            # Rows that do not occur are like the one before them, for which a ladder turns nothing.
            if gap and gap not in self._places:
                table[gap] = table[gap - 1]
        emit = partial(self._emit, weights, table, score)
        return Planned(qubits(values.shape[1]), np.array([weights.sum()]), emit)

    @property
    def _index(self) -> Names:
        return (*self._head, *self._key)

    def _emit(self, weights: Real, values: Numbers, score: float, out: Names, when: Names) -> None:
        composition, parts = self._composition, self._parts
        amplitudes = shares(weights[None])
        composition.load(self._index, (), "weights", amplitudes, when=when, origin=parts.origin)
        keys, queries, index = self._scores()
        emit_rows(
            composition,
            parts.kernel,
            Side(self._index, keys),
            Side(index, queries),
            (self._own if parts.direct else None, score),
            when,
            f"{parts.origin}/kernel",
        )
        composition.load(out, self._index, "values", values, when=when, origin="/tokens")
        composition.load(self._index, (), "weights", amplitudes, when=when, inverse=True, origin=parts.origin)

    def _scores(self) -> tuple[Numbers, Numbers, Names]:
        """Rows of keys and of queries, and the registers by which the latter are undone."""
        parts = self._parts
        heads, count, width = parts.keys.shape
        keys: Numbers = np.zeros((self._rows, width), dtype=parts.keys.dtype)
        keys[self._places] = parts.keys.reshape(heads * count, width)
        if heads == 1:
            return keys, parts.queries, ()
        if self._blocks:
            last = (self._rows - 1) >> self._composition.width(self._key)
            return keys, parts.queries[np.minimum(np.arange(last + 1), heads - 1)], self._head
        queries: Numbers = np.repeat(parts.queries, count, axis=0)
        return keys, queries[np.minimum(np.arange(self._rows), len(queries) - 1)], self._key


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
    return gates(blocked, (blocked - 1) // step + 1) <= gates(heads * count + parts.direct, heads * count)


# Heads side by side


def _turn(parts: Parts) -> tuple[Numbers, float] | None:
    """The unitary that the maps of all heads side by side are, and its factor; None where they are none, or where
    blocks of the value register cannot hold the heads."""
    heads, size = len(parts.maps), parts.maps[0].shape[1]
    if heads == 1 or heads & (heads - 1) or size < 2 or size & (size - 1) or any(one.shape[1] != size for one in parts.maps):
        return None
    whole: Numbers = np.concatenate(parts.maps, axis=1)
    if whole.shape[0] != whole.shape[1] or parts.kernel.several:
        return None
    factor = float(np.linalg.norm(whole)) / np.sqrt(len(whole))
    if not factor or np.abs(whole.conj().T @ whole / factor**2 - np.eye(len(whole))).max() > 100 * ALIKE:
        return None
    return np.asarray(whole / factor), factor  # type: ignore[return-value]


class _SideBySide:
    """The first qubits of the value are the head: one row for each key, with the values of all heads beside each other,
    and at the end one unitary on all of it."""

    def __init__(self, composition: Composition, parts: Parts, turn: Numbers, factor: float) -> None:
        self._composition, self._parts = composition, parts
        self._turn, self._factor = turn, factor
        self._count = parts.keys.shape[1]
        self._rows = self._count + parts.direct
        self._key = composition.register("key", (self._rows - 1).bit_length())

    def planned(self) -> Planned:
        parts = self._parts
        heads, count, _ = parts.keys.shape
        # Rows of values by (key, head), (rows, H, f).
        values = np.stack(parts.values, axis=1)
        gains = parts.kernel.gains(np.linalg.norm(parts.queries, axis=1)[:, None], np.linalg.norm(parts.keys, axis=2))
        values = values * (parts.scale * self._factor * gains.T[:, :, None])
        if parts.direct:
            own = self._turn.conj().T @ parts.own
            values = np.concatenate([values, own.reshape(1, heads, -1)])
        blocks = np.linalg.norm(values, axis=2)
        weights = np.linalg.norm(blocks, axis=1)
        emit = partial(self._emit, weights, unit_rows(blocks)[0], unit_rows(values)[0])
        return Planned(qubits(len(self._turn)), np.array([weights.sum()]), emit)

    def _emit(self, weights: Real, heads: Numbers, values: Numbers, out: Names, when: Names) -> None:
        composition, parts, key = self._composition, self._parts, self._key
        count = heads.shape[1]
        head, inner = composition.split(out, (count - 1).bit_length(), qubits(values.shape[2]))
        amplitudes = shares(weights[None])
        composition.load(key, (), "weights", amplitudes, when=when, origin=parts.origin)
        composition.load(head, key, "heads", heads, when=when, origin=parts.origin)
        rows = np.swapaxes(parts.keys, 0, 1)
        if parts.direct:
            rows = np.concatenate([rows, parts.queries[None]])
        emit_rows(
            composition,
            parts.kernel,
            Side((*key, *head), rows.reshape(-1, rows.shape[2])),
            Side(head, parts.queries),
            (None, 1.0),
            when,
            f"{parts.origin}/kernel",
        )
        composition.load(inner, (*key, *head), "values", values.reshape(-1, values.shape[2]), when=when, origin="/tokens")
        composition.load(key, (), "weights", amplitudes, when=when, inverse=True, origin=parts.origin)
        composition.unitary(out, self._turn, when=when, origin=parts.origin)
