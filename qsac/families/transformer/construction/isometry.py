"""A layer's attention at the position that a register holds, or for several maps at once.

Registers: ``branch`` is 0 for the residual and the bias, 1 for what is attended to (none where there is no residual),
``head`` is the head, ``key`` the key. All are brought up and undone by the position, so that nothing is lost for the
number of keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from qsac.families.transformer.affine import Affine, has_bias
from qsac.families.transformer.construction.composing import ALIKE, Names
from qsac.families.transformer.construction.planned import At, Planned, shares
from qsac.families.transformer.construction.scores import Kernel, Side, emit_scores, emit_walk
from qsac.families.transformer.lengths import Real, lengths_of
from qsac.families.transformer.model import turned_by
from qsac.files.numbers import Numbers
from qsac.ir.attention import PrepareKeys, SelectIndex

if TYPE_CHECKING:
    from qsac.families.transformer.construction.states import States


@dataclass(frozen=True, eq=False)
class _Load:
    """A load that is taken back at the end: rows of a table, or the keys that a position sees, all alike."""

    data: Names
    index: Names
    table: str
    rows: Real
    when: Names = ()
    keys: PrepareKeys | None = None


class Isometry:
    """The state of the attention of layer ``level`` for each value of the index of ``at``, R in all."""

    def __init__(self, states: States, level: int, at: At, maps: Sequence[Affine]) -> None:
        self._states, self._level, self._at = states, level, at
        composition, model = states.composition, states.model
        self._layer, self._tokens = model.layers[level - 1], model.tokens
        self._kernel = Kernel(self._layer.kernel, walked=self._layer.walked)
        self._origin = f"/transformer/layers/{level - 1}/attention"
        self._direct = self._layer.residual[0] != 0 or has_bias(maps)
        # Values of the class registers that do not occur have the last map.
        count = 1 << composition.width(at.cls)
        self._maps = [*maps, *[maps[-1]] * (count - len(maps))]
        self._classes, self._places = states.grid(at, count)
        self._seen = np.array([self._layer.seen(int(place) + 1, self._tokens) for place in self._places])
        self._keys = int(self._seen.max())
        held = 0 if isinstance(at.position, int) else composition.width(at.position)
        size = max((self._keys - 1).bit_length(), held)
        self._branch = composition.register("branch", int(self._direct))
        self._head = composition.register("head", (len(self._layer.heads) - 1).bit_length())
        self._key = composition.register("key", size)
        heads = 1 << composition.width(self._head)
        self._heads = [self._layer.heads[min(place, len(self._layer.heads) - 1)] for place in range(heads)]
        # The residual's key is the position: by its own rows, or where a register holds the position by selection.
        self._selects = self._direct and not at.tied and 0 < held == size

    def planned(self) -> Planned:
        """The state, its lengths, and how it is emitted."""
        value = self._states.state(self._level - 1, self._value_at, self._value_maps())
        lengths = value.lengths.reshape(1 + self._direct, len(self._maps), len(self._heads), -1)
        attended = self._weights(lengths[-1])
        own = np.zeros(len(self._places))
        if self._direct:
            columns = self._places if lengths.shape[-1] > 1 else np.zeros_like(self._places)
            own = lengths[0, self._classes, 0, columns]
            if self._layer.factors is not None:
                own = own * self._layer.factors[self._places]

        def emit(out: Names, when: Names) -> None:
            self._emit(attended, own, value, out, when)

        return Planned(value.size, own + attended.sum(axis=(1, 2)), emit)

    def _emit(self, attended: Real, own: Real, value: Planned, out: Names, when: Names) -> None:
        composition, loads = self._states.composition, self._loads(attended, own, when)
        for load in loads:
            self._bring(load, inverse=False)
        swaps = self._selects and self._swaps()
        score: Names = ()
        if swaps:
            (_, key), _ = self._scored()
            score = composition.register("score", key.size)
            key.emit(score, ())
        else:
            self._emit_scores(self._branch or when)
        select = None
        if self._selects and not isinstance(self._at.position, int):
            # What may be within the pair of a layer above has to be a whole swap.
            whole = swaps or self._level < len(self._states.model.layers)
            select = SelectIndex(self._key[0], self._at.position[0], self._branch[0], swap=whole, origin=self._origin)
            composition.ops.append(select)
        if swaps:
            # In the branch of the residual the other register now holds the key: the score undoes itself.
            undone = self._side(
                At((*self._branch, *self._head), self._at.position, self._at.count),
                [matrix for side in ("key", "query") for matrix in (getattr(head, side) for head in self._heads)],
            )
            composition.undo(undone.emit, score, ())
        value.emit(out, when)
        if select is not None:
            composition.ops.append(select.adjoint())
        for load in reversed(loads):
            self._bring(load, inverse=True)

    def _bring(self, load: _Load, *, inverse: bool) -> None:
        """A load, or its inverse with the projection that is next."""
        composition = self._states.composition
        if load.keys is None:
            composition.load(
                load.data, load.index, load.table, load.rows, when=load.when, inverse=inverse, origin=self._origin
            )
            return
        composition.ops.append(load.keys.adjoint() if inverse else load.keys)
        if inverse:
            composition.project(load.data, origin=self._origin)

    def _swaps(self) -> bool:
        """Whether key and position are swapped as a whole in the branch of the residual, so that no load of a score has
        to be gated: of tokens, whose states are of length one, and of one factor."""
        size = self._states.composition.width(self._key)
        width = max(len(head.key) for head in self._heads)
        plain = self._level == 1 and self._states.model.rotary is None
        return plain and self._kernel.degree == 1 and not self._kernel.several and self._keys * (width - 1) > 2 * size

    def _loads(self, attended: Real, own: Real, when: Names) -> list[_Load]:
        """The loads of branch, head and key."""
        result: list[_Load] = []
        index = self._at.index
        if self._direct:
            rows = shares(np.stack([own, attended.sum(axis=(1, 2))], axis=1))
            result.append(_Load(self._branch, index, "branches", rows, when))
            if not self._selects:
                placed = np.zeros_like(attended)
                placed[np.arange(len(placed)), 0, self._places if self._key else 0] = 1.0
                attended, index = np.concatenate([placed, attended]), (*self._branch, *index)
        if self._head:
            result.append(_Load(self._head, index, "heads", shares(attended.sum(axis=2))))
        if self._key:
            rows = shares(attended.reshape(-1, self._keys))
            result.append(_Load(self._key, (*index, *self._head), "keys", rows, keys=self._plain_keys(rows)))
        return result

    def _plain_keys(self, rows: Real) -> PrepareKeys | None:
        """What brings up all keys that a position sees with one amplitude, if that is what the rows say."""
        position, layer = self._at.position, self._layer
        if isinstance(position, int) or len(rows) != len(self._places) or self._keys != self._tokens:
            return None
        seen = np.arange(self._keys) < self._seen[:, None]
        if self._at.count != self._keys or np.abs(rows - shares(seen.astype(np.float64))).max() > ALIKE:
            return None
        (key,) = self._key
        return PrepareKeys(position[0], key, layer.mask, self._keys, origin=self._origin, barrier=True)

    @property
    def _key_position(self) -> Names | int:
        return self._key or 0

    # Values

    @property
    def _value_at(self) -> At:
        at = At((*self._branch, *self._at.cls, *self._head), self._key_position, self._keys)
        return replace(at, cls=(*at.cls, *self._key), tied=True) if self._scaled and self._key else at

    @property
    def _scaled(self) -> bool:
        """Whether the bias is to be divided by the factor of the position, which multiplies all that is attended to."""
        return self._layer.factors is not None and has_bias(self._maps)

    def _value_maps(self) -> list[Affine]:
        """The maps of the values, one for each branch, class and head, and of a tied position for each of these."""
        rho, dimension = self._layer.residual[0], self._states.model.dimension
        centre = np.eye(dimension)
        if self._layer.centre:
            centre = centre - 1 / dimension
        result: list[Affine] = []
        places = self._tied_places(self._key_position, self._keys) if self._scaled else [0]
        if self._direct:
            for one in self._maps:
                biases = [one.bias / self._factor(place) if self._scaled else one.bias for place in places]
                result += [Affine(rho * one.matrix @ centre, bias) for _ in self._heads for bias in biases]
        for one in self._maps:
            matrices = [self._sign * one.matrix @ centre @ head.output @ head.value for head in self._heads]
            result += [Affine.linear(matrix) for matrix in matrices for _ in places]
        return result

    def _factor(self, place: int) -> float:
        return 1.0 if self._layer.factors is None else float(self._layer.factors[place])

    @property
    def _sign(self) -> float:
        """The sign of sigma, and of the kernel's coefficient if it has one term."""
        negative = self._layer.residual[1] < 0
        if not self._kernel.several and self._kernel.coefficients[-1] < 0:
            negative = not negative
        return -1.0 if negative else 1.0

    def _weights(self, values: Real) -> Real:
        """The amplitude (R, H, I) of each head and key."""
        (_, key), (_, query) = self._scored()
        keys = key.lengths.reshape(len(self._heads), -1)[:, : self._keys]
        queries = query.lengths.reshape(len(self._heads), -1)
        own = np.zeros_like(self._places) if isinstance(self._at.position, int) else self._places
        gains = np.abs(self._kernel.gains(queries[:, own].T[:, :, None], keys[None]))
        scales = np.full(len(self._places), abs(self._layer.residual[1]))
        if self._layer.scale == "mean":
            scales = scales / self._seen
        if self._layer.factors is not None:
            scales = scales * self._layer.factors[self._places]
        inside = np.arange(self._keys) < self._seen[:, None]
        heads = np.arange(len(self._heads)) < len(self._layer.heads)
        kept: Real = values[self._classes][:, :, : self._keys] * gains * scales[:, None, None]
        return kept * inside[:, None] * heads[None, :, None]

    # Scores

    def _emit_scores(self, when: Names) -> None:
        """Copies of the scores of states, or a walk of tokens, which are rows that can be loaded and undone."""
        composition, origin, position = self._states.composition, f"{self._origin}/kernel", self._at.position
        if self._kernel.walked and not isinstance(position, int):
            keys, queries = self._score_rows()
            largest = float(lengths_of(keys.rows).max()) * float(lengths_of(queries.rows).max())
            walk = self._kernel.walk(largest, origin)
            if walk is not None:
                emit_walk(composition, walk, keys, queries, (position, self._key), when, origin)
                return
        emit_scores(composition, self._kernel, self._scored, when, origin)

    def _score_rows(self) -> tuple[Side, Side]:
        """The rows of keys and of queries. Those after the last head's last token do not occur."""
        count = ((len(self._layer.heads) - 1) << self._states.composition.width(self._key)) + self._keys
        keys, queries = (
            Side(at.index, self._states.rows(at, self._side_maps(at, matrices))[:count])
            for at, matrices in zip(self._score_places(), self._score_matrices, strict=True)
        )
        return keys, queries

    @property
    def _score_matrices(self) -> tuple[list[Numbers], list[Numbers]]:
        """The matrices of keys and of queries, by head."""
        return [head.key for head in self._heads], [head.query for head in self._heads]

    def _score_places(self) -> tuple[At, At]:
        """Where the states of keys and of queries are asked for."""
        key_at = At(self._head, self._key_position, self._keys)
        query_at = At(self._head, self._at.position, self._at.count)
        if self._states.model.rotary is not None:
            key_at, query_at = self._tied(key_at), self._tied(query_at)
        return key_at, query_at

    def _scored(self) -> tuple[tuple[At, Planned], tuple[At, Planned]]:
        """Where the states of keys and queries are asked for, and these."""
        (key_at, query_at), (keys, queries) = self._score_places(), self._score_matrices
        return (key_at, self._side(key_at, keys)), (query_at, self._side(query_at, queries))

    @staticmethod
    def _tied(at: At) -> At:
        return at if isinstance(at.position, int) else replace(at, cls=(*at.cls, *at.position), tied=True)

    def _side(self, at: At, matrices: list[Numbers]) -> Planned:
        """The states of the keys or queries of all heads."""
        return self._states.state(self._level - 1, at, self._side_maps(at, matrices))

    def _side_maps(self, at: At, matrices: list[Numbers]) -> list[Affine]:
        """The maps of keys or queries, by head, and by position where they turn with it."""
        width = max(len(matrix) for matrix in matrices)
        places = self._tied_places(at.position, at.count) if self._states.model.rotary is not None else [0]
        maps = []
        for matrix in matrices:
            for place in places:
                padded = np.zeros((width, matrix.shape[1]), dtype=matrix.dtype)
                padded[: len(matrix)] = self._turned(matrix, place)
                maps.append(Affine.linear(padded))
        return maps

    def _turned(self, matrix: Numbers, place: int) -> Numbers:
        base = self._states.model.rotary
        return matrix if base is None else turned_by(matrix.T, base, np.full(matrix.shape[1], place)).T

    def _tied_places(self, position: Names | int, count: int) -> list[int]:
        """The positions that the values of a register stand for, or the one position."""
        if isinstance(position, int):
            return [position]
        return [min(place, count - 1) for place in range(1 << self._states.composition.width(position))]
