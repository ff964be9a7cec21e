"""From named arrays to the trained model, with every shape checked."""

from __future__ import annotations

import numpy as np

from qsac.errors import InvalidInputError
from qsac.importing.names import NamedArrays
from qsac.importing.original import ACTIVATIONS, Attention, FeedForward, Layer, Norm, Original, Real


def collected(arrays: NamedArrays, heads: int) -> Original:
    """The model of these arrays, whose stacked queries, keys and values are of so many ``heads``.

    Raises :class:`~qsac.errors.InvalidInputError` for an array that is missing or does not fit the others.
    """
    count = arrays.layers()
    layers = tuple(_Layer(arrays, place, heads).built() for place in range(count))
    width = layers[0].attention.query.shape[2]
    embedding = _table(arrays, "embedding", width)
    vocabulary = _table(arrays, "vocabulary", width)
    words = 0 if vocabulary is None else len(vocabulary)
    if embedding is not None and vocabulary is not None and words < len(embedding):
        raise arrays.shape_error("vocabulary", vocabulary, f"at least {len(embedding):,} rows, one for each word")
    return Original(
        embedding=embedding,
        position=None if embedding is None else _table(arrays, "position", width),
        layers=layers,
        last=_norm(arrays, "norm", width),
        vocabulary=vocabulary,
        vocabulary_bias=_vector(arrays, "vocabulary_bias", words),
        norms_before=arrays.names.norms == "before",
        activation=arrays.names.activation,
        mask=arrays.names.mask,
    )


class _Layer:
    """One layer of the arrays, being read."""

    def __init__(self, arrays: NamedArrays, place: int, heads: int) -> None:
        self.arrays, self.place = arrays, place
        self.stacked = arrays.has("layers.{l}.query", l=place)
        self.heads = heads if self.stacked else self._count()

    def built(self) -> Layer:
        query = self._heads("query")
        width = query.shape[2]
        key, value = self._heads("key"), self._heads("value")
        for name, found in (("key", key), ("value", value)):
            if found.shape[2] != width or (name == "key" and found.shape != query.shape):
                raise self._error(name, found, f"rows of {width} entries, and as many as the queries for keys")
        norms = self.arrays.names.norms != "none"
        first, second = (
            _norm(self.arrays, f"layers.{{l}}.norm{place}", width, l=self.place) if norms else None for place in (1, 2)
        )
        attention = Attention(
            query=query,
            key=key,
            value=value,
            output=self._outputs(width, value.shape[1]),
            query_bias=self._bias("query", query.shape[1]),
            key_bias=self._bias("key", query.shape[1]),
            value_bias=self._bias("value", value.shape[1]),
            output_bias=_vector(self.arrays, "layers.{l}.output_bias", width, l=self.place),
        )
        return Layer(attention, self._feed_forward(width), first, second)

    def _count(self) -> int:
        count = 0
        while self.arrays.has("layers.{l}.heads.{h}.query", l=self.place, h=count):
            count += 1
        if count == 0:
            raise self.arrays.missing("layers.{l}.query", {"l": self.place})
        return count

    def _heads(self, name: str) -> Real:
        """(H, e, d)."""
        if not self.stacked:
            return self._stack([self._one(name, head) for head in range(self.heads)], name)
        found = _matrix(self.arrays, f"layers.{{l}}.{name}", l=self.place)
        if len(found) % self.heads:
            raise self._error(name, found, f"rows for {self.heads} heads: a multiple of {self.heads}")
        return found.reshape(self.heads, -1, found.shape[1])

    def _outputs(self, width: int, rows: int) -> Real:
        """(H, d, f)."""
        if not self.stacked:
            found = self._stack([self._one("output", head) for head in range(self.heads)], "output")
            if found.shape[1:] != (width, rows):
                raise self._error("output", found[0], f"shape ({width}, {rows}) for each head")
            return found
        found = _matrix(self.arrays, "layers.{l}.output", l=self.place)
        if found.shape != (width, self.heads * rows):
            raise self._error("output", found, f"shape ({width}, {self.heads * rows})")
        return found.reshape(width, self.heads, rows).transpose(1, 0, 2)

    def _one(self, name: str, head: int) -> Real:
        return _matrix(self.arrays, f"layers.{{l}}.heads.{{h}}.{name}", l=self.place, h=head)

    def _stack(self, found: list[Real], name: str) -> Real:
        if len({one.shape for one in found}) > 1:
            raise self._error(name, found[-1], f"the shape of the first head's, {found[0].shape}")
        return np.stack(found)

    def _bias(self, name: str, rows: int) -> Real:
        return _vector(self.arrays, f"layers.{{l}}.{name}_bias", self.heads * rows, l=self.place).reshape(
            self.heads, rows
        )

    def _feed_forward(self, width: int) -> FeedForward | None:
        arrays, numbers = self.arrays, {"l": self.place}
        if not arrays.has("layers.{l}.feed_forward.input", **numbers):
            return None
        into = _matrix(arrays, "layers.{l}.feed_forward.input", **numbers)
        if into.shape[1] != width:
            raise arrays.shape_error("layers.{l}.feed_forward.input", into, f"rows of {width} entries", **numbers)
        out = _matrix(arrays, "layers.{l}.feed_forward.output", **numbers)
        if out.shape != (width, len(into)):
            raise arrays.shape_error("layers.{l}.feed_forward.output", out, f"shape ({width}, {len(into)})", **numbers)
        if arrays.names.activation not in ACTIVATIONS:
            raise ValueError(f"the activation {arrays.names.activation!r} is not known")
        return FeedForward(
            into,
            _vector(arrays, "layers.{l}.feed_forward.input_bias", len(into), **numbers),
            out,
            _vector(arrays, "layers.{l}.feed_forward.output_bias", width, **numbers),
        )

    def _error(self, name: str, found: Real, wanted: str) -> InvalidInputError:
        part = f"layers.{{l}}.{name}" if self.stacked else f"layers.{{l}}.heads.{{h}}.{name}"
        return self.arrays.shape_error(part, found, wanted, l=self.place)


def _matrix(arrays: NamedArrays, part: str, **numbers: int) -> Real:
    found = real(arrays, part, **numbers)
    if found.ndim != 2 or 0 in found.shape:
        raise arrays.shape_error(part, found, "a matrix", **numbers)
    return found


def real(arrays: NamedArrays, part: str, **numbers: int) -> Real:
    """An array of real numbers that has to be there."""
    found = arrays.needed(part, **numbers)
    if np.iscomplexobj(found):
        raise arrays.shape_error(part, found, "real numbers: softmax attention has no complex ones", **numbers)
    return found.astype(np.float64, copy=False)


def _vector(arrays: NamedArrays, part: str, length: int, **numbers: int) -> Real:
    """A vector of this length, zero where there is no array."""
    if not arrays.has(part, **numbers):
        return np.zeros(length)
    found = real(arrays, part, **numbers)
    if found.shape != (length,):
        raise arrays.shape_error(part, found, f"shape ({length},)", **numbers)
    return found


def _table(arrays: NamedArrays, part: str, width: int) -> Real | None:
    if not arrays.has(part):
        return None
    found = _matrix(arrays, part)
    if found.shape[1] != width:
        raise arrays.shape_error(part, found, f"rows of {width} entries, as the queries have")
    return found


def _norm(arrays: NamedArrays, part: str, width: int, **numbers: int) -> Norm | None:
    if not arrays.has(f"{part}.gain", **numbers):
        return None
    gain = _vector(arrays, f"{part}.gain", width, **numbers)
    return Norm(gain, _vector(arrays, f"{part}.offset", width, **numbers), arrays.names.epsilon)
